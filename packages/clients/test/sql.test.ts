import { expect, test } from 'vitest'
import { sanitizeSql } from '../src/sql/sanitize.ts'
import { readStatement } from '../src/sql/statement.ts'

const LONG = 'x'.repeat(1_000_000)

test.each([
  ['SELECT 1', 'SELECT', []],
  ['select * from orders where id = $1', 'SELECT', ['orders']],
  ['SELECT o.id FROM public.orders AS o', 'SELECT', ['public.orders']],
  ['SELECT * FROM "Order Items" i', 'SELECT', ['Order Items']],
  ['SELECT * FROM "shop"."orders"', 'SELECT', ['shop.orders']],
  ['SELECT * FROM ONLY orders', 'SELECT', ['orders']],
  ['SELECT * FROM orders o JOIN lines l ON l.id = o.id', 'SELECT', ['orders', 'lines']],
  ['SELECT * FROM orders, lines WHERE a IN (1, 2)', 'SELECT', ['orders', 'lines']],
  ['SELECT * FROM orders a JOIN orders b ON true', 'SELECT', ['orders']],
  ['SELECT a FROM x UNION SELECT b FROM y', 'SELECT', ['x', 'y']],
  ['SELECT (SELECT max(id) FROM inner_table) FROM orders', 'SELECT', ['orders']],
  ['SELECT * FROM (SELECT * FROM orders) AS s', 'SELECT', []],
  ['(SELECT * FROM orders) UNION (SELECT * FROM old)', 'SELECT', ['orders']],
  ['SELECT extract(year FROM at) FROM orders', 'SELECT', ['orders']],
  ['SELECT a IS DISTINCT FROM b FROM orders', 'SELECT', ['orders']],
  ['SELECT * FROM generate_series(1, 10)', 'SELECT', []],
  ['SELECT * FROM orders, LATERAL (SELECT 1) x', 'SELECT', ['orders']],
  ['SELECT * FROM $1', 'SELECT', []],
  ['SELECT * FROM orders ORDER BY a, b', 'SELECT', ['orders']],
  ['INSERT INTO orders(id) VALUES ($1)', 'INSERT', ['orders']],
  ['insert into orders select * from drafts', 'INSERT', ['orders']],
  ['UPDATE orders SET a = $1 FROM lines', 'UPDATE', ['orders']],
  ['UPDATE ONLY orders SET a = $1', 'UPDATE', ['orders']],
  ['DELETE FROM orders USING lines', 'DELETE', ['orders']],
  ['MERGE INTO stock USING orders ON true', 'MERGE', ['stock']],
  ['WITH recent AS (SELECT * FROM orders) SELECT * FROM recent', 'SELECT', []],
  ['WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone', 'INSERT', ['b']],
  ['/* trace */ -- why\n  SELECT * FROM orders', 'SELECT', ['orders']],
  ['begin', 'BEGIN', []],
  ['BEGIN; INSERT INTO orders VALUES (1)', 'BEGIN', []],
  ['COMMIT;', 'COMMIT', []],
  ['SAVEPOINT a1b2c3', 'SAVEPOINT', []],
  ['CREATE TABLE orders (id int)', 'CREATE', []],
  ['SELECT * FROM', 'SELECT', []],
  ['UPDATE', 'UPDATE', []],
  ['please give me orders', undefined, []],
  ['?', undefined, []],
  ['', undefined, []],
])('%s', (sql, operation, targets) => {
  expect(readStatement(sql)).toMatchObject({ operation, targets })
})

test.each([
  ["SELECT * FROM t WHERE a = 'secret'", 'SELECT * FROM t WHERE a = ?'],
  ["SELECT 'it''s', 2", 'SELECT ?, ?'],
  [String.raw`SELECT E'it\'s secret', 'x'`, 'SELECT E?, ?'],
  [String.raw`SELECT 'C:\', 'x'`, 'SELECT ?'],
  [String.raw`SELECT 'C:\dir', 'x'`, 'SELECT ?, ?'],
  ['SELECT $$it is secret$$, $a$also $$ this$a$', 'SELECT ?, ?'],
  ['SELECT $1, $12::int4', 'SELECT $1, $12::int4'],
  ['SELECT -1, 1.5, .5, 1e10, 0xFF, 1_000', 'SELECT -?, ?, .?, ?, ?, ?'],
  ['SELECT col1, t2.col3, "4 columns"', 'SELECT col1, t2.col3, "4 columns"'],
  ['SELECT 1 /* a /* nested */ secret */ + 2 -- secret', 'SELECT ?   + ?'],
  ["SELECT 'not closed", 'SELECT ?'],
  ['SELECT $x$not closed', 'SELECT ?'],
  ['SELECT /* not closed', 'SELECT'],
  ['SELECT "not closed', 'SELECT "not closed'],
  ["SELECT a$b, ünï$1 FROM tä WHERE x='1'", 'SELECT a$b, ünï$1 FROM tä WHERE x=?'],
  ["SELECT '--', \"--\", '/*'", 'SELECT ?, "--", ?'],
])('%s has no values as %s', (sql, clean) => {
  expect(sanitizeSql(sql)).toBe(clean)
})

test.each([
  ['a long literal', `SELECT '${LONG}'`],
  ['a long name', `SELECT * FROM ${LONG}`],
  ['many quotes', `SELECT ${"'".repeat(1_000_000)}`],
  ['many double quotes', `SELECT * FROM ${'"'.repeat(1_000_001)}`],
  ['many parentheses', `SELECT * FROM ${'('.repeat(1_000_000)}`],
  ['many comments', `SELECT ${'/*'.repeat(1_000_000)}`],
  ['many dollars', `SELECT ${'$a'.repeat(1_000_000)}`],
  ['many tables', `SELECT * FROM ${'t,'.repeat(1_000_000)}`],
  ['many dots', `SELECT * FROM ${'t.'.repeat(1_000_000)}`],
])('%s stays bounded', (_, sql) => {
  const { text, targets } = readStatement(sql)
  expect(text.length).toBeLessThanOrEqual(2048)
  expect(targets.join('').length).toBeLessThanOrEqual(1024)
})
