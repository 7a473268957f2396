// node-redlock 4 as a peer, on ioredis.
import Redis from 'ioredis'
import Redlock from 'redlock4'
import { contend, task, versionOf } from './contender.js'

const asked = task()
const clients = asked.nodes.map((url) => new Redis(url))
// It gives up after ten further attempts unless told otherwise; in a hand-over it shall wait.
const redlock = new Redlock(clients, asked.handOver ? { retryCount: -1 } : {})
redlock.on('clientError', () => {})

await contend(asked, 'node-redlock-4', versionOf('redlock4'), async (name) => {
  const lock = await redlock.lock(name, 10000)
  return () => lock.unlock()
})
