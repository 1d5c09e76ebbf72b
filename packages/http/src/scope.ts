import type { Scope } from '@throughline/core/integration'

export const SCOPE: Scope = { name: '@throughline/http', version: '0.1.0' }
