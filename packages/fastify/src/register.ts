// For `node --import @throughline/fastify/register app.js`: traces every Fastify application of the process.
import { traceFastify } from './trace-fastify.ts'

traceFastify()
