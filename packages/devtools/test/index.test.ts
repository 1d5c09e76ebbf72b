import { expect, test } from 'vitest'
import * as devtools from '../src/index.ts'

test('the package exports its store, receiver and waterfall', () => {
  expect(Object.keys(devtools).toSorted()).toEqual([
    'TraceStore',
    'renderWaterfall',
    'startReceiver',
  ])
})
