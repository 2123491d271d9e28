// How many instances of the gate hold within AWS's 100 GetFunction a second: the gate's own code (routes, index, links,
// back-off) on a simulated clock. Every instance starts cold in the same second, serves one request at a time, as Lambda
// does, and is asked about once a second, for chunks in random order and now and then for the playlist.
//
//   node tests/gate/simulate.mjs [--minutes 30] [--instances 1,10,100,1000] [--chunks 34,340] [--load second|views|premiere] [--json]
//   node tests/gate/simulate.mjs --attack 1,30,1000 [--minutes 30] [--instances 200] [--json]
// With `--load views` the requests are those of six viewers an instance, who are anywhere in the video: a link for each segment of
// 26 s, of which 2.5 share a chunk of 49 MiB at 6.2 Mbit/s, and two playlists for every 23 of them. With `premiere` all of them
// began within the first minute.
//
// A row: GetFunction that AWS granted (mean, and in the busiest second) and refused, milliseconds until answers (p50, p99,
// longest), 503s (busy). With --attack, so many addresses guess at names of reels: GetFunction sent for reels that are not
// there (first second, busiest second after that, mean after that), and of viewers who ask an instance for a reel that it has
// not met the share that is refused, and the milliseconds that the others wait; held is the share of time in which an instance
// serves or waits. Exit code 1 if a link with less than two minutes left was served (short), or if an answer took
// longer than 8 s (late).

import { parseArgs } from 'node:util';
import { Functions, Links } from '../../assets/gate/functions.mjs';
import { Gate, ofPackage } from '../../assets/gate/gate.mjs';
import { Reels } from '../../assets/gate/reels.mjs';
import { Busy } from '../../assets/gate/guesses.mjs';
import { GENERATION, chunkName, digest, generation, indexName, indexZip, link } from './reel.mjs';

/** AWS: 100 GetFunction a second for an account and Region (facts: Lambda quotas); how far it lets bursts run is not
 *  documented, so a second's worth. */
const RATE = 100;
const GRANTED_MS = 40;
const REFUSED_MS = 15;
/** Between an answer and the next request to the same instance, on average. */
const PAUSE_MS = 1000;
/** From an answer to the request that it leads to. */
const AGAIN_MS = 40;
/** A function URL lets ten requests a second through to one instance. */
const GUESS_EVERY_MS = 100;
/** Between viewers who ask an instance for a reel that is new to it, on average. */
const VIEWER_MS = 20_000;

/** Of the loads that are made of views. */
const VIEWERS = 6, SEGMENT_MS = 26_000, CHUNK_MS = 66_000, PLAYLISTS = 2 / 25, BEGIN_WITHIN_MS = 60_000;

/** What an instance is asked for next: the playlist, or the number of a chunk; and the mean time between two requests. */
const LOADS = {
  // every twentieth viewer begins here, with the playlist
  second: {
    pause: PAUSE_MS,
    next({ asked, chunks, random }) {
      const number = 1 + Math.floor(random() * chunks);
      return asked % 20 === 0 ? null : number;
    },
  },
  views: { pause: SEGMENT_MS / VIEWERS, next: ({ chunks, random }) => random() < PLAYLISTS ? null : 1 + Math.floor(random() * chunks) },
  premiere: {
    pause: SEGMENT_MS / VIEWERS,
    next({ chunks, random, passed }) {
      const place = passed - random() * BEGIN_WITHIN_MS;
      return place < 0 || random() < PLAYLISTS ? null : Math.min(1 + Math.floor(place / CHUNK_MS), chunks);
    },
  },
};

/** Of a view of three minutes in chunks of 49 MiB at 6 Mbit/s: two playlists, and three chunks. */
const VIEW_REQUESTS = 5;
const GB = 0.125;

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

/** What GetFunction costs and grants: `functions` maps names to CodeSha256. */
class Aws {
  granted = [];
  missing = [];
  refused = 0;
  #left = RATE;
  constructor(world, functions) { Object.assign(this, { world, functions, at: world.time, start: world.time }); }
  ask = async (name, timeout) => {
    const { world } = this;
    this.#left = Math.min(RATE, this.#left + (world.time - this.at) * RATE / 1000);
    this.at = world.time;
    const sha256 = this.functions.get(name);
    if (!sha256) this.#count(this.missing);
    if (this.#left < 1) {
      this.refused++;
      await world.sleep(Math.min(REFUSED_MS, timeout));
      return { status: 429, retryAfter: 0 };
    }
    this.#left--;
    this.#count(this.granted);
    const location = link(name, world.time);
    await world.sleep(Math.min(GRANTED_MS, timeout));
    if (timeout < GRANTED_MS) return { status: 0, retryAfter: 0 };
    return sha256 ? { status: 200, retryAfter: 0, found: { location, sha256, bytes: 1 } } : { status: 404, retryAfter: 0 };
  };
  #count(seconds) {
    const second = Math.floor((this.world.time - this.start) / 1000);
    seconds[second] = (seconds[second] ?? 0) + 1;
  }
}

const files = ofPackage();

/** One instance of the gate that is cold; every index that it downloads is `index(location)`. */
function cold(world, aws, random, index) {
  const { now, sleep } = world;
  const functions = new Functions({ ask: aws.ask, now, sleep, random });
  const download = async (location, _, timeout) => {
    await sleep(Math.min(GRANTED_MS, timeout));
    if (timeout < GRANTED_MS) throw new Busy('download');
    return index(location);
  };
  return new Gate({ reels: new Reels({ functions, download, now }), links: new Links({ functions, now }), files, base: '', relay: '', now, random });
}

const sum = numbers => numbers.reduce((sum, count) => sum + count, 0);

/** Reads shares of what was measured: `at(0.5)` is the median. */
function shares(measured) {
  const sorted = Float64Array.from(measured).sort();
  return share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export async function simulate(instances, chunks, minutes, load = LOADS.second) {
  const world = new World(Date.UTC(2026, 0, 1));
  const random = dice(instances * 1000 + chunks);
  const current = generation(GENERATION, chunks);
  const index = indexZip('reel', current);
  const functions = new Map([[indexName('reel'), digest(index)]]);
  for (const { number, sha256 } of current.renditions.src.chunks) functions.set(chunkName('reel', number), sha256);
  const aws = new Aws(world, functions);

  const waits = [], firsts = [], told = { busy: 0, short: 0, late: 0, again: 0 };
  let held = 0, answers = 0;
  const end = world.time + minutes * 60_000;
  /** As a player does: it goes where a redirect leads, until that is elsewhere. */
  async function follow(gate, path) {
    for (let query = '';;) {
      const began = world.time;
      const answer = await gate.answer({ method: 'GET', path, query, headers: {} });
      held += world.time - began;
      answers++;
      if (world.time - began > 8000 + GRANTED_MS) told.late++;
      query = answer.status === 302 ? answer.headers.location.split(`${path}?`)[1] : undefined;
      if (!query) return answer;
      told.again++;
      await world.sleep(AGAIN_MS);
    }
  }
  async function instance() {
    const gate = cold(world, aws, random, () => index);
    await world.sleep(random() * 1000);
    for (let asked = 0; world.time < end; asked++) {
      const began = world.time;
      const number = load.next({ asked, chunks, random, passed: began - aws.start });
      const path = number === null ? '/reel/index.m3u8' : `/reel/${GENERATION}/src/${String(number).padStart(4, '0')}.ts`;
      const { status, headers } = await follow(gate, path);
      waits.push(world.time - began);
      if (path.endsWith('/0001.ts')) firsts.push(waits.at(-1));
      if (status === 503) told.busy++;
      if (status === 302) {
        const made = /X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(headers.location).slice(1).map(Number);
        if (Date.UTC(made[0], made[1] - 1, ...made.slice(2)) + 600_000 - world.time < 120_000) told.short++;
      } else if (status !== 200 && status !== 503) throw new Error(`${path}: ${status}`);
      await world.sleep(-Math.log(1 - random()) * load.pause);
    }
  }
  for (let i = 0; i < instances; i++) world.start(instance);
  await world.run(end + 60_000);

  const at = shares(waits), first = shares(firsts), views = waits.length / VIEW_REQUESTS;
  return {
    instances, chunks, requests: waits.length, getFunctionPerSecond: +(sum(aws.granted) / (minutes * 60)).toFixed(1), busiestSecond: Math.max(...aws.granted.filter(Boolean)),
    throttled: aws.refused, p50: at(0.5), p99: at(0.99), longest: at(1), firstP99: first(0.99), again: told.again, busy: told.busy, late: told.late, short: told.short,
    held: +(held / (instances * minutes * 60_000)).toFixed(4), requestsAView: +(answers / views).toFixed(2), gbSecondsAMillionViews: Math.round(held / 1000 * GB / views * 1e6),
  };
}

/** Instances that all begin cold in the same second, and are from then on asked by `clients` addresses in turn, as fast as a
 *  function URL lets them, for reels that are not there. Now and then, and from an address of its own, a viewer asks an instance
 *  for a reel that it has not met. */
export async function attack(instances, clients, minutes) {
  const world = new World(Date.UTC(2026, 0, 1));
  const random = dice(instances * 1000 + clients);
  const functions = new Map(), indexes = new Map();
  const aws = new Aws(world, functions);
  const end = world.time + minutes * 60_000;
  const waits = [], told = { asked: 0, refused: 0, late: 0 };
  let guesses = 0, viewers = 0, held = 0;
  async function instance() {
    const gate = cold(world, aws, random, location => indexes.get(new URL(location).pathname.slice(1)));
    const get = async (path, address) => {
      const began = world.time;
      const { status } = await gate.answer({ method: 'GET', path, headers: {}, address });
      held += world.time - began;
      if (world.time - began > 8000 + GRANTED_MS) told.late++;
      return { status, took: world.time - began };
    };
    await world.sleep(random() * 1000);
    for (let next = world.time + random() * 2 * VIEWER_MS; world.time < end;) {
      if (clients) await get(`/guess-${guesses++}/`, address(198, guesses % clients));
      if (world.time >= next) {
        next = world.time + random() * 2 * VIEWER_MS;
        const reel = `reel-${viewers++}`, index = indexZip(reel, generation(GENERATION, 1));
        indexes.set(indexName(reel), index);
        functions.set(indexName(reel), digest(index));
        const { status, took } = await get(`/${reel}/`, address(203, viewers));
        told.asked++;
        if (status === 200) waits.push(took);
        else if (status === 503) told.refused++;
        else throw new Error(`${reel}: ${status}`);
        indexes.delete(indexName(reel));
      }
      await world.sleep(-Math.log(1 - random()) * GUESS_EVERY_MS);
    }
  }
  for (let i = 0; i < instances; i++) world.start(instance);
  await world.run(end + 60_000);
  const [first = 0, ...later] = Array.from(aws.missing, count => count ?? 0);
  const at = shares(waits), share = (part, whole) => +(part / whole).toFixed(3);
  return {
    instances, clients, guesses, first, busiestLater: Math.max(0, ...later), getFunctionPerSecond: +(sum(later) / (minutes * 60 - 1)).toFixed(1),
    viewers: told.asked, refused: share(told.refused, told.asked), p50: at(0.5), p99: at(0.99), longest: at(1),
    held: share(held, instances * minutes * 60_000), late: told.late, short: 0,
  };
}

const address = (net, i) => `${net}.${i >> 16 & 255}.${i >> 8 & 255}.${i & 255}`;

// What the gate would log, and where its refusals arose, is of no interest here.
console.warn = () => {};
Error.stackTraceLimit = 0;
const { values } = parseArgs({ options: {
  minutes: { type: 'string', default: '30' }, instances: { type: 'string' }, chunks: { type: 'string', default: '34,340' },
  attack: { type: 'string' }, load: { type: 'string', default: 'second' }, json: { type: 'boolean', default: false },
} });
const each = list => list.split(',').map(Number);
const [run, seconds] = values.attack === undefined ? [simulate, values.chunks] : [attack, values.attack];
const rows = [];
for (const second of each(seconds)) {
  for (const instances of each(values.instances ?? (run === attack ? '200' : '1,10,100,1000'))) rows.push(await run(instances, second, Number(values.minutes), LOADS[values.load]));
}
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows);
if (rows.some(({ late, short }) => late || short)) process.exit(1);
