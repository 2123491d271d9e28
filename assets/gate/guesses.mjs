// What the gate's instances allow: allowances, and what guesses may cost.
//
// A guess is a question for a reel or a generation that the instance does not know. Each costs a GetFunction, of which the
// account has 100 a second for all instances: so each instance asks in slots of its own, and who finds the slot taken may
// wait for the next one.

import { Recent } from './memory.mjs';

export const SECOND = 1000;
/** One question to AWS takes at most this. */
export const ATTEMPT_TIMEOUT = 3 * SECOND;
/** One guess of an instance in each slot of this length, so 200 instances cost 50 GetFunction a second of the account's 100.
 *  Where its slots begin is random: instances that are guessed at in the same second do not ask in step after that. */
const SLOT = 4 * SECOND;
/** Two guesses of an instance are at least this far apart: 200 instances never ask more than 200 times in one second. */
const SLOT_APART = SECOND;
/** Guesses that may wait for their slot, 5 s at most. Lambda gives an instance one request at a time, so one that waits serves
 *  nobody else: without a bound, a few guesses a second would hold them all. */
const WAITS = { atOnce: 3, aMinute: 1 };
/** Guesses of one client. */
const GUESSES_OF_A_CLIENT = { atOnce: 3, aMinute: 0.5 };
/** Seconds, at most, that a client is told to stay away once it has made its guesses: another instance may let it guess sooner. */
const AWAY = 20;
const CLIENTS_KEPT = 1000;

/** There is no answer now, but there may be one soon. */
export class Busy extends Error {}

/** Asking again at once would not help; `after` so many seconds it may. */
export class Refused extends Busy {
  constructor(what, after) { super(what); this.after = after; }
}

/** Calls of the same key take turns, in the order in which they came. */
export class Turns {
  #last = new Map();
  async run(key, start) {
    const before = this.#last.get(key);
    const mine = (async () => {
      await before?.catch(() => {});
      return start();
    })();
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

/** `atOnce`, and `aMinute` after that. */
export class Allowance {
  constructor({ atOnce, aMinute }, now) { Object.assign(this, { atOnce, aMinute, now, left: atOnce, at: now() }); }
  has() {
    const now = this.now();
    // A clock that was set back refills nothing.
    this.left = Math.min(this.atOnce, this.left + Math.max(now - this.at, 0) * this.aMinute / (60 * SECOND));
    this.at = now;
    return this.left >= 1;
  }
  take() {
    if (!this.has()) return false;
    this.left -= 1;
    return true;
  }
  /** Milliseconds until there is one. */
  wait() { return this.has() ? 0 : (1 - this.left) * 60 * SECOND / this.aMinute; }
  giveBack() { this.left = Math.min(this.atOnce, this.left + 1); }
}

/** Who an address counts as: an IPv6 address as its /64, since whoever has one has all of these. */
export function clientOf(address = '') {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  if (!plain.includes(':')) return plain;
  const [head, tail] = plain.split('::').map(half => half.split(':').filter(Boolean));
  const groups = tail ? [...head, ...Array(Math.max(8 - head.length - tail.length, 0)).fill('0'), ...tail] : head;
  return groups.slice(0, 4).map(group => parseInt(group, 16).toString(16)).join(':');
}

/** When this instance may guess. */
class Slots {
  constructor({ now, random }) { Object.assign(this, { now, begin: random() * SLOT, next: now() }); }

  /** Milliseconds until the next guess may be made. */
  wait() {
    // A clock that was set back is not waited for.
    this.next = Math.min(this.next, this.now() + SLOT_APART + SLOT);
    return Math.max(this.next - this.now(), 0);
  }

  /** Uses the slot and returns how to give it back. */
  take() {
    const used = this.next, least = this.now() + SLOT_APART;
    this.next = least + ((this.begin - least) % SLOT + SLOT) % SLOT;
    return () => { this.next = used; };
  }
}

/** What guesses may cost this instance, and each client of it. */
export class Guesses {
  #clients = new Recent(CLIENTS_KEPT);
  #ofClient = new Turns();
  #ofAll = new Turns();
  constructor({ now, sleep, random }) {
    Object.assign(this, { now, sleep, slots: new Slots({ now, random }), waits: new Allowance(WAITS, now) });
  }

  /** What `ask` finds, which is told how long it had to wait, or null; Busy if it may not ask. A guess that finds something costs nothing; one without an answer
   *  costs the instance its slot, since AWS was asked, and the client nothing. Guesses take turns: many for reels that are
   *  there must not be refused for being made at the same time. Who came before has the earlier deadline, so turns end in time. */
  run(client, deadline, ask) {
    const began = this.now();
    return this.#ofClient.run(client, async () => {
      const own = this.#clients.get(client) ?? new Allowance(GUESSES_OF_A_CLIENT, this.now);
      this.#clients.set(client, own);
      const wait = own.wait();
      if (wait > 0) throw new Refused(client, Math.min(Math.ceil(wait / SECOND), AWAY));
      return this.#ofAll.run('', async () => {
        await this.#slot(deadline);
        own.take();
        const giveBack = this.slots.take();
        let found;
        try {
          found = await ask(this.now() - began);
        } finally {
          if (found !== null) own.giveBack();
        }
        if (found !== null) giveBack();
        return found;
      });
    });
  }

  async #slot(deadline) {
    const wait = this.slots.wait();
    if (wait === 0) return;
    if (this.now() + wait > deadline - ATTEMPT_TIMEOUT || !this.waits.take()) throw new Refused('guesses');
    await this.sleep(wait);
  }
}
