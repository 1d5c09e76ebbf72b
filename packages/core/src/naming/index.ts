export { databaseSpanName } from './database.ts'
export { handlerSpanName } from './handler.ts'
export { httpClientSpanName, httpServerSpanName } from './http.ts'
export { messagingSpanName } from './messaging.ts'
