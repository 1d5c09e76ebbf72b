import { describeConformance } from '@throughline/testing/conformance'
import { describe, test } from 'vitest'
import { traceTick } from '../src/schedule/index.ts'

// A tick is an entry that nobody sent: what the contract says of a sender's carrier does not apply to it.
const NOBODY = 'nobody sends a tick'

describeConformance(
  {
    name: 'traceTick',
    scope: { name: '@throughline/worker', version: '0.1.0' },
    span: { kind: 'INTERNAL', attributes: ['job.name', 'job.schedule'] },
    except: { sender: NOBODY, 'sampled-out': NOBODY, concurrent: NOBODY },

    start(options, handle) {
      const tick = traceTick({ name: 'sweep', schedule: '* * * * *', ...options }, handle)
      return { send: (id) => tick(id).catch(() => {}), stop: () => {} }
    },
  },
  { describe, test },
)
