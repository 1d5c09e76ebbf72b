import { randomUUID } from 'node:crypto'
import { context, diag, DiagLogLevel } from '@opentelemetry/api'
import { currentTrace, runDetached, withSpan } from '@throughline/core'
import { suppressTracing } from '@throughline/core/propagation'
import { tracePg } from '@throughline/clients'
import { createTestTracing } from '@throughline/testing'
import { Client, DatabaseError, Pool, Query } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

const connectionString = process.env['DATABASE_URL'] ?? ''
const url = new URL(connectionString)
const table = `orders_${randomUUID().replaceAll('-', '')}`
const tracing = createTestTracing()
let pool: Pool

beforeAll(async () => {
  pool = tracePg(new Pool({ connectionString, max: 1 }))
  await pool.query(`CREATE TABLE ${table} (id int PRIMARY KEY, customer text)`)
})
afterEach(() => tracing.reset())
afterAll(async () => {
  await pool.query(`DROP TABLE ${table}`)
  await pool.end()
  await tracing.shutdown()
})

function queries() {
  return tracing.spans().filter((span) => span.kind === 'CLIENT')
}

// What pg can do and its types do not say.
function queryByPool(pool: Pool, submitted: Query): Promise<unknown> {
  return (pool.query as (query: unknown) => Promise<unknown>).call(pool, submitted)
}

function query<T>(fn: (done: (error: Error | null | undefined, value?: T) => void) => void) {
  return new Promise<T | undefined>((resolve, reject) => {
    fn((error, value) => (error ? reject(error) : resolve(value)))
  })
}

test('an insert with parameters is one CLIENT span under its caller, without values', async () => {
  const text = `INSERT INTO ${table} (id, customer) VALUES ($1, $2)`
  const result = await withSpan('work', () => pool.query(text, [1, 'Grace Hopper']))
  expect(result.rowCount).toBe(1)
  expect(tracing.tree()).toBe(`work [INTERNAL]\n  INSERT ${table} [CLIENT]`)
  const span = tracing.span(`INSERT ${table}`)
  expect(span.scope.name).toBe('@throughline/clients')
  expect(span.attributes).toEqual({
    'db.system.name': 'postgresql',
    'db.namespace': url.pathname.slice(1),
    'db.operation.name': 'INSERT',
    'db.collection.name': table,
    'db.query.summary': `INSERT ${table}`,
    'db.query.text': text,
    'server.address': url.hostname,
    'server.port': Number(url.port),
  })
})

test('values within the text never reach the span', async () => {
  await withSpan('work', () =>
    pool.query(`SELECT * FROM ${table} WHERE customer = 'secret' AND id IN (4711, 4712)`),
  )
  const span = tracing.span(`SELECT ${table}`)
  expect(span.attributes['db.query.text']).toBe(
    `SELECT * FROM ${table} WHERE customer = ? AND id IN (?, ?)`,
  )
  expect(JSON.stringify(tracing.spans())).not.toContain('secret')
})

test('callbacks run in the context of their own caller, even where they share a connection', async () => {
  const call = (name: string) =>
    withSpan(name, () => {
      const traceId = currentTrace()?.traceId
      return query<boolean>((done) => {
        pool.query('SELECT 1', (error) => done(error, currentTrace()?.traceId === traceId))
      })
    })
  expect(await Promise.all([call('a'), call('b'), call('c')])).toEqual([true, true, true])
  expect(queries()).toHaveLength(3)
  for (const name of ['a', 'b', 'c']) {
    const { spanId } = tracing.span(name)
    expect(queries().filter((span) => span.parentSpanId === spanId)).toHaveLength(1)
  }
})

test('callbacks of pool.connect and client.query run in the context of their caller', async () => {
  const call = (name: string) =>
    withSpan(name, () => {
      const traceId = currentTrace()?.traceId
      const ours = () => currentTrace()?.traceId === traceId
      return query<boolean[]>((done) => {
        pool.connect((error, client, release) => {
          const connected = ours()
          client?.query('SELECT $1::int', [1], (failure) => {
            release()
            done(error ?? failure, [connected, ours()])
          })
        })
      })
    })
  expect(await Promise.all([call('a'), call('b')])).toEqual([
    [true, true],
    [true, true],
  ])
  expect(queries()).toHaveLength(2)
})

test('a callback of an untraced query runs in the context of its caller too', async () => {
  const traced = withSpan('work', () => pool.query('SELECT pg_sleep(0.01)'))
  const outside = query((done) => pool.query('SELECT 1', (error) => done(error, currentTrace())))
  await traced
  expect(await outside).toBeUndefined()
  expect(queries()).toHaveLength(1)
})

test('a transaction on a client of the pool is a span for each statement', async () => {
  await withSpan('work', async () => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query({ text: `UPDATE ${table} SET customer = $1`, values: ['secret'] })
    await client.query('ROLLBACK')
    client.release()
  })
  expect(tracing.tree()).toBe(
    `work [INTERNAL]\n  BEGIN [CLIENT]\n  UPDATE ${table} [CLIENT]\n  ROLLBACK [CLIENT]`,
  )
})

test('an error of the server keeps its identity and names the span by its SQLSTATE', async () => {
  const text = `INSERT INTO ${table} (id) VALUES ($1)`
  let passed: unknown
  const client = await pool.connect()
  await client.query(text, [7])
  await withSpan('work', async () => {
    await client.query(text, [7]).catch((error: unknown) => (passed = error))
  })
  client.release()
  expect(passed).toBeInstanceOf(DatabaseError)
  expect(passed).toMatchObject({ code: '23505', constraint: `${table}_pkey` })
  const span = tracing.span(`INSERT ${table}`)
  expect(span).toMatchObject({ status: 'ERROR', events: [{ name: 'exception' }] })
  expect(span.statusMessage).toContain('duplicate key')
  expect(span.attributes).toMatchObject({
    'error.type': '23505',
    'db.response.status_code': '23505',
  })
})

test('an error that quotes what was sent does not bring it onto the span', async () => {
  await withSpan('work', async () => {
    await pool.query('SELECT $1::int', ['secret']).catch(() => {})
    await pool.query("SELECT 'it' s 'secret").catch(() => {})
  })
  expect(queries().map((span) => span.attributes['error.type'])).toEqual(['22P02', '42601'])
  expect(queries()[0]?.statusMessage).toBe('invalid input syntax for type integer: …')
  expect(JSON.stringify(tracing.spans())).not.toContain('secret')
})

test('an error reaches a callback and ends the span', async () => {
  const error = await withSpan('work', () =>
    query((done) => pool.query('SELECT * FROM no_such_table', (error) => done(null, error))),
  )
  expect(error).toMatchObject({ code: '42P01' })
  expect(tracing.span('SELECT no_such_table').attributes['error.type']).toBe('42P01')
})

test('a connection that is refused is an error by its code', async () => {
  const closed = tracePg(new Pool({ host: '127.0.0.1', port: 1, database: 'shop' }))
  await withSpan('work', () => closed.query('SELECT 1').catch(() => {}))
  const span = tracing.span('SELECT')
  expect(span.attributes).toMatchObject({
    'error.type': 'ECONNREFUSED',
    'db.namespace': 'shop',
    'server.address': '127.0.0.1',
    'server.port': 1,
  })
  expect(span.attributes['db.response.status_code']).toBeUndefined()
  await closed.end()
})

test('a Query object is traced to its end and gets its own handlers back', async () => {
  const submitted = new Query('SELECT generate_series(1, 3) AS n')
  const rows: unknown[] = []
  await withSpan('work', async () => {
    const client = await pool.connect()
    const traceId = currentTrace()?.traceId
    await query((done) => {
      submitted.on('row', (row) => rows.push(row))
      submitted.on('error', done)
      submitted.on('end', () => {
        expect(currentTrace()?.traceId).toBe(traceId)
        done(null)
      })
      expect(client.query(submitted)).toBe(submitted)
      expect(tracing.unended()).toContain('SELECT')
    })
    client.release()
  })
  expect(rows).toHaveLength(3)
  expect(tracing.tree()).toBe('work [INTERNAL]\n  SELECT [CLIENT]')
  expect(Object.hasOwn(submitted, 'handleError')).toBe(false)
  expect(Object.hasOwn(submitted, 'handleReadyForQuery')).toBe(false)
})

test('a Query object that fails ends its span as an error', async () => {
  const submitted = new Query('SELECT * FROM no_such_table')
  await withSpan('work', async () => {
    const client = await pool.connect()
    await query((done) => {
      submitted.on('error', (error) => done(null, error))
      client.query(submitted)
    })
    client.release()
  })
  expect(tracing.span('SELECT no_such_table').attributes['error.type']).toBe('42P01')
})

test('a Query object given to the pool is one span, also when no connection is to be had', async () => {
  const submitted = new Query('SELECT 1')
  await withSpan('work', () => queryByPool(pool, submitted))
  const closed = tracePg(new Pool({ host: '127.0.0.1', port: 1 }))
  const failing = withSpan('closed', () => queryByPool(closed, new Query('SELECT 2')))
  await expect(failing).rejects.toThrow('ECONNREFUSED')
  await closed.end()
  expect(queries().map((span) => span.status)).toEqual(['UNSET', 'ERROR'])
  expect(tracing.unended()).toEqual([])
})

test('a lost connection ends the span as an error', async () => {
  const own = tracePg(new Client({ connectionString }))
  own.on('error', () => {})
  await own.connect()
  const text = 'SELECT pg_terminate_backend(pg_backend_pid())'
  await withSpan('work', () => own.query(text).catch(() => {}))
  expect(tracing.span('SELECT').attributes['error.type']).toBe('57P01')
})

test('queries outside of a trace make no spans unless asked for', async () => {
  await runDetached(() => pool.query('SELECT 1'))
  expect(tracing.spans()).toEqual([])
  const own = tracePg(new Client({ connectionString }), { requireParent: false })
  await own.connect()
  await own.query('SELECT 1')
  await own.end()
  expect(tracing.tree()).toBe('SELECT [CLIENT]')
})

test('in a suppressed context there is no span', async () => {
  await withSpan('work', () =>
    context.with(suppressTracing(context.active()), () => pool.query('SELECT 1')),
  )
  expect(queries()).toEqual([])
})

test('wrapping twice, the pool or its client, changes nothing', async () => {
  const own = new Pool({ connectionString })
  expect(tracePg(tracePg(own))).toBe(own)
  expect(own.listenerCount('acquire')).toBe(1)
  await withSpan('work', async () => {
    await own.query('SELECT 1')
    const client = tracePg(await own.connect())
    await client.query('SELECT 2')
    client.release()
  })
  expect(queries()).toHaveLength(2)
  await own.end()
})

test('a wrapped query keeps name and arity, and pg complains about bad input itself', async () => {
  const own = new Pool({ connectionString })
  tracePg(own)
  expect([own.query.name, own.query.length]).toEqual(['query', Pool.prototype.query.length])
  expect(Object.keys(own)).not.toContain('query')
  const client = await own.connect()
  withSpan('work', () => {
    expect(() => client.query(undefined as never)).toThrow('null or undefined query')
    expect(() => client.query('SELECT 1', [], 'no callback' as never)).toThrow(TypeError)
  })
  client.release()
  await own.end()
  expect(queries()).toHaveLength(1)
  expect(queries()[0]?.status).toBe('ERROR')
  expect(tracing.unended()).toEqual([])
})

test('enabled: false wraps nothing', () => {
  const own = new Pool({ connectionString })
  expect(tracePg(own, { enabled: false })).toBe(own)
  expect(Object.hasOwn(own, 'query')).toBe(false)
})

test('where instrumentation-pg has patched pg, it steps aside and says so', () => {
  const said: string[] = []
  const log = (text: string): unknown => said.push(text)
  const silent = (): void => {}
  diag.setLogger(
    {
      error: silent,
      warn: (_, text) => log(String(text)),
      info: silent,
      debug: silent,
      verbose: silent,
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  const patched = Object.assign(() => {}, { __wrapped: true })
  const client = tracePg({ query: patched })
  diag.disable()
  expect(client.query).toBe(patched)
  expect(said.join()).toContain('instrumentation-pg')
})

test.each([null, {}, 'pool'])('tracePg(%j) is refused', (target) => {
  expect(() => tracePg(target as never)).toThrow('must be a Pool or a Client of pg')
})
