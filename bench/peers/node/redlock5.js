// node-redlock 5 as a peer, on ioredis.
import { createRequire } from 'node:module'
import Redis from 'ioredis'
import { contend, task, versionOf } from './contender.js'

// Its entry for ES modules does not say so to Node.js, which then cannot read it.
const { default: Redlock } = createRequire(import.meta.url)('redlock5')

const asked = task()
const clients = asked.nodes.map((url) => new Redis(url))
// It gives up after ten further attempts unless told otherwise; in a hand-over it shall wait.
const redlock = new Redlock(clients, asked.handOver ? { retryCount: -1 } : {})
redlock.on('error', () => {})

await contend(asked, 'node-redlock-5', versionOf('redlock5'), async (name) => {
  const lock = await redlock.acquire([name], 10000)
  return () => lock.release()
})
