import type { Scope } from './options.ts'

export const SCOPE: Scope = { name: '@throughline/core', version: '0.1.0' }
