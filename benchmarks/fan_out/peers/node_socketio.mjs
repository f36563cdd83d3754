// Node's socket.io: an event goes to its room by one emit, which makes its frame once. `node node_socketio.mjs PORT`.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

import { id, obey, text } from './publishing.mjs'

const { Server } = createRequire(new URL('../../../clients/js/package.json', import.meta.url))('socket.io')

const server = createServer()
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
let latest = [] // who has joined each room last, and is handed its events last

io.on('connection', (socket) => {
  socket.on('join', (room, acknowledge) => {
    socket.join(room)
    latest[Number(room)] = socket
    acknowledge()
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1', 4096)

const event = (due, number) => ({
  thread_id: 'thread_A1b2C3d4E5f6G7h8I9j0K1l2',
  id: id(number),
  event: 'thread.message.delta',
  data: {
    id: 'msg_A1b2C3d4E5f6G7h8I9j0K1l2',
    object: 'thread.message.delta',
    delta: { content: [{ index: 0, type: 'text', text: { value: text(due) } }] },
  },
})

obey({
  begin(count) {
    latest = Array(count)
    return Array.from({ length: count }, (_, room) => `420["join","${room}"]`)
  },
  publish(topic, due, number) {
    io.to(String(topic)).emit('thread.event', event(due, number))
    return latest[topic]
  },
  full: ({ conn }) => conn.writeBuffer.length > 0 || !conn.transport.writable,
})
