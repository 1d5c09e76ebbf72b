import { expect, it } from 'vitest'
import * as entry from '../src/index.ts'
import * as kafka from '../src/kafka/index.ts'

it('exports what is documented, and Kafka apart, so that an application without it needs no kafkajs', () => {
  expect(Object.keys(entry).toSorted()).toEqual([
    'CurrentSpan',
    'NoTrace',
    'TRACER',
    'TRACING_MODULE_OPTIONS',
    'TraceService',
    'Traced',
    'TracingLogger',
    'TracingModule',
    'tracingInstrument',
  ])
  expect(Object.keys(kafka).toSorted()).toEqual(['TracingClientKafka', 'TracingServerKafka'])
})
