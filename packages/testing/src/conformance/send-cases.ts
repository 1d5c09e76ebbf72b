import assert from 'node:assert/strict'
import { ProxyTracerProvider, context } from '@opentelemetry/api'
import { BROKEN_PROPAGATOR, SILENT_PROPAGATOR, brokenProvider } from './broken-sdk.ts'
import { isChildOf, sender } from './made-up-sender.ts'
import type { SendAdapter, SendCaseId } from './send-adapter.ts'
import { outcomeOf } from './send-outcome.ts'
import { callerContext, type SendTrial } from './send-trial.ts'
import { suppressTracing } from './suppress.ts'

/** What the contract asks, in words, and the check of it. */
export interface SendCheck {
  readonly title: string
  /** The trial was not started yet, because how it starts is part of the check. */
  readonly run: <M>(trial: SendTrial<M>, adapter: SendAdapter<M>) => Promise<void>
  /** Whether its sampler keeps spans. @defaultValue `true` */
  readonly sampled?: boolean
}

const CALLER = sender(1)
const FROM = callerContext(CALLER)

export const SEND_CHECKS: Readonly<Record<SendCaseId, SendCheck>> = {
  parent: {
    title: 'makes its span a child of the span that is active where the call is made',
    async run(trial) {
      await trial.start()
      await trial.send('one', FROM)
      const span = await trial.endedOne()
      assert.ok(isChildOf(span, CALLER), `"${span.name}" is not the child of its caller`)
    },
  },
  root: {
    title: 'starts a trace of its own where no span is active',
    async run(trial) {
      await trial.start()
      await trial.send('one')
      assert.equal((await trial.endedOne()).parentSpanId, undefined, 'a parent out of nowhere')
    },
  },
  carrier: {
    title: 'sends the context of its own span, written once',
    async run(trial, { injects = true }) {
      await trial.start()
      await trial.send('one', FROM)
      const span = await trial.endedOne()
      const arrived = trial.arrivedContext('one')
      if (!injects) {
        assert.equal(arrived, undefined, 'a context was written where there is no room for it')
        return
      }
      assert.ok(arrived, 'no context arrived')
      assert.equal(arrived.traceId, span.traceId, 'the context of another trace arrived')
      assert.equal(arrived.spanId, span.spanId, 'the context that arrived is not of its span')
      assert.equal(trial.injections, 1, `the context was written ${trial.injections} times`)
    },
  },
  existing: {
    title: 'leaves a context alone that the application has put there itself',
    async run(trial) {
      await trial.start()
      const own = sender(2)
      await trial.send('one', FROM, { ...own.carrier })
      await trial.endedOne()
      const arrived = trial.arrivedContext('one')
      assert.equal(arrived?.spanId, own.spanId, 'the context of the application was replaced')
    },
  },
  untouched: {
    title: "leaves the caller's objects as they are",
    async run(trial) {
      await trial.start()
      const headers = { 'x-user': '1' }
      const message = trial.message('one', headers)
      await trial.call(message, FROM)
      trial.expectArrived('one')
      assert.deepEqual(headers, { 'x-user': '1' }, "the caller's headers were changed")
      const asWritten = trial.message('one', { 'x-user': '1' })
      assert.deepEqual(message, asWritten, "the caller's objects were changed")
    },
  },
  outcome: {
    title: "hands the library's own result, and its own error, to the caller",
    async run(trial) {
      await trial.start({ enabled: false })
      const plain = [await outcomeOf(trial, 'one'), await outcomeOf(trial, 'fail')]
      await trial.stop()
      await trial.start()
      const traced = [await outcomeOf(trial, 'one'), await outcomeOf(trial, 'fail')]
      assert.deepEqual(traced, plain, 'the call ends in another way than without tracing')
    },
  },
  caller: {
    title: 'leaves the context of the caller as it is, during the call and after it',
    async run(trial) {
      await trial.start()
      await context.with(FROM, async () => {
        const calling = trial.callHere(trial.message('one'))
        const message = 'another context is active in the caller'
        assert.equal(context.active(), FROM, message)
        await calling
        assert.equal(context.active(), FROM, message)
      })
      trial.expectArrived('one')
    },
  },
  success: {
    title: 'ends its span once when the call succeeds, and not as an error',
    async run(trial) {
      await trial.start()
      await trial.send('one')
      trial.expectSuccess(await trial.endedOne())
    },
  },
  failure: {
    title: 'ends its span once when the call fails: ERROR, error.type, the exception at most once',
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
    async run(trial, { scope }) {
      await trial.start()
      await trial.send('one')
      assert.deepEqual((await trial.endedOne()).scope, scope, 'the scope is another')
    },
  },
  sampler: {
    title: 'tells the sampler the name, the kind and the attributes at the start',
    async run(trial, { span }) {
      await trial.start()
      await trial.send('one')
      await trial.endedOne()
      trial.expectAsked(span.attributes)
    },
  },
  'sampled-out': {
    title: 'makes the call, and passes the trace on, where the sampler drops the span',
    sampled: false,
    async run(trial, { injects = true }) {
      await trial.start()
      await trial.send('one', FROM)
      await trial.send('fail', FROM)
      trial.expectNoSpans()
      if (!injects) return
      const arrived = trial.arrivedContext('one')
      assert.equal(arrived?.traceId, CALLER.traceId, 'the trace does not go on')
      const { traceparent } = arrived.carrier
      assert.match(traceparent!, /-0[02]$/, `"${traceparent}" says that the span was sampled`)
    },
  },
  private: {
    title: 'records nothing of headers that nobody asked for',
    async run(trial) {
      await trial.start()
      const secret = 'conformance-secret'
      const headers = { 'x-secret': secret, authorization: `Bearer ${secret}` }
      await trial.send('one', FROM, headers)
      const spans = JSON.stringify(await trial.endedOne())
      assert.ok(!spans.includes(secret), `a header's value is in ${spans}`)
    },
  },
  suppressed: {
    title: 'makes the call, and neither a span nor a carrier, where tracing is suppressed',
    async run(trial) {
      await trial.start()
      await trial.send('one', suppressTracing(FROM))
      trial.expectUntraced()
      // The SDK would make no span, nor write one, even if it were asked to; asking is the fault.
      assert.equal(trial.injections, 0, 'a context was to be written')
    },
  },
  ignored: {
    title: 'makes neither a span nor a carrier of what is ignored',
    async run(trial) {
      let calls = 0
      await trial.start({ ignore: () => ++calls > 0 })
      await trial.send('one', FROM)
      assert.ok(calls > 0, 'the hook "ignore" was not called')
      trial.expectUntraced()
    },
  },
  disabled: {
    title: 'makes the call, and neither a span nor a carrier, when it is not enabled',
    async run(trial) {
      await trial.start({ enabled: false })
      await trial.send('one', FROM)
      trial.expectUntraced()
    },
  },
  'no-sdk': {
    title: 'makes the call where no SDK is registered',
    async run(trial) {
      const tracerProvider = new ProxyTracerProvider()
      await trial.start({ tracerProvider, propagator: SILENT_PROPAGATOR })
      await trial.send('one', FROM)
      await trial.send('fail')
      trial.expectUntraced()
    },
  },
  'broken-sdk': {
    title: 'makes the call where the SDK throws at every step',
    async run(trial) {
      await trial.start({ tracerProvider: brokenProvider(), propagator: BROKEN_PROPAGATOR })
      for (const id of ['start', 'end', 'fail-start', 'fail-end']) {
        const { settled } = await trial.call(trial.message(id), FROM)
        if (settled.status === 'rejected') assert.doesNotMatch(String(settled.reason), /a broken/)
        trial.expectArrived(id)
      }
    },
  },
  hooks: {
    title: 'makes the call, and ends its span, where every hook of the user throws',
    async run(trial) {
      let calls = 0
      const hook = (): never => {
        calls++
        throw new Error('a broken hook')
      }
      await trial.start({ ignore: hook, spanName: hook, attributes: hook })
      await trial.send('one', FROM)
      const span = await trial.endedOne()
      assert.ok(calls > 0, 'no hook was called')
      assert.ok(span.name, 'the span lost its name')
      assert.notEqual(span.status, 'ERROR', 'the fault of a hook was taken for one of the call')
    },
  },
  concurrent: {
    title: 'does not mix fifty calls at the same time',
    async run(trial, { injects = true }) {
      await trial.start()
      const callers = Array.from({ length: 50 }, (_, at) => sender(at))
      await Promise.all(
        callers.map((caller, at) => trial.send(`call-${at}`, callerContext(caller))),
      )
      const spans = await trial.ended(callers.length)
      for (const [at, caller] of callers.entries()) {
        const span = spans.find((one) => isChildOf(one, caller))
        assert.ok(span, `the caller ${at} has no child`)
        if (!injects) continue
        const arrived = trial.arrivedContext(`call-${at}`)
        assert.equal(arrived?.spanId, span.spanId, `the call ${at} carries another's context`)
      }
    },
  },
}
