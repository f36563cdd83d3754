// Node's own http: an event is made once, and goes to each of its viewers by res.write. `node node_http.mjs PORT`.
import { createServer } from 'node:http'

import { id, obey, text } from './publishing.mjs'

let topics = []

createServer((request, response) => {
  const viewers = topics[Number(request.url.slice(1))]
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(':\n')
  viewers.add(response)
  response.on('close', () => viewers.delete(response))
}).listen(Number(process.argv[2]), '127.0.0.1', 4096)

function frame(due, number) {
  return Buffer.from(
    'event: thread.message.delta\ndata: {"id":"msg_A1b2C3d4E5f6G7h8I9j0K1l2","object":"thread.message.delta",' +
      `"delta":{"content":[{"index":0,"type":"text","text":{"value":"${text(due)}"}}]}}\nid: ${id(number)}\n\n`,
  )
}

obey({
  begin(count) {
    topics = Array.from({ length: count }, () => new Set())
    return topics.map((_, index) => `/${index}`)
  },
  publish(topic, due, number) {
    const data = frame(due, number)
    let full = null
    for (const viewer of topics[topic]) if (!viewer.write(data)) full = viewer
    return full
  },
  full: (viewer) => viewer.writableNeedDrain,
})
