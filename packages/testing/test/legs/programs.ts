/** One text for both formats of modules. */
function both(name: string, imports: Readonly<Record<string, string>>, body: string) {
  const lines = Object.entries(imports)
  const esm = lines.map(([from, what]) => `import ${what.replaceAll(':', ' as')} from '${from}'`)
  const cjs = lines.map(([from, what]) => `const ${what} = require('${from}')`)
  return {
    [`${name}.mjs`]: `${esm.join('\n')}\nconst here = import.meta.url\n${body}`,
    [`${name}.cjs`]: `${cjs.join('\n')}\nconst here = require('node:url').pathToFileURL(__filename).href\n${body}`,
  }
}

const TASK = both(
  'task',
  {
    'node:worker_threads': '{ parentPort }',
    '@throughline/core': '{ currentTrace, withSpan }',
    '@throughline/worker/threads': '{ threadTask }',
  },
  `
const run = threadTask((order) => withSpan('render label', () => ({ order, ...currentTrace() })))
parentPort.on('message', async (task) => parentPort.postMessage(await run(task)))
`,
)

/** A request that is handled by Fastify, asks another service by fetch, and has a thread do a part. */
const APP = both(
  'app',
  {
    'node:events': '{ once }',
    'node:diagnostics_channel': '{ subscribe }',
    'node:worker_threads': '{ Worker }',
    fastify: '{ fastify }',
    '@throughline/clients': '{ traceFetch }',
    '@throughline/core': '{ withSpan }',
    '@throughline/core/integration': '{ SPAN_RECORD_CHANNEL }',
    '@throughline/fastify': '{ fastifyTracing }',
    '@throughline/testing': '{ createTestTracing }',
    '@throughline/worker/threads': '{ traceTask }',
  },
  `
async function main() {
  const tracing = createTestTracing()
  const records = []
  subscribe(SPAN_RECORD_CHANNEL, (record) => records.push(record))
  traceFetch()
  const worker = new Worker(new URL(here.endsWith('.cjs') ? 'task.cjs' : 'task.mjs', here))
  const app = fastify()
  app.register(fastifyTracing)
  app.get('/prices/:id', async () => ({ price: 3 }))
  app.get('/orders/:id', async (request) => {
    const answer = await fetch(url + '/prices/' + request.params.id)
    await answer.json()
    return withSpan('print label', async () => {
      worker.postMessage(traceTask(7))
      return (await once(worker, 'message'))[0]
    })
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const answer = await fetch(url + '/orders/1')
  const { traceId } = await answer.json()
  await tracing.waitForTrace({ until: (spans) => spans.length === 5 && records.length === 1 })
  const [{ name, parent, span }] = records
  const label = tracing.span('print label')
  const inThread = {
    name,
    isChild: parent.spanId === label.spanId && span.traceId === label.traceId,
    sawItsTrace: traceId === label.traceId,
  }
  const left = [...tracing.unended(), ...tracing.endedTwice(), ...tracing.orphans()]
  console.log(JSON.stringify({ tree: tracing.tree(), inThread, left }))
  await app.close()
  await worker.terminate()
  await tracing.shutdown()
}
main()
`,
)

/** Loads each entry point that it is given and prints the names of what it exports. */
const ENTRIES = {
  'entries.mjs': `
const exported = {}
for (const entry of process.argv.slice(2)) {
  const names = Object.keys(await import(entry))
  exported[entry] = names.filter((name) => name !== 'default' && name !== 'module.exports').sort()
}
console.log(JSON.stringify(exported))
process.exit()
`,
  'entries.cjs': `
const exported = {}
for (const entry of process.argv.slice(2)) {
  exported[entry] = Object.keys(require(entry)).filter((name) => name !== 'default').sort()
}
console.log(JSON.stringify(exported))
process.exit()
`,
}

/** The files of an application, by name. */
export const PROGRAMS: Readonly<Record<string, string>> = { ...TASK, ...APP, ...ENTRIES }
