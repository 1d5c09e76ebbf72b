import { isWord } from './characters.ts'
import { sanitizeSql } from './sanitize.ts'
import { readToken } from './tokens.ts'

/** What a span says of a statement. */
export interface Statement {
  /** The statement without its values. */
  readonly text: string
  /** The command in upper case; `undefined` for what is not SQL as far as we know. */
  readonly operation: string | undefined
  /** The tables that are plainly there, in their order. */
  readonly targets: readonly string[]
}

/** Words that may be the operation. Anything else could be a user's text, and spans' names must be few. */
const COMMANDS = words(`
  ABORT ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DISCARD DO
  DROP END EXECUTE EXPLAIN FETCH GRANT IMPORT INSERT LISTEN LOAD LOCK MERGE MOVE NOTIFY PREPARE REASSIGN REFRESH REINDEX
  RELEASE RESET REVOKE ROLLBACK SAVEPOINT SECURITY SELECT SET SHOW START TABLE TRUNCATE UNLISTEN UPDATE VACUUM VALUES`)
const AFTER_WITH = words('SELECT INSERT UPDATE DELETE MERGE')
const AFTER_FROM = words(
  'WHERE GROUP ORDER HAVING WINDOW LIMIT OFFSET FETCH FOR UNION EXCEPT INTERSECT',
)
/** The words that a table's name follows. */
const BEFORE_TARGET: Readonly<Record<string, ReadonlySet<string>>> = {
  SELECT: words('FROM JOIN'),
  INSERT: words('INTO'),
  MERGE: words('INTO'),
  DELETE: words('FROM'),
  UPDATE: words('UPDATE'),
}
const MAX_TARGETS = 8
const MAX_TARGET_LENGTH = 128

/** Reads operation and tables from the words of a statement; never a parser: what is not plain is left out. */
export function readStatement(sql: string): Statement {
  const text = sanitizeSql(sql)
  const reader = new StatementReader()
  for (let token = readToken(text, 0); token && !reader.done; token = readToken(text, token.end)) {
    reader.read(token.text, text[token.end] === '(')
  }
  return { text, operation: reader.operation, targets: reader.targets }
}

class StatementReader {
  operation: string | undefined
  targets: string[] = []
  done = false
  #depth = 0
  /** The depth of the main statement; what is deeper is a subquery, a function's arguments or a list. */
  #level = 0
  #with = false
  #inFrom = false
  #expectsTarget = false
  #previous = ''

  read(token: string, isCall: boolean): void {
    if (token === '(') this.#depth++
    else if (token === ')') this.#depth--
    if (token === ';' || this.#depth < this.#level) {
      this.done = this.operation !== undefined
      return
    }
    if (token === '(' || token === ')') this.#expectsTarget = false
    else if (this.operation === undefined) this.#readCommand(token.toUpperCase())
    else if (this.#depth === this.#level) this.#readWord(token, isCall)
  }

  #readCommand(word: string): void {
    if (this.#with) {
      if (this.#depth === this.#level && AFTER_WITH.has(word)) this.#begin(word)
      return
    }
    this.#level = this.#depth
    if (word === 'WITH') this.#with = true
    else if (COMMANDS.has(word)) this.#begin(word)
    else this.done = true
  }

  #begin(command: string): void {
    this.operation = command
    this.#expectsTarget = command === 'UPDATE'
    // After WITH, a table of a SELECT may be one that the statement itself made.
    this.done = !(command in BEFORE_TARGET) || (this.#with && command === 'SELECT')
  }

  #readWord(token: string, isCall: boolean): void {
    const word = token.toUpperCase()
    if (this.#expectsTarget && word !== 'ONLY') this.#readTarget(token, isCall)
    else if (token === ',') this.#expectsTarget = this.#inFrom
    else if (AFTER_FROM.has(word)) this.#inFrom = false
    else if (BEFORE_TARGET[this.operation!]!.has(word) && this.#previous !== 'DISTINCT') {
      this.#expectsTarget = true
      this.#inFrom = word === 'FROM'
    }
    this.#previous = word
  }

  #readTarget(token: string, isCall: boolean): void {
    this.#expectsTarget = false
    const isTable = isWord(token.charCodeAt(0)) && !(isCall && this.operation === 'SELECT')
    if (isTable && token.toUpperCase() !== 'LATERAL' && !this.targets.includes(token)) {
      this.targets.push(token.slice(0, MAX_TARGET_LENGTH))
    }
    this.done = this.operation !== 'SELECT' || this.targets.length >= MAX_TARGETS
  }
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/))
}
