import { addToMain, addToModule } from './edit.ts'

/** The part of the file tree of `@angular-devkit/schematics`, which `nest add` brings, that is used here. */
interface Tree {
  exists(path: string): boolean
  readText(path: string): string
  overwrite(path: string, content: string): void
}

interface Logger {
  readonly logger: { warn(text: string): void }
}

/** What `nest add` hands over. */
export interface NestAddOptions {
  /** @defaultValue `'src'` */
  readonly sourceRoot?: string
}

type Edit = (source: string) => string | undefined

/**
 * What `nest add @throughline/nestjs` runs: it imports `TracingModule` into the root module and gives `instrument` to
 * `NestFactory.create`. What it does not recognise it leaves as it is, and says so.
 */
export function nestAdd(options: NestAddOptions = {}): (tree: Tree, context: Logger) => Tree {
  const root = options.sourceRoot ?? 'src'
  const edits: readonly (readonly [string, Edit])[] = [
    [`${root}/app.module.ts`, addToModule],
    [`${root}/main.ts`, addToMain],
  ]
  return (tree, { logger }) => {
    for (const [path, edit] of edits) {
      const edited = tree.exists(path) ? edit(tree.readText(path)) : undefined
      if (edited === undefined)
        logger.warn(`${path} is not as expected; see the README for its lines`)
      else tree.overwrite(path, edited)
    }
    return tree
  }
}
