import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cacheFolder, createRunFolder, exists, makeOnce } from '../src/cache-folder.ts'
import { fakeMachine } from './fake-machine.ts'

test('the cache folder follows XDG_CACHE_HOME, then HOME', async () => {
  const { folder } = await fakeMachine()
  const xdg = { XDG_CACHE_HOME: join(folder, 'xdg'), HOME: folder }
  expect(await cacheFolder(xdg)).toBe(join(folder, 'xdg/throughline/services'))
  expect(await cacheFolder({ HOME: folder })).toBe(join(folder, '.cache/throughline/services'))
})

test('two runs that make the same folder at once both find it whole', async () => {
  const { env, runFolders } = await fakeMachine()
  const target = join(await cacheFolder(env), 'made')
  const build = (name: string) => async (folder: string) => {
    await writeFile(join(folder, 'first'), name)
    await writeFile(join(folder, 'second'), name)
  }
  await Promise.all([makeOnce(target, env, build('a')), makeOnce(target, env, build('b'))])
  expect(await readdir(target)).toEqual(['first', 'second'])
  await makeOnce(target, env, () => expect.unreachable('it is there already'))
  expect(await runFolders()).toEqual([])
})

test('a build that fails leaves nothing', async () => {
  const { env, runFolders } = await fakeMachine()
  const target = join(await cacheFolder(env), 'made')
  const fail = (): Promise<void> => Promise.reject(new Error('no disk'))
  await expect(makeOnce(target, env, fail)).rejects.toThrow('no disk')
  expect(await exists(target)).toBe(false)
  expect(await runFolders()).toEqual([])
})

test('a new run removes what old, interrupted runs left', async () => {
  const { env } = await fakeMachine()
  const run = join(await cacheFolder(env), 'run')
  const dead = 2 ** 22 + 1
  const names = {
    oldAndDead: `throughline-run-redis-${dead}-a`,
    oldAndAlive: `throughline-run-redis-${process.pid}-b`,
    newAndDead: `throughline-run-redis-${dead}-c`,
    foreign: 'something-else',
  }
  for (const name of Object.values(names)) await mkdir(join(run, name), { recursive: true })
  for (const name of [names.oldAndDead, names.oldAndAlive, names.foreign]) {
    await utimes(join(run, name), 0, 0)
  }
  await createRunFolder('redis', env)
  const left = await readdir(run)
  expect(left).not.toContain(names.oldAndDead)
  expect(left).toEqual(expect.arrayContaining([names.oldAndAlive, names.newAndDead, names.foreign]))
})
