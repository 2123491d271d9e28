// A gate over an account in memory, on a clock of the test's: what a contract test over HTTP can't reach within seconds.

import { Functions, Links } from '../../assets/gate/functions.mjs';
import { Gate, ofPackage } from '../../assets/gate/gate.mjs';
import { Reels } from '../../assets/gate/reels.mjs';
import { GENERATION, chunkName, digest, generation, indexName, indexZip, link } from './reel.mjs';

export const CHUNK = `/reel/${GENERATION}/src/0001.ts`;
const files = ofPackage();
export const MINUTE = 60_000;

/** A gate over an account that is a map of function names to CodeSha256, with a clock that only tests move. */
export class Account {
  time = Date.UTC(2026, 0, 1);
  asked = [];
  functions = new Map();
  indexes = new Map();
  refusals = 0;
  linkSeconds = 600;
  bytes = 1;
  slept = [];
  constructor(options = {}) {
    const now = () => this.time;
    const sleep = async wait => { this.slept.push(wait); this.time += wait; };
    const paced = new Functions({ ask: name => this.answer(name), now, sleep, random: () => 0.5 });
    const reels = new Reels({ functions: paced, download: async location => this.indexes.get(new URL(location).pathname.slice(1)), now });
    this.gate = new Gate({ reels, links: new Links({ functions: paced, now }), files, base: '', relay: '', now, random: () => 0.5, ...options });
  }
  async answer(name) {
    this.asked.push(name);
    await null;
    if (this.refusals > 0) { this.refusals--; return { status: 429, retryAfter: 0 }; }
    const sha256 = this.functions.get(name);
    return sha256 ? { status: 200, retryAfter: 0, found: { location: link(name, this.time, this.linkSeconds), sha256, bytes: this.bytes } } : { status: 404, retryAfter: 0 };
  }
  publish(reel, current = generation(GENERATION, 3), retired = [], more = {}, files = []) {
    const index = indexZip(reel, current, retired, more, files);
    this.indexes.set(indexName(reel), index);
    this.functions.set(indexName(reel), digest(index));
    for (const { generation: id, renditions } of [current, ...retired]) {
      for (const { number, sha256 } of renditions.src.chunks) this.functions.set(chunkName(reel, number, id), sha256);
    }
    return this;
  }
  get(path, headers = {}, address = '192.0.2.1') { return this.gate.answer({ method: 'GET', path, headers, address }); }
  count(name) { return this.asked.filter(asked => asked === name).length; }
}
