// Of the gate: the indexes of the reels, kept in memory and looked at again; what their zips hold: index.mjs.

import { get as getOverHttp } from 'node:http';
import { get as getOverHttps } from 'node:https';
import { ABSENT_FOR, ABSENT_KEPT, warn } from './functions.mjs';
import { Busy, Guesses, Refused, SECOND } from './guesses.mjs';
import { readIndex } from './index.mjs';
import { Joined, MUCH, Recent, collect, pages } from './memory.mjs';
import { sha256 } from './sign.mjs';

const INDEX_CHECK_EVERY = 10 * SECOND;
/** A known index is worth one question; if AWS is busy, the known one is served and links come first for a while. */
const INDEX_CHECK_WHEN_BUSY = 60 * SECOND;
/** Nobody plays a generation for longer than this before it is seen that its reel was deleted. */
const GENERATION_CHECK_EVERY = 300 * SECOND;
const INDEXES_KEPT = 64;
const INDEX_BYTES_KEPT = 18 << 20; // of the function's 128 MB, the one that is being read included
const INDEX_BYTES_MAX = 12 << 20;
/** Names of reels that were there: asking for one again is no guess. */
const KNOWN_KEPT = 10_000;

const weight = bytes => Math.max(bytes, INDEX_BYTES_KEPT / INDEXES_KEPT);

/** Indexes of reels, kept and checked for news; guesses cost little. An asker is `{ client, deadline, hold }`: who, as clientOf
 *  gives it; until when it is answered; and until when AWS is asked again for it, waiting for a guess's turn not counted. */
export class Reels {
  #kept = new Recent(INDEX_BYTES_KEPT, reel => weight(reel.index.bytes));
  #known = new Recent(KNOWN_KEPT);
  /** Reels that are not there, and `<reel>/<generation>` that no index has. */
  #absent = new Recent(ABSENT_KEPT);
  /** Reels whose index is not one that this gate can read. */
  #unreadable = new Recent(ABSENT_KEPT);
  /** Until when a guess that AWS has not answered may be made again: who made it is sent back for the answer. */
  #begun = new Recent(ABSENT_KEPT);
  #joined = new Joined();
  constructor({ functions, download, now = Date.now }) {
    Object.assign(this, { functions, download, now, guesses: new Guesses(functions) });
  }

  /** The reel's index, not older than INDEX_CHECK_EVERY if AWS answers; null if there is no such reel. */
  async current(reel, asker) {
    const kept = this.#kept.get(reel);
    if (!kept) return this.#discover(reel, asker);
    if (this.now() < kept.checkAt) return kept.index;
    return this.#check(reel, kept, asker, 1).catch(error => {
      if (!(error instanceof Busy)) warn(`${error.name}: ${error.message}`);
      return kept.index;
    });
  }

  /** The index that has this generation, some minutes old if AWS answers; null if no such reel or generation is served. */
  async having(reel, generation, asker) {
    const index = await this.listing(reel, generation, asker), kept = this.#kept.get(reel);
    const isDue = kept?.index === index && this.now() >= kept.checkAt + GENERATION_CHECK_EVERY;
    return isDue ? this.#serving(await this.current(reel, asker), generation) : index;
  }

  #serving(index, generation) { return index?.generations.get(generation)?.until > this.now() ? index : null; }

  /** The same, however old, for what says itself whether it is there: each chunk is a function of its own. */
  async listing(reel, generation, asker) {
    const served = index => this.#serving(index, generation);
    const kept = this.#kept.get(reel);
    if (!kept) return served(await this.#discover(reel, asker));
    if (kept.index.generations.has(generation)) return served(kept.index);
    // A new generation may have been published since: players reach it through another instance's playlist.
    const name = `${reel}/${generation}`;
    if (this.#absent.get(name) > this.now()) return null;
    const { deadline, hold } = asker;
    const ask = async (waited = 0) => {
      const index = await this.#check(reel, kept, { deadline, hold: Math.min(hold + waited, deadline) });
      if (index?.generations.has(generation)) return index;
      this.#absent.set(name, this.now() + ABSENT_FOR);
      return null;
    };
    // Where the index is due for a look, as it is for a playlist, looking is no guess.
    return served(await (this.now() < kept.checkAt ? this.#joined.run(name, () => this.#guess(name, asker, ask)) : ask()));
  }

  async #discover(reel, asker) {
    const { deadline, hold } = asker;
    if (this.#absent.get(reel) > this.now()) return null;
    if (this.#unreadable.get(reel) > this.now()) throw new Refused(reel);
    const ask = async (waited = 0) => {
      const found = await this.functions.get(`zipreel-${reel}-index`, { deadline, hold: Math.min(hold + waited, deadline) });
      if (!found) return this.#forget(reel);
      this.#known.set(reel, true);
      // What AWS has granted is not thrown away for being late: the download has the whole time.
      return this.#load(reel, found, deadline);
    };
    return this.#joined.run(reel, () => this.#known.get(reel) ? ask() : this.#guess(reel, asker, ask));
  }

  #guess(name, { client, deadline }, ask) {
    const begun = this.#begun.get(name) > this.now();
    const made = async waited => {
      if (!begun) this.#begun.set(name, deadline);
      const found = await ask(waited);
      this.#begun.delete(name);
      return found;
    };
    return begun ? made() : this.guesses.run(client, deadline, made);
  }

  #check(reel, kept, asker, attempts) {
    return this.#joined.run(reel, async () => {
      try {
        const found = await this.functions.get(`zipreel-${reel}-index`, asker, { attempts });
        if (!found) return this.#forget(reel);
        if (found.sha256 !== kept.sha256) return await this.#load(reel, found, asker.deadline);
        kept.checkAt = this.now() + INDEX_CHECK_EVERY;
        return kept.index;
      } catch (error) {
        kept.checkAt = this.now() + INDEX_CHECK_WHEN_BUSY;
        // What is known is served on, also where it had made room for what could not be read.
        if (!this.#kept.get(reel)) this.#kept.set(reel, kept);
        throw error;
      }
    });
  }

  #forget(reel) {
    this.#kept.delete(reel);
    this.#known.delete(reel);
    this.#absent.set(reel, this.now() + ABSENT_FOR);
    return null;
  }

  async #load(reel, { location, sha256: expected, bytes }, deadline) {
    try {
      if (bytes > INDEX_BYTES_MAX) throw new Error(`zipreel-${reel}-index: ${bytes} bytes are no index`);
      this.#kept.makeRoom(weight(bytes));
      const zip = await this.download(location, bytes, Math.max(deadline - this.now(), 1));
      // Between GetFunction and the download its code may have been updated: the next request sees the new one.
      if (sha256(zip, 'base64') !== expected) throw new Busy(reel);
      const index = readIndex(reel, zip);
      this.#kept.set(reel, { index, sha256: expected, checkAt: this.now() + INDEX_CHECK_EVERY });
      return index;
    } catch (error) {
      if (!(error instanceof Busy)) this.#unreadable.set(reel, this.now() + ABSENT_FOR);
      throw error;
    }
  }
}

/** The body that a link leads to, of so many bytes. */
export async function downloadOverHttp(location, bytes, timeout) {
  const large = bytes > MUCH;
  if (large) collect();
  const { promise, resolve, reject } = Promise.withResolvers();
  const get = location.startsWith('https:') ? getOverHttps : getOverHttp;
  get(location, { signal: AbortSignal.timeout(timeout) }, resolve).on('error', reject);
  try {
    const answer = await promise;
    if (answer.statusCode !== 200) {
      answer.resume();
      throw new Busy(`${answer.statusCode}`);
    }
    const zip = pages(bytes);
    let at = 0, collected = 0;
    for await (const part of answer) {
      if (at + part.length > bytes) throw new Busy('it is too long');
      at += part.copy(zip, at);
      // Each part was memory of its own.
      if (large && at - collected > MUCH) {
        collect({ type: 'minor' });
        collected = at;
      }
    }
    return zip;
  } catch (error) {
    warn(`an index zip could not be downloaded (${error instanceof Busy ? error.message : error.code ?? error.name})`);
    throw new Busy('download');
  }
}
