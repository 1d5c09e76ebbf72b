import * as root from '@throughline/core'
import * as http from '@throughline/core/http'
import * as integration from '@throughline/core/integration'
import * as logging from '@throughline/core/logging'
import * as messaging from '@throughline/core/messaging'
import * as propagation from '@throughline/core/propagation'
import { expect, test } from 'vitest'

// What is listed here is public: a name that goes is a breaking change.
test('each entry point exports what it is known to', () => {
  const names = (module: object) => Object.keys(module).toSorted().join(' ')
  expect(names(root)).toMatchInlineSnapshot(
    `"bindContext currentTrace keepTrace recordError runDetached withSpan"`,
  )
  expect(names(propagation)).toMatchInlineSnapshot(
    `"TraceState bindContext extractContext extractEnvironment headerGetter injectContext injectEnvironment isSamplingDeferred isTracingSuppressed linksTo objectSetter originOf originOfRequest propagators readW3cSender runDetached suppressTracing validSpan w3cPropagator"`,
  )
  expect(names(http)).toMatchInlineSnapshot(
    `"HttpServerTracer ServerRequest activeServerRequest noteResponse startClientRequest"`,
  )
  expect(names(messaging)).toMatchInlineSnapshot(
    `"BatchLinks DeliveryAttempts MAX_LINKS keepsContext linkBatch startBatch startCreate startProcess startSend startSettle"`,
  )
  expect(names(logging)).toMatchInlineSnapshot(
    `"jsonConsole traceChild traceFields traceFormat traceMixin"`,
  )
  expect(names(integration)).toMatchInlineSnapshot(
    `"ATTR DURATION_BUCKETS InvalidOptionError MeterSource Operation SPAN_RECORD_CHANNEL TracingError checkChoice checkOption contextWith contextWithSpan contextWithoutSpan databaseSpanName decide describeError guard handlerSpanName httpClientSpanName httpServerSpanName isExpected isIdle isThenable jobSpanName messagingSpanName randomSpanId randomTraceId report resolveTracing runToEnd setErrorOrigin startOperation tickSpanName warnOnce"`,
  )
})
