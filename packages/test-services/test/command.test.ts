import { expect, test } from 'vitest'
import { runCommand } from '../src/command.ts'
import { contextFor, fakeMachine } from './fake-machine.ts'

test('the output of a command is returned', async () => {
  const machine = await fakeMachine()
  const command = ['/bin/sh', '-c', 'echo one; echo two >&2']
  const output = await runCommand(command, contextFor(machine), { folder: machine.folder })
  expect(output).toBe('one\ntwo\n')
})

test('a command that fails says how', async () => {
  const machine = await fakeMachine()
  const command = ['/bin/sh', '-c', 'echo broken; exit 4']
  const run = runCommand(command, contextFor(machine), { folder: machine.folder })
  await expect(run).rejects.toThrow('sh ended with status 4:\nbroken')
})

test('a command that takes too long is ended', async () => {
  const machine = await fakeMachine()
  const options = { folder: machine.folder, limit: 50, label: 'apt-get' }
  const run = runCommand(['/bin/sleep', '600'], contextFor(machine), options)
  await expect(run).rejects.toThrow('apt-get took longer than 0.05 s')
})
