// Node's own http: an event is made once, and goes to each of its viewers by res.write. `node node_http.mjs PORT`.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

let topics = []

createServer((request, response) => {
  const viewers = topics[Number(request.url.slice(1))]
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(':\n')
  viewers.add(response)
  response.on('close', () => viewers.delete(response))
}).listen(Number(process.argv[2]), '127.0.0.1', 4096)

const turn = () => new Promise((done) => setImmediate(done))
const pause = () => new Promise((done) => setTimeout(done, 1))
const now = () => process.hrtime.bigint()

function frame(due, number) {
  const text = `@${String(due).padStart(16, '0')}; token`
  const id = (number % 0xfffff).toString(16).padStart(5, '0')
  return Buffer.from(
    'event: thread.message.delta\ndata: {"id":"msg_A1b2C3d4E5f6G7h8I9j0K1l2","object":"thread.message.delta",' +
      `"delta":{"content":[{"index":0,"type":"text","text":{"value":"${text}"}}]}}\nid: 7.k3f9~5.0.${id}\n\n`,
  )
}

// One event; the viewer that took it last of those whose buffers are full, if any are.
function hand(topic, due, number) {
  const data = frame(due, number)
  let full = null
  for (const viewer of topics[topic]) if (!viewer.write(data)) full = viewer
  return full
}

// Every topic gets a batch in one turn of the loop, and the next when that was handed out.
async function pressed(batch, seconds) {
  const end = now() + BigInt(seconds * 1e9)
  let number = 0
  while (now() < end) {
    let full = null
    for (let topic = 0; topic < topics.length; topic++) {
      const due = now()
      for (let index = 0; index < batch; index++) full = hand(topic, due, number++) ?? full
    }
    await turn()
    while (full?.writableNeedDrain) await pause()
  }
  return number
}

// Every event is published when it is due.
async function paced(rate, seconds) {
  const begun = now()
  const end = begun + BigInt(seconds * 1e9)
  const dueAt = (number) => begun + BigInt(Math.floor((number * 1e9) / rate))
  let number = 0
  for (let at = begun; at < end; at = now()) {
    for (let due; (due = dueAt(number)) <= at; number++) hand(number % topics.length, due, number)
    await pause()
  }
  return number
}

const published = (batch, rate, seconds) => (rate ? paced(rate, seconds) : pressed(batch, seconds))

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [command, ...numbers] = line.split(' ')
  if (command === 'topics') {
    topics = Array.from({ length: Number(numbers[0]) }, () => new Set())
    console.log(topics.map((_, index) => `/${index}`).join(' '))
  } else {
    console.log(`published ${await published(...numbers.map(Number))}`)
  }
}).on('close', () => process.exit())
