// redlock-universal as a peer, on ioredis: its lock for one server, or its Redlock for several.
import Redis from 'ioredis'
import { IoredisAdapter, createLock, createRedlock } from 'redlock-universal'
import { contend, task, versionOf } from './contender.js'

const asked = task()
const adapters = asked.nodes.map((url) => new IoredisAdapter(new Redis(url)))
// It gives up after three further attempts unless told otherwise; in a hand-over it shall wait.
const options = { ttl: 10000, ...(asked.handOver ? { retryAttempts: 1000000 } : {}) }

await contend(asked, 'redlock-universal', versionOf('redlock-universal'), async (key) => {
  const lock =
    adapters.length === 1
      ? createLock({ adapter: adapters[0], key, ...options })
      : createRedlock({ adapters, key, ...options })
  const handle = await lock.acquire()
  return async () => {
    if (!(await lock.release(handle))) throw new Error('release refused')
  }
})
