import { createRequire } from 'node:module'
import express, { type Express } from 'express'

const require = createRequire(import.meta.url)

/** The versions of Express that the tests run on. Types are those of 5.3; the tests use what all of them have. */
export const VERSIONS: readonly (readonly [version: string, create: typeof express])[] = [
  ['4.21', require('express-4') as typeof express],
  ['5.0', require('express-5.0') as typeof express],
  ['5.3', express],
]

export type { Express }
