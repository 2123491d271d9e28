// How many instances of the gate hold within AWS's 100 GetFunction a second: the gate's own code (routes, index, links,
// back-off) on a simulated clock. Every instance starts cold in the same second, serves one request at a time, as Lambda
// does, and is asked about once a second, for chunks in random order and now and then for the playlist.
//
//   node tests/gate/simulate.mjs [--minutes 30] [--instances 1,10,100,1000] [--chunks 34,340] [--json]
//
// A row: GetFunction that AWS granted (mean, and in the busiest second) and refused, milliseconds until answers (p50, p99,
// longest), 503s (busy). Exit code 1 if a link with less than two minutes left was served (short), or if an answer took
// longer than 8 s (late).

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Functions, Gate, Links, Reels } from '../../assets/gate/gate.mjs';
import { GENERATION, chunkName, digest, generation, indexName, indexZip, link } from './reel.mjs';

/** AWS: 100 GetFunction a second for an account and Region (facts: Lambda quotas); how far it lets bursts run is not
 *  documented, so a second's worth. */
const RATE = 100;
const GRANTED_MS = 40;
const REFUSED_MS = 15;
/** Between an answer and the next request to the same instance, on average. */
const PAUSE_MS = 1000;

/** A clock that jumps to the next thing that happens, once everyone sleeps. */
class World {
  #heap = [];
  #awake = 0;
  constructor(start) { this.time = start; }
  now = () => this.time;
  sleep = wait => {
    this.#awake--;
    return new Promise(done => this.#push([this.time + Math.max(1, Math.round(wait)), done]));
  };
  start(actor) {
    this.#awake++;
    actor().finally(() => this.#awake--);
  }
  async run(until) {
    while (this.#awake > 0) await null;
    while (this.#heap.length && this.#heap[0][0] <= until) {
      this.time = this.#heap[0][0];
      for (; this.#heap.length && this.#heap[0][0] === this.time; this.#awake++) this.#pop()[1]();
      while (this.#awake > 0) await null;
    }
  }
  #push(event) {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    for (let up; at > 0 && heap[up = (at - 1) >> 1][0] > event[0]; at = up) heap[at] = heap[up];
    heap[at] = event;
  }
  #pop() {
    const heap = this.#heap, top = heap[0], last = heap.pop();
    if (!heap.length) return top;
    let at = 0;
    for (let down; (down = 2 * at + 1) < heap.length; at = down) {
      if (down + 1 < heap.length && heap[down + 1][0] < heap[down][0]) down++;
      if (heap[down][0] >= last[0]) break;
      heap[at] = heap[down];
    }
    heap[at] = last;
    return top;
  }
}

/** The same numbers on every run. */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function simulate(instances, chunks, minutes) {
  const world = new World(Date.UTC(2026, 0, 1));
  const random = dice(instances * 1000 + chunks);
  const current = generation(GENERATION, chunks);
  const index = indexZip('reel', current);
  const functions = new Map([[indexName('reel'), digest(index)]]);
  for (const { number, sha256 } of current.renditions.src.chunks) functions.set(chunkName('reel', number), sha256);
  const aws = { left: RATE, at: world.time, granted: new Map(), refused: 0 };

  async function ask(name, timeout) {
    aws.left = Math.min(RATE, aws.left + (world.time - aws.at) * RATE / 1000);
    aws.at = world.time;
    if (aws.left < 1) {
      aws.refused++;
      await world.sleep(Math.min(REFUSED_MS, timeout));
      return { status: 429, retryAfter: 0 };
    }
    aws.left--;
    const second = Math.floor(world.time / 1000);
    aws.granted.set(second, (aws.granted.get(second) ?? 0) + 1);
    const location = link(name, world.time);
    await world.sleep(Math.min(GRANTED_MS, timeout));
    if (timeout < GRANTED_MS) return { status: 0, retryAfter: 0 };
    return { status: 200, retryAfter: 0, found: { location, sha256: functions.get(name), bytes: 1 } };
  }

  const waits = [], told = { busy: 0, short: 0, late: 0 };
  const html = readFileSync(new URL('../../assets/gate/watch.html', import.meta.url), 'utf8');
  const end = world.time + minutes * 60_000;
  async function instance() {
    const paced = new Functions({ ask, now: world.now, sleep: world.sleep, random });
    const reels = new Reels({ functions: paced, download: async () => { await world.sleep(GRANTED_MS); return index; }, now: world.now });
    const gate = new Gate({ reels, links: new Links({ functions: paced, now: world.now }), html, base: '', relay: '', now: world.now, random });
    await world.sleep(random() * 1000);
    for (let asked = 0; world.time < end; asked++) {
      const began = world.time;
      const number = String(1 + Math.floor(random() * chunks)).padStart(4, '0');
      // Every twentieth viewer begins here, with the playlist.
      const path = asked % 20 === 0 ? '/reel/index.m3u8' : `/reel/${GENERATION}/src/${number}.ts`;
      const { status, headers } = await gate.answer({ method: 'GET', path, headers: {} });
      waits.push(world.time - began);
      if (status === 503) told.busy++;
      if (waits.at(-1) > 8000 + GRANTED_MS) told.late++;
      if (status === 302) {
        const made = /X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(headers.location).slice(1).map(Number);
        if (Date.UTC(made[0], made[1] - 1, ...made.slice(2)) + 600_000 - world.time < 120_000) told.short++;
      } else if (status !== 200 && status !== 503) throw new Error(`${path}: ${status}`);
      await world.sleep(-Math.log(1 - random()) * PAUSE_MS);
    }
  }
  for (let i = 0; i < instances; i++) world.start(instance);
  await world.run(end + 60_000);

  const sorted = Float64Array.from(waits).sort();
  const at = share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const granted = [...aws.granted.values()];
  const total = granted.reduce((sum, count) => sum + count, 0);
  return {
    instances, chunks, requests: waits.length, getFunctionPerSecond: +(total / (minutes * 60)).toFixed(1), busiestSecond: Math.max(...granted),
    throttled: aws.refused, p50: at(0.5), p99: at(0.99), longest: at(1), busy: told.busy, late: told.late, short: told.short,
  };
}

// What the gate would log, and where its refusals arose, is of no interest here.
console.warn = () => {};
Error.stackTraceLimit = 0;
const { values } = parseArgs({ options: {
  minutes: { type: 'string', default: '30' }, instances: { type: 'string', default: '1,10,100,1000' },
  chunks: { type: 'string', default: '34,340' }, json: { type: 'boolean', default: false },
} });
const rows = [];
for (const chunks of values.chunks.split(',').map(Number)) {
  for (const instances of values.instances.split(',').map(Number)) rows.push(await simulate(instances, chunks, Number(values.minutes)));
}
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows);
if (rows.some(({ late, short }) => late || short)) process.exit(1);
