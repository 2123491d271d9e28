// Of the gate: the libraries that its page takes from others, for a CDN, so that browsers ask one host alone. A library is fetched
// when it is first asked for, from the address that the page names, and served only if it has the hash beside that.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ABSENT_FOR, warn } from './functions.mjs';
import { Refused, SECOND } from './guesses.mjs';
import { Joined, collect, pages } from './memory.mjs';

const LIBRARY = /const ([A-Z]+)_JS = '(https:[^' ;,]+)';\s+const \1_JS_INTEGRITY = 'sha384-([A-Za-z0-9+/]{64})';/g;
/** None is longer, in bytes. */
const MOST = 2 << 20;
/** Where it is published nobody is waited for longer: a browser waits six seconds, and then asks there itself. */
const PATIENCE = 4 * SECOND;

/** The libraries that a script names, in its order: `{ address, hash }`, the hash a SHA-384 in base64. */
export const librariesOf = script => [...script.matchAll(LIBRARY)].map(([, , address, hash]) => ({ address, hash }));

/** In memory that is given back, as that of an index. */
function kept(bytes) {
  const copy = pages(bytes.length);
  bytes.copy(copy);
  return copy;
}

export class Libraries {
  #known;
  #kept = new Map();
  /** Until when nothing is fetched: what can't be had from one address can't be from the next, and each attempt holds an instance. */
  #failed = 0;
  #joined = new Joined();
  /** `script` names the libraries. */
  constructor({ script, download, now }) {
    this.#known = new Map(librariesOf(script).map(library => [Buffer.from(library.hash, 'base64').toString('hex', 0, 4), library]));
    Object.assign(this, { download, now });
  }

  /** `{ text, gzip }` of the library whose hash begins so; null if the page takes none such. */
  async get(digits) {
    const library = this.#known.get(digits);
    if (!library) return null;
    return this.#kept.get(digits) ?? this.#joined.run(digits, () => this.#fetch(digits, library));
  }

  async #fetch(digits, { address, hash }) {
    const left = this.#failed - this.now();
    if (left > 0) throw new Refused(address, Math.ceil(left / SECOND));
    try {
      const text = await this.download(address, MOST, PATIENCE);
      if (createHash('sha384').update(text).digest('base64') !== hash) throw new Error('it has another hash');
      const forms = { text: kept(text), gzip: kept(gzipSync(text)) };
      this.#kept.set(digits, forms);
      return forms;
    } catch (error) {
      warn(`${address} could not be fetched (${error.cause?.code ?? error.message})`);
      this.#failed = this.now() + ABSENT_FOR;
      throw new Refused(address, ABSENT_FOR / SECOND);
    } finally {
      collect();
    }
  }
}

/** What lies at an address, of at most so many bytes. `elsewhere`, if not empty, is a base URL that stands for the address's own host. */
export const downloadFrom = elsewhere => async (address, most, timeout) => {
  const url = elsewhere ? new URL(new URL(address).pathname.slice(1), elsewhere) : address;
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeout) });
  if (answer.status !== 200) throw new Error(`${answer.status}`);
  const parts = [];
  let bytes = 0;
  for await (const part of answer.body) {
    if ((bytes += part.length) > most) throw new Error('it is too long');
    parts.push(part);
  }
  return Buffer.concat(parts);
};
