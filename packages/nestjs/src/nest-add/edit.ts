const PACKAGE = '@throughline/nestjs'

/** A root module with `TracingModule` imported first; `undefined` where its decorator has no list of imports to add to. */
export function addToModule(source: string): string | undefined {
  if (source.includes('TracingModule')) return source
  const list = /(@Module\(\{[^@]*?\bimports:\s*\[)(\s*)(\]?)/
  const edited = source.replace(list, (_all, head: string, space: string, close: string) =>
    close
      ? `${head}TracingModule.forRoot()${close}`
      : `${head}${space}TracingModule.forRoot(),${space || ' '}`,
  )
  if (edited !== source) return withImport(edited, 'TracingModule')
  const empty = source.replace(/@Module\(\{/, '@Module({\n  imports: [TracingModule.forRoot()],')
  return empty === source ? undefined : withImport(empty, 'TracingModule')
}

/** A start with `instrument`; `undefined` where the application is not made by a call that can be added to. */
export function addToMain(source: string): string | undefined {
  if (source.includes('tracingInstrument')) return source
  const call =
    /(NestFactory\.create(?:Microservice|ApplicationContext)?(?:<[^(]*>)?\(\s*\w+(?:,\s*new \w+\(\))?)(,\s*\{)?(\s*\))?/
  const edited = source.replace(call, (all, head: string, object?: string, close?: string) => {
    if (object) return `${head}${object} instrument: tracingInstrument(),`
    if (close) return `${head}, { instrument: tracingInstrument() })`
    return all
  })
  return edited === source ? undefined : withImport(edited, 'tracingInstrument')
}

/** With an import after the last that is there. */
function withImport(source: string, name: string): string {
  const line = `import { ${name} } from '${PACKAGE}'${/from '[^']+';/.test(source) ? ';' : ''}\n`
  const last = [...source.matchAll(/^import [^;]*?from ['"][^'"]+['"];?\n/gm)].at(-1)
  const at = last ? last.index + last[0].length : 0
  return source.slice(0, at) + line + source.slice(at)
}
