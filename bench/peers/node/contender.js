// What each contender in Node.js does around its peer's acquire and release: it reads the arguments,
// warms up, waits for the word to go, works for the time asked and prints what happened. The words of
// this protocol are in bench/peers/README.md.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const HOLD_MS = 2
const PAUSE_MS = 20
const GRACE_MS = 3000

export function task() {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string' },
      workload: { type: 'string', default: 'cycles' },
      at: { type: 'string', default: '1' },
      names: { type: 'string', default: '1024' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string', default: '0' },
    },
  })
  return {
    nodes: values.nodes.split(','),
    workload: values.workload,
    handOver: values.workload === 'hand-over',
    at: Number(values.at),
    names: Number(values.names),
    seconds: Number(values.seconds),
    warmUp: Number(values['warm-up']),
  }
}

// Read as a file, since not every package lets its own description be imported.
export function versionOf(module) {
  const manifest = new URL(`node_modules/${module}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(manifest, 'utf8')).version.replace(/^v/, '')
}

function quantile(sorted, share) {
  return sorted.length === 0 ? 0 : sorted[Math.round(share * (sorted.length - 1))]
}

// One stretch of work by `asked.at` workers. `acquire(name)` gives a function that releases.
class Run {
  constructor(asked, peer, acquire, seconds) {
    this.asked = asked
    this.peer = peer
    this.acquire = acquire
    this.milliseconds = seconds * 1000
    this.cycles = this.errors = this.overlaps = this.holding = 0
    this.error = ''
    this.waits = []
    this.workers = Array.from({ length: asked.at }, () => ({ busy: false, waitingSince: null }))
  }

  name(number, turn) {
    if (this.asked.handOver) return `redlock-bench:${this.peer}:contended`
    const stretch = Math.floor(this.asked.names / this.asked.at)
    const index = number * stretch + (turn % stretch)
    return `redlock-bench:${this.peer}:${String(index).padStart(6, '0')}`
  }

  async cycle(worker, name) {
    worker.waitingSince = performance.now()
    const release = await this.acquire(name)
    this.waits.push(performance.now() - worker.waitingSince)
    worker.waitingSince = null
    if (this.asked.handOver) {
      if (++this.holding > 1) ++this.overlaps
      await sleep(HOLD_MS)
      --this.holding
    }
    await release()
    if (performance.now() < this.end) ++this.cycles
  }

  async work(worker, number) {
    for (let turn = 0; performance.now() < this.end; ++turn) {
      worker.busy = true
      try {
        await this.cycle(worker, this.name(number, turn))
      } catch (problem) {
        ++this.errors
        this.error = String(problem?.message ?? problem)
      }
      worker.busy = false
      worker.waitingSince = null
      if (this.asked.handOver) await sleep(PAUSE_MS)
    }
  }

  async whole() {
    const before = process.cpuUsage()
    this.end = performance.now() + this.milliseconds
    const atEnd = setTimeout(() => {
      this.cpu = process.cpuUsage(before)
    }, this.milliseconds)
    const all = this.workers.map((worker, number) => this.work(worker, number))
    await Promise.race([Promise.all(all), sleep(this.milliseconds + GRACE_MS, null, { ref: false })])
    clearTimeout(atEnd)
    this.cpu ??= process.cpuUsage(before)
    const now = performance.now()
    for (const { waitingSince } of this.workers) {
      if (waitingSince !== null) this.waits.push(now - waitingSince)
    }
    return this
  }

  result(version) {
    const sorted = this.waits.map((wait) => wait * 1000).sort((a, b) => a - b)
    return {
      peer: this.peer,
      version,
      workload: this.asked.workload,
      nodes: this.asked.nodes.length,
      at: this.asked.at,
      cycles: this.cycles,
      seconds: this.milliseconds / 1000,
      errors: this.errors,
      error: this.error,
      unfinished: this.workers.filter(({ busy }) => busy).length,
      overlaps: this.overlaps,
      acquire_us: {
        median: quantile(sorted, 0.5),
        p99: quantile(sorted, 0.99),
        max: quantile(sorted, 1),
      },
      cpu_us_a_cycle: (this.cpu.user + this.cpu.system) / Math.max(this.cycles, 1),
    }
  }
}

export async function contend(asked, peer, version, acquire) {
  await new Run(asked, peer, acquire, asked.warmUp).whole()
  console.log('ready')
  const lines = createInterface({ input: process.stdin })
  await new Promise((go) => {
    lines.once('line', go)
    lines.once('close', go)
  })
  const measured = await new Run(asked, peer, acquire, asked.seconds).whole()
  process.stdout.write(JSON.stringify(measured.result(version)) + '\n', () => process.exit(0))
}
