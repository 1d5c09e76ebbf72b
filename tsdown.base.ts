import type { UserConfig } from 'tsdown'

/** The build of every published package: ESM and CommonJS with their types, checked by publint and attw. */
export function packageBuild(entry: Record<string, string>): UserConfig {
  return {
    entry,
    format: ['esm', 'cjs'],
    dts: { sourcemap: true },
    sourcemap: true,
    outputOptions: { exports: 'named' },
    checks: { legacyCjs: false },
    publint: true,
    attw: { profile: 'node16' },
  }
}
