import { tracePg } from '@throughline/clients'
import { describeSendConformance, type SendAdapter } from '@throughline/testing/conformance'
import { Pool, type QueryConfig } from 'pg'
import { describe, test } from 'vitest'

const adapter: SendAdapter<QueryConfig> = {
  name: 'tracePg',
  scope: { name: '@throughline/clients', version: '0.1.0' },
  span: {
    kind: 'CLIENT',
    attributes: ['db.system.name', 'db.namespace', 'db.operation.name', 'server.address'],
  },
  injects: false,
  except: {
    existing: 'a query carries no context',
    ignored: 'there is no such option',
    hooks: 'there are no such options',
  },
  start(options, arrive) {
    const pool = new Pool({ connectionString: process.env['DATABASE_URL'] })
    tracePg(pool, { ...options, requireParent: false })
    return {
      message: (id) => ({
        text: id.startsWith('fail') ? 'SELECT $1::text FROM nowhere' : 'SELECT $1::text AS id',
        values: [id],
      }),
      // The server tells nobody what it was asked, so its answer stands for the arrival.
      async send(query) {
        try {
          return await pool.query(query)
        } finally {
          await arrive(String(query.values![0]), {}).catch(() => {})
        }
      },
      stop: () => pool.end(),
    }
  },
}

describeSendConformance(adapter, { describe, test })
