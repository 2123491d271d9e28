// Of gate and relay: a monthly ceiling for what browsers cost. Every instance of the relay counts the bytes that it sends, and
// puts them into a metric of CloudWatch's, which has the sum of all instances. The gate asks the relay.
//
// It fails open: while CloudWatch can't be asked, what was known last counts, and nothing before that. Every wait is bounded.

import { endpointOf, keysOf, queryOf, signed } from './sign.mjs';

const SECOND = 1000, MINUTE = 60 * SECOND, DAY = 86400;
/** An instance counts what it sent when it answers after this, and sooner if it is this much. */
const PUT_EVERY = MINUTE;
const PUT_AT = 64 << 20;
/** Until what could not be put is tried again. */
const PUT_AGAIN = 10 * SECOND;
/** How long an instance relies on the sum that it read. */
const READ_EVERY = MINUTE;
const TIMEOUT = 2 * SECOND;
/** How long the gate relies on what the relay said, and waits for it to say more. */
const ASK_EVERY = 30 * SECOND;
const ASK_TIMEOUT = SECOND;
/** The same where it has said nothing yet this month: a relay that was idle has to start, and to ask CloudWatch. */
const FIRST_TIMEOUT = 4 * SECOND;
/** Until it is asked again after it said nothing, so often: a relay that hangs holds up no more than that. */
const ASK_AGAIN = 2 * SECOND;
const SILENCES = 2;
/** CloudFront is in no Region; its figures are in this one. */
const OF_CLOUDFRONT = 'us-east-1';
/** What a CDN kept, and clocks that differ, make of the seconds until the next month. */
const ABOUT = 60;

/** The path below the relay's base URL by which the gate asks. */
export const CEILING_PATH = '/ceiling';

/** The ceiling in bytes, by the environment; 0 where there is none. */
export const ceilingOf = ({ ZIPREEL_CEILING_GB: gb }) => /^[1-9]\d{0,6}$/.test(gb) ? gb * 1e9 : 0;

/** The first moment of the month, or of one after it, in UTC. */
function monthOf(now, later = 0) {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later);
}

/** Seconds; at least one. */
const untilNextMonth = now => Math.max(Math.ceil((monthOf(now, 1) - now) / SECOND), 1);

/** What gate and relay answer beyond the ceiling: `{ status, headers, body }`, of which the headers are those besides the usual. */
export function beyond(now) {
  const after = untilNextMonth(now);
  const headers = {
    'content-type': 'text/plain', 'cache-control': `public, max-age=${Math.min(10, after)}`, 'retry-after': String(after), 'access-control-expose-headers': 'retry-after',
  };
  return { status: 429, headers, body: 'the monthly ceiling is reached\n' };
}

// ---- the relay's part -----------------------------------------------------------------------------------------

const RELAYED = { Namespace: 'zipreel', MetricName: 'RelayedBytes', of: { FunctionName: 'zipreel-relay' } };

/** `{ of: { Name: 'Value' } }` as the Query protocol has it. */
function dimensions(of, before = '') {
  const named = Object.entries(of).map(([name, value], i) => [[`${before}Dimensions.member.${i + 1}.Name`, name], [`${before}Dimensions.member.${i + 1}.Value`, value]]);
  return Object.fromEntries(named.flat());
}

/** The ids of the distributions whose bytes count in the month that begins then: `E2,E1@2026-11` is the CDN that there is, and one
 *  that there was in that month. */
export function cdnsOf({ ZIPREEL_CDN_ID: ids }, since) {
  const month = new Date(since).toISOString().slice(0, 7);
  return (ids ?? '').split(',').map(known => known.split('@')).filter(([id, last = month]) => id && last === month).map(([id]) => id);
}

/** CloudWatch, as far as the relay needs it: `put(bytes)`, and `sum(since, until)` of what all instances put and, with a CDN, of what
 *  that sent; each of them null where it could not be read. */
export function cloudWatchOverHttp(env) {
  const keys = keysOf(env);
  async function ask(region, fields) {
    const url = new URL(`/?${queryOf({ Version: '2010-08-01', ...fields })}`, endpointOf(env, 'CLOUDWATCH', 'monitoring', region));
    const answer = await fetch(url, { headers: signed(url, 'monitoring', { ...keys, region }, new Date()), redirect: 'error', signal: AbortSignal.timeout(TIMEOUT) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? ''}`);
    return text;
  }
  async function sum(region, { of, ...metric }, since, until) {
    const time = at => new Date(at).toISOString().replace(/\.\d{3}/, '');
    const wanted = { StartTime: time(since), EndTime: time(until), Period: DAY, 'Statistics.member.1': 'Sum' };
    const text = await ask(region, { Action: 'GetMetricStatistics', ...metric, ...dimensions(of), ...wanted });
    return [...text.matchAll(/<Sum>([\d.eE+-]+)<\/Sum>/g)].reduce((all, [, sum]) => all + Number(sum), 0);
  }
  const byCdn = (since, until) => async id => sum(OF_CLOUDFRONT, { Namespace: 'AWS/CloudFront', MetricName: 'BytesDownloaded', of: { DistributionId: id, Region: 'Global' } }, since, until);
  const orNull = reading => reading.catch(error => { told('read', error); return null; });
  return {
    async put(bytes) {
      const { of, Namespace, MetricName } = RELAYED, datum = 'MetricData.member.1.';
      const value = { [`${datum}MetricName`]: MetricName, [`${datum}Value`]: bytes, [`${datum}Unit`]: 'Bytes' };
      return ask(keys.region, { Action: 'PutMetricData', Namespace, ...value, ...dimensions(of, datum) });
    },
    sums: (since, until) => Promise.all([
      orNull(sum(keys.region, RELAYED, since, until)),
      orNull(Promise.all(cdnsOf(env, since).map(byCdn(since, until))).then(sums => sums.reduce((all, sum) => all + sum, 0))),
    ]),
  };
}

function told(what, error) { console.warn(`the count could not be ${what} (${error.cause?.code ?? error.message})`); }

/** What this instance knows of the ceiling: the month's sum as it was read last, and what it sent itself and has not put yet. */
export class Ceiling {
  #uncounted = 0;
  #putting = null;
  #putFrom; // when what it sent is put next
  #againFrom = 0; // after a failure
  #sums = [0, 0];
  #month = 0; // of the sums
  #readFrom = 0; // when they are read next
  #reading = null;
  constructor({ bytes, cloudWatch, now = Date.now }) { Object.assign(this, { bytes, cloudWatch, now }); this.#putFrom = now() + PUT_EVERY; }

  /** An old sum serves while the next is read, unless that is to be waited for. */
  async isReached({ newest = false } = {}) {
    const now = this.now(), isOld = () => monthOf(this.now()) !== this.#month;
    if (isOld() || now >= this.#readFrom) this.#reading ??= this.#read(now);
    if (newest) await this.#reading;
    // a reading that began in the last month says nothing of this one
    while (isOld()) await (this.#reading ??= this.#read(this.now()));
    const [relayed, byCdn] = this.#sums;
    return relayed + byCdn + this.#uncounted >= this.bytes;
  }

  async #read(now) {
    const month = monthOf(now);
    // the month's first moment is not before itself
    const read = await this.cloudWatch.sums(month, now + MINUTE);
    const known = month === this.#month ? this.#sums : [0, 0];
    this.#sums = read.map((sum, i) => sum ?? known[i]);
    [this.#month, this.#readFrom, this.#reading] = [month, now + READ_EVERY, null];
  }

  /** The stream, counted as it passes. */
  counted(stream) {
    const transform = (piece, passed) => { this.#add(piece.length); passed.enqueue(piece); };
    return stream.pipeThrough(new TransformStream({ transform }));
  }

  #add(bytes) {
    this.#uncounted += bytes;
    const now = this.now(), isDue = now >= this.#putFrom || this.#uncounted >= PUT_AT && now >= this.#againFrom;
    if (isDue) this.#putting ??= this.#put(now);
  }

  async #put(now) {
    const bytes = this.#uncounted;
    this.#putFrom = now + PUT_EVERY;
    try {
      await this.cloudWatch.put(bytes);
      this.#uncounted -= bytes;
    } catch (error) {
      this.#againFrom = now + PUT_AGAIN;
      told('put', error);
    }
    this.#putting = null;
  }

  /** What is under way ends. AWS stops an instance between its answers. */
  async settled() { await Promise.all([this.#putting, this.#reading]); }
}

// ---- the gate's part ------------------------------------------------------------------------------------------

const isOfThisMonth = (after, now) => after !== null && Math.abs(after - untilNextMonth(now)) <= ABOUT;

/** Whether the relay says so of this month, or null where it says nothing. Behind a CDN it may send whoever asks it there, and the CDN
 *  may have kept what was so in the month before. */
async function askOverHttp(url, now, timeout) {
  const signal = AbortSignal.timeout(timeout);
  for (let at = url, times = 0; ; times++) {
    const answer = await fetch(at, { redirect: 'manual', signal });
    await answer.body?.cancel();
    if (answer.status === 302 && times === 0) at = new URL(answer.headers.get('location'), at);
    // AWS itself says 429 where too many ask at once, but not until when
    else return { 429: isOfThisMonth(answer.headers.get('retry-after'), now()) || null, 204: false, 404: false }[answer.status] ?? null;
  }
}

/** What the gate knows of the relay's ceiling. `relay` is the relay's base URL. */
export class RelaysCeiling {
  #isReached = null; // until the relay has said it
  #month = 0; // in which that was so
  #silences = 0; // one after the other
  #askFrom = 0;
  #asking = null;
  constructor({ relay, ask = askOverHttp, now = Date.now }) { Object.assign(this, { url: relay + CEILING_PATH.slice(1), ask, now }); }

  async isReached() {
    const now = this.now(), month = monthOf(now);
    if (month !== this.#month) [this.#isReached, this.#month, this.#silences, this.#askFrom] = [null, month, 0, 0];
    if (now >= this.#askFrom) await (this.#asking ??= this.#renew(now));
    return this.#isReached ?? false;
  }

  async #renew(now) {
    const isPatient = this.#silences < SILENCES;
    const said = await this.ask(this.url, this.now, this.#isReached === null && isPatient ? FIRST_TIMEOUT : ASK_TIMEOUT).catch(() => null);
    this.#isReached = said ?? this.#isReached;
    this.#silences = said === null ? this.#silences + 1 : 0;
    [this.#askFrom, this.#asking] = [said === null && isPatient ? this.now() + ASK_AGAIN : now + ASK_EVERY, null];
  }
}
