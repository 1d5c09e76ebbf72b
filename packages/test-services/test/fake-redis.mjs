// Speaks as much of Redis as a ready-check asks for. FAKE_REDIS sets how it misbehaves.
import { createServer } from 'node:net'

const port = Number(process.argv[process.argv.indexOf('--port') + 1])
const mode = process.env.FAKE_REDIS

if (mode === 'fails') {
  console.log('reading the configuration')
  console.error('FATAL: the configuration is broken')
  process.exit(3)
}
if (mode === 'silent') console.log('loading, and never done')

const info = `# Server\r\nredis_version:7.0.15\r\nprocess_id:${process.pid}\r\nloading:0\r\n`
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (data) => {
    for (const command of data.toString().split(/^\*/m).slice(1)) socket.write(reply(command))
  })
})
server.on('error', (error) => {
  console.error(`Could not create server TCP listening socket: ${error.message}`)
  process.exit(1)
})
server.listen(mode === 'silent' ? 0 : port, '127.0.0.1')

function reply(command) {
  if (/ping/i.test(command)) return '+PONG\r\n'
  if (/info\r\n\$6\r\nserver|\binfo\r\n$/i.test(command)) return `$${info.length}\r\n${info}\r\n`
  // A test asks the server to die by itself.
  if (/shutdown/i.test(command)) {
    console.error('dying as asked')
    process.exit(9)
  }
  return '+OK\r\n'
}
