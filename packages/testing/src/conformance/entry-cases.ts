import assert from 'node:assert/strict'
import { ProxyTracerProvider, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { EntryAdapter, EntryCaseId } from './entry-adapter.ts'
import { BROKEN_PROPAGATOR, SILENT_PROPAGATOR, brokenProvider } from './broken-sdk.ts'
import { MALFORMED_BYTES, MALFORMED_TEXT, isChildOf, isLinkedTo, sender } from './made-up-sender.ts'
import type { EntryTrial } from './entry-trial.ts'
import { suppressTracing } from './suppress.ts'
import { WORK } from './trial.ts'

/** What the contract asks, in words, and the check of it. */
export interface EntryCheck {
  readonly title: string
  /** The trial was not started yet, because how it starts is part of the check. */
  readonly run: (trial: EntryTrial, adapter: EntryAdapter) => Promise<void>
  /** Whether its sampler keeps spans. @defaultValue `true` */
  readonly sampled?: boolean
}

export const ENTRY_CHECKS: Readonly<Record<EntryCaseId, EntryCheck>> = {
  sender: {
    title: 'continues the trace of its sender, or links to it',
    async run(trial, adapter) {
      await trial.start()
      const from = sender(1)
      await trial.send('one', from.carrier)
      expectOrigin(await trial.endedOne(), from, adapter)
    },
  },
  malformed: {
    title: 'survives any carrier and starts a new trace where it says nothing',
    async run(trial, adapter) {
      await trial.start()
      const bytes = adapter.carrier === 'bytes' ? MALFORMED_BYTES : []
      const values = [...MALFORMED_TEXT, ...bytes]
      for (const [at, value] of values.entries()) {
        await trial.send(`malformed-${at}`, {
          traceparent: value,
          tracestate: value,
          baggage: value,
        })
      }
      for (const span of await trial.ended(values.length)) {
        assert.equal(span.parentSpanId, undefined, `"${span.name}" has a parent out of nowhere`)
        assert.deepEqual(span.links, [], `"${span.name}" has a link to nowhere`)
      }
    },
  },
  active: {
    title: 'runs the work with its span active',
    async run(trial) {
      await trial.start()
      await trial.send('one')
      const entry = await trial.endedOne()
      const work = trial.workSpan('one')
      assert.equal(work.parentSpanId, entry.spanId, 'what the handler starts is no child')
      assert.equal(work.traceId, entry.traceId)
    },
  },
  success: {
    title: 'ends its span once when the work succeeds, and not as an error',
    async run(trial) {
      await trial.start()
      await trial.send('one')
      trial.expectSuccess(await trial.endedOne())
      assert.deepEqual(trial.tracing.orphans(), [])
    },
  },
  failure: {
    title: 'ends its span once when the work fails: ERROR, error.type, the exception at most once',
    async run(trial) {
      await trial.start()
      await trial.send('fail')
      trial.expectFailure(await trial.endedOne())
    },
  },
  semconv: {
    title: 'keeps the semantic conventions of HTTP, or of messaging, in success and in failure',
    async run(trial) {
      await trial.start()
      await trial.send('one')
      await trial.send('fail')
      trial.expectConventions(await trial.ended(2))
    },
  },
  scope: {
    title: "makes its spans under the package's own name and version",
    async run(trial, adapter) {
      await trial.start()
      await trial.send('one')
      assert.deepEqual((await trial.endedOne()).scope, adapter.scope, 'the scope is another')
    },
  },
  sampler: {
    title: 'tells the sampler the name, the kind and the attributes at the start',
    async run(trial, adapter) {
      await trial.start()
      await trial.send('one')
      await trial.endedOne()
      trial.expectAsked(adapter.span.attributes)
    },
  },
  'sampled-out': {
    title: 'does the work, and passes the trace on, where the sampler drops the span',
    sampled: false,
    async run(trial, adapter) {
      await trial.start()
      const from = sender(1)
      await trial.send('one', from.carrier)
      await trial.send('fail', from.carrier)
      trial.expectNoSpans()
      for (const { active } of trial.seen) {
        assert.ok(active, 'no span context is active in the handler')
        const continues = active.traceId === from.traceId
        assert.equal(continues, adapter.relation !== 'link', `the handler is in ${active.traceId}`)
      }
    },
  },
  private: {
    title: 'records nothing of a carrier that nobody asked for',
    async run(trial) {
      await trial.start()
      const secret = 'conformance-secret'
      await trial.send('one', { 'x-secret': secret, authorization: `Bearer ${secret}` })
      const spans = JSON.stringify(await trial.endedOne())
      assert.ok(!spans.includes(secret), `a header's value is in ${spans}`)
    },
  },
  suppressed: {
    title: 'does the work and makes no span where tracing is suppressed',
    async run(trial) {
      const suppressed = suppressTracing(ROOT_CONTEXT)
      await trial.start({}, suppressed)
      await trial.send('one', sender(1).carrier, suppressed)
      trial.expectNoSpans()
    },
  },
  ignored: {
    title: 'makes no span of what is ignored, nor of anything inside it',
    async run(trial) {
      let calls = 0
      await trial.start({ ignore: () => ++calls > 0 })
      await trial.send('one', sender(1).carrier)
      assert.ok(calls > 0, 'the hook "ignore" was not called')
      trial.expectNoSpans()
    },
  },
  disabled: {
    title: 'does the work and makes no span when it is not enabled',
    async run(trial) {
      await trial.start({ enabled: false })
      await trial.send('one', sender(1).carrier)
      await trial.tracing.waitFor(() => trial.workSpan('one'))
      const others = trial.tracing.spans().filter((span) => span.scope.name !== WORK)
      assert.equal(others.length + trial.tracing.unended().length, 0, 'a span was made')
    },
  },
  'no-sdk': {
    title: 'does the work where no SDK is registered',
    async run(trial) {
      const tracerProvider = new ProxyTracerProvider()
      await trial.start({ tracerProvider, propagator: SILENT_PROPAGATOR })
      await trial.send('one', sender(1).carrier)
      await trial.send('fail', sender(2).carrier)
    },
  },
  'broken-sdk': {
    title: 'does the work where the SDK throws at every step',
    async run(trial) {
      await trial.start({ tracerProvider: brokenProvider(), propagator: BROKEN_PROPAGATOR })
      await trial.send('start', sender(1).carrier)
      await trial.send('end', sender(2).carrier)
      await trial.send('fail-start', sender(3).carrier)
      await trial.send('fail-end', sender(4).carrier)
    },
  },
  hooks: {
    title: 'does the work, and ends its span, where every hook of the user throws',
    async run(trial) {
      let calls = 0
      const hook = (): never => {
        calls++
        throw new Error('a broken hook')
      }
      await trial.start({ ignore: hook, spanName: hook, attributes: hook })
      await trial.send('one')
      const entry = await trial.endedOne()
      assert.ok(calls > 0, 'no hook was called')
      assert.ok(entry.name, 'the span lost its name')
      assert.notEqual(entry.status, 'ERROR', 'the fault of a hook was taken for one of the work')
    },
  },
  concurrent: {
    title: 'does not mix fifty pieces of work at the same time',
    async run(trial, adapter) {
      await trial.start()
      const senders = Array.from({ length: 50 }, (_, at) => sender(at))
      await Promise.all(senders.map((from, at) => trial.send(`work-${at}`, from.carrier)))
      const entries = new Map((await trial.ended(50)).map((span) => [span.spanId, span]))
      for (const [at, from] of senders.entries()) {
        const entry = entries.get(trial.workSpan(`work-${at}`).parentSpanId ?? '')
        assert.ok(entry, `the work ${at} is not the child of an entry span`)
        expectOrigin(entry, from, adapter)
      }
    },
  },
  ambient: {
    title: 'never starts from the context of whoever started it',
    async run(trial) {
      const tracer = trial.tracing.tracerProvider.getTracer(WORK)
      const ambient = tracer.startSpan('whoever started it')
      await trial.start({}, trace.setSpan(ROOT_CONTEXT, ambient))
      await trial.send('one')
      ambient.end()
      const entry = await trial.endedOne()
      assert.equal(entry.parentSpanId, undefined, 'the span has a parent although nobody sent one')
      assert.notEqual(entry.traceId, ambient.spanContext().traceId)
      assert.deepEqual(entry.links, [], 'the span has a link although nobody sent one')
    },
  },
}

type Span = Awaited<ReturnType<EntryTrial['endedOne']>>

/** A parent keeps the link on a consumer, as the messaging conventions ask. */
function expectOrigin(span: Span, from: ReturnType<typeof sender>, adapter: EntryAdapter): void {
  const relation = adapter.relation ?? 'parent'
  const is = relation === 'parent' ? 'does not continue the trace of' : 'is the child of'
  assert.equal(isChildOf(span, from), relation === 'parent', `"${span.name}" ${is} its sender`)
  if (relation === 'link') assert.notEqual(span.traceId, from.traceId)
  if (relation === 'link' || adapter.span.kind === 'CONSUMER') {
    assert.ok(isLinkedTo(span, from), `"${span.name}" has no link to its sender`)
  }
}
