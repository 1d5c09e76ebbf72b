import type { Scope } from '@throughline/core/integration'

export const SCOPE: Scope = { name: '@throughline/nestjs', version: '0.1.0' }
