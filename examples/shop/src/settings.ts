/** Where everything is. The demo sets these; the defaults are what a laptop usually has. */
export const settings = {
  brokers: (process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(','),
  redisUrl: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  databaseUrl: process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  gatewayPort: Number(process.env['GATEWAY_PORT'] ?? 3000),
  ordersPort: Number(process.env['ORDERS_PORT'] ?? 3001),
}

/** An order as it travels through the shop. */
export interface Order {
  readonly id: string
  readonly sku: string
  readonly amount: number
}
