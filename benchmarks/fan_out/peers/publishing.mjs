// What the publishers written in JavaScript share: the event's text, and what they are told on their standard input.
import { createInterface } from 'node:readline'

const turn = () => new Promise((done) => setImmediate(done))
const pause = () => new Promise((done) => setTimeout(done, 1))
const now = () => process.hrtime.bigint()

export const text = (due) => `@${String(due).padStart(16, '0')}; token`
export const id = (number) => `7.k3f9~5.0.${(number % 0xfffff).toString(16).padStart(5, '0')}`

/**
 * Do what is asked for, until the input ends; see publishing.py.
 *
 * begin: make so many topics, without viewers yet; what a viewer of each asks with.
 * publish: hand the event with this number, due at that time, to the viewers of a topic; the one that took it last of
 *   those whose buffers are full, if any are.
 * full: whether the buffer of such a viewer still is.
 */
export function obey({ begin, publish, full }) {
  let topics = 0

  // Every topic gets a batch in one turn of the loop, and the next when that was handed out.
  async function pressed(batch, seconds) {
    const end = now() + BigInt(seconds * 1e9)
    let number = 0
    while (now() < end) {
      let last = null
      for (let topic = 0; topic < topics; topic++) {
        const due = now()
        for (let index = 0; index < batch; index++) last = publish(topic, due, number++) ?? last
      }
      await turn()
      while (last && full(last)) await pause()
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
      for (let due; (due = dueAt(number)) <= at; number++) publish(number % topics, due, number)
      await pause()
    }
    return number
  }

  createInterface({ input: process.stdin }).on('line', async (line) => {
    const [command, ...numbers] = line.split(' ')
    if (command === 'topics') {
      topics = Number(numbers[0])
      console.log(begin(topics).join(' '))
    } else {
      const [batch, rate, seconds] = numbers.map(Number)
      console.log(`published ${await (rate ? paced(rate, seconds) : pressed(batch, seconds))}`)
    }
  }).on('close', () => process.exit())
}
