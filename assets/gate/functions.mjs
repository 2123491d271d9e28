// GetFunction as the gate asks it, with patience, and its links kept for as long as they live.

import { ATTEMPT_TIMEOUT, Allowance, Busy, Refused, SECOND } from './guesses.mjs';
import { Joined, Recent } from './memory.mjs';
import { endpointOf, keysOf, signed } from './sign.mjs';

/** A link with less left is never served: a player may use it for as long as it reads one segment. */
const LINK_RESERVE = 120 * SECOND;
/** What AWS promises of a link's life, should the link itself not say. */
const LINK_LIFE = 600 * SECOND;
const LINKS_KEPT = 2000; // about 2 KB each
export const ABSENT_FOR = 10 * SECOND;
export const ABSENT_KEPT = 1000;
/** So many clients may say that a kept link is dead (`Cache-Control: no-cache`) and get a new one. */
const RENEWALS = { atOnce: 20, aMinute: 20 };
const WARNINGS = { atOnce: 60, aMinute: 60 };
/** Shortest mean wait between attempts. */
const BACKOFF_LEAST = 60;
/** Mean wait between attempts as a part of the time that is left. What a player shows first is asked for twice as often as what
 *  it reads ahead: all instances share one rate, and this is how one of them lets others go before it. */
const PATIENCE_PARTS = { ahead: 8, first: 16 };

const lines = new Allowance(WARNINGS, Date.now);

/** To the log at WARN (the function's log level), bounded, since log lines are billed: never a link, never a key. */
export function warn(line) { if (lines.take()) console.warn(line); }

/** One GetFunction, one attempt: `{ status, retryAfter, found, cause }`; status 0 where nothing answered. */
export function getFunctionOverHttp(env) {
  const keys = keysOf(env), endpoint = endpointOf(env, 'LAMBDA', 'lambda', keys.region);
  return async (name, timeout) => {
    const url = new URL(`/2015-03-31/functions/${name}`, endpoint);
    try {
      const answer = await fetch(url, { headers: signed(url, 'lambda', keys, new Date()), redirect: 'error', signal: AbortSignal.timeout(timeout) });
      const retryAfter = Number(answer.headers.get('retry-after')) * SECOND || 0;
      const body = await answer.json().catch(() => null);
      const { CodeSha256, CodeSize } = body?.Configuration ?? {};
      const found = body?.Code?.Location && { location: body.Code.Location, sha256: CodeSha256, bytes: CodeSize };
      return { status: answer.status === 200 && !found ? 0 : answer.status, retryAfter, found };
    } catch (error) {
      return { status: 0, retryAfter: 0, cause: error.cause?.code ?? error.name };
    }
  };
}

/** GetFunction with patience: waits and asks again on 429 and trouble, until the deadline would pass. */
export class Functions {
  constructor({ ask, now = Date.now, sleep = wait => new Promise(done => setTimeout(done, wait)), random = Math.random }) {
    Object.assign(this, { ask, now, sleep, random });
  }

  /** `{ location, sha256, bytes }`, or null where no function has this name. Attempts end with `hold`; how long the waits are
   *  goes by the deadline, which is when whoever asks gives up for good, wherever it was sent meanwhile. */
  async get(name, { deadline, hold = deadline }, { attempts = Infinity, parts = PATIENCE_PARTS.first } = {}) {
    for (let attempt = 0; ; attempt++) {
      const left = Math.max(deadline - this.now(), 1);
      const { status, retryAfter, found, cause } = await this.ask(name, Math.min(left, ATTEMPT_TIMEOUT));
      if (status === 200) return found;
      if (status === 404) return null;
      if (status !== 0 && status !== 429 && status < 500) {
        warn(`GetFunction ${name}: refused with ${status}`);
        throw new Refused(name);
      }
      // Waits shrink as the deadline nears: all instances share one rate, and whoever waited longest should be next.
      // In tests/gate/simulate.mjs this gives a tenth of the 503s of doubling waits, with half the attempts.
      const wait = Math.max(retryAfter, this.random() * 2 * Math.max(BACKOFF_LEAST, left / parts));
      if (attempt + 1 >= attempts || this.now() + wait >= hold) {
        warn(`GetFunction ${name}: gave up after ${attempt + 1} attempts (${cause ?? status})`);
        throw new Busy(name);
      }
      await this.sleep(wait);
    }
  }
}

/** When a presigned link ends, by its own query; milliseconds since 1970. */
export function endOfLink(location, received) {
  const query = new URL(location).searchParams;
  const life = Number(query.get('X-Amz-Expires')) * SECOND || LINK_LIFE;
  const date = (query.get('X-Amz-Date') ?? '').replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const made = Date.parse(date);
  // A link whose clock runs ahead of ours does not live longer for it.
  return Math.min(received, Number.isNaN(made) ? received : made) + life;
}

/** Download links of chunks: GetFunction at most once per chunk and life of a link. */
export class Links {
  #kept = new Recent(LINKS_KEPT);
  #absent = new Recent(ABSENT_KEPT);
  #joined = new Joined();
  constructor({ functions, now = Date.now }) {
    Object.assign(this, { functions, now, renewals: new Allowance(RENEWALS, now) });
  }

  /** `{ location, end }` with more than the reserve left; null if the function is gone or holds another zip. */
  async get(name, sha256, asker, { dead = false, first = false } = {}) {
    const kept = this.#kept.get(name);
    const good = kept?.sha256 === sha256 && kept.end - this.now() > LINK_RESERVE;
    if (good && !(dead && this.renewals.take())) return kept;
    if (this.#absent.get(name) > this.now()) return null;
    return this.#joined.run(name, async () => {
      const found = await this.functions.get(name, asker, { parts: PATIENCE_PARTS[first ? 'first' : 'ahead'] });
      if (!found || found.sha256 !== sha256) {
        warn(`${name} is listed, but ${found ? 'holds another zip' : 'does not exist'}`);
        this.#absent.set(name, this.now() + ABSENT_FOR);
        return null;
      }
      const link = { location: found.location, sha256, end: endOfLink(found.location, this.now()) };
      if (link.end - this.now() <= LINK_RESERVE) throw new Refused(name);
      this.#kept.set(name, link);
      return link;
    });
  }
}
