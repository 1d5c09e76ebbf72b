import { expect, test } from 'vitest'
import * as exported from '@throughline/http'

test('the exports', () => {
  expect(Object.keys(exported).toSorted()).toEqual([
    'expressErrors',
    'expressTracing',
    'traceHttpServer',
    'untraceHttpServer',
  ])
})
