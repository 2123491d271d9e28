// Of gate and relay: bounded memories, and how they stay within the function's.
//
// Lambda ends an instance that takes more than its memory, and Node.js has half of that before the first request. An index
// may be 12 MiB, and what lies outside V8's heap neither makes V8 collect nor goes back to the system when malloc gets it:
// so indexes lie in pages of their own, which do go back, and garbage is collected here where much of it arises.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export let collect = () => {};

/** Garbage of this size is worth collecting. */
export const MUCH = 1 << 20;

/** Only in Lambda's function: these flags are the whole process's. */
export function keepSmall() {
  setFlagsFromString('--expose-gc');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-opt'); // it may take 15 MiB while it compiles, and this code waits for others most of the time
  collect = runInNewContext('gc');
}

/** Memory that can be made smaller, and is then given back at once. */
export const pages = bytes => Buffer.from(new ArrayBuffer(bytes, { maxByteLength: bytes }));

/** A map that forgets what was not used for longest; `weigh` gives an entry's share of `limit`. The one that was set last stays in
 *  any case. */
export class Recent extends Map {
  #weight = 0;
  constructor(limit, weigh = () => 1) { super(); Object.assign(this, { limit, weigh }); }
  get(key) {
    const value = super.get(key);
    if (value !== undefined) { super.delete(key); super.set(key, value); }
    return value;
  }
  set(key, value) {
    this.delete(key);
    this.makeRoom(this.weigh(value));
    this.#weight += this.weigh(value);
    return super.set(key, value);
  }
  makeRoom(weight) {
    for (const oldest of this.keys()) {
      if (this.#weight + weight <= this.limit) break;
      this.delete(oldest);
    }
  }
  delete(key) {
    if (this.has(key)) this.#weight -= this.weigh(super.get(key));
    return super.delete(key);
  }
}

/** Calls of the same key that overlap become one. */
export class Joined {
  #running = new Map();
  run(key, start) {
    let running = this.#running.get(key);
    if (!running) {
      running = start().finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }
}
