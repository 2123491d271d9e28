// The monthly ceiling: what an instance of the relay counts, puts and reads, and what the gate asks it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Ceiling, RelaysCeiling, beyond, cdnsOf, ceilingOf, cloudWatchOverHttp } from '../../assets/gate/ceiling.mjs';
import { Relay } from '../../assets/gate/relay.mjs';
import { queryOf, signed } from '../../assets/gate/sign.mjs';
import { Account, MINUTE } from './account.mjs';
import { GENERATION } from './reel.mjs';

const GB = 1e9, MIB = 1 << 20;
const NOVEMBER = Date.UTC(2026, 10, 28);
const SEGMENT = '/reel/0123abcd/src/0.ts';

/** A CloudWatch in memory, on a clock that only tests move. `sum` is what it answers; null is no answer. */
class Counted {
  time = NOVEMBER;
  put = [];
  reads = [];
  sums = [0, 0];
  fails = 0;
  held = null;
  ceiling(bytes = GB) {
    const cloudWatch = {
      put: async bytes => { await this.held; if (this.fails-- > 0) throw new Error('503'); this.fails = 0; this.put.push(bytes); },
      sums: async (since, until) => { this.reads.push([since, until]); await this.held; return this.sums; },
    };
    return new Ceiling({ bytes, cloudWatch, now: () => this.time });
  }
}

/** How many bytes come out of a counted stream of pieces of these lengths. */
async function passed(ceiling, ...lengths) {
  const stream = new ReadableStream({ start(out) { for (const length of lengths) out.enqueue(new Uint8Array(length)); out.close(); } });
  return (await new Response(ceiling.counted(stream)).arrayBuffer()).byteLength;
}

/** The same as an answer, which ends when all is settled. */
async function sent(ceiling, ...lengths) {
  const bytes = await passed(ceiling, ...lengths);
  await ceiling.settled();
  return bytes;
}

test('what was sent is put a minute after the last time, or as soon as it is 64 MiB', async () => {
  const counted = new Counted(), ceiling = counted.ceiling();
  assert.equal(await sent(ceiling, 100, 200), 300);
  counted.time += MINUTE - 1;
  await sent(ceiling, 1);
  assert.deepEqual(counted.put, []);
  counted.time += 1;
  await sent(ceiling, 1000);
  assert.deepEqual(counted.put, [1301]);
  await sent(ceiling, 40 * MIB);
  assert.deepEqual(counted.put, [1301], 'the next minute has begun');
  await sent(ceiling, 30 * MIB, 5);
  assert.deepEqual(counted.put, [1301, 70 * MIB]);
});

test('what is sent while it is put is put the next time', async () => {
  const counted = new Counted(), ceiling = counted.ceiling();
  let release;
  counted.held = new Promise(done => release = done);
  await passed(ceiling, 64 * MIB);
  await passed(ceiling, 7);
  release();
  await ceiling.settled();
  counted.time += MINUTE;
  await sent(ceiling, 1);
  assert.deepEqual(counted.put, [64 * MIB, 8]);
});

test('what could not be put is put with the next, and not tried again at once', async () => {
  const counted = new Counted(), ceiling = counted.ceiling();
  counted.fails = 1;
  await sent(ceiling, 64 * MIB);
  await sent(ceiling, MIB);
  assert.deepEqual(counted.put, []);
  counted.time += 10_000;
  await sent(ceiling, MIB);
  assert.deepEqual(counted.put, [66 * MIB]);
});

test('the sum is read once a minute and month, at first before anything is answered, then while the old one serves', async () => {
  const counted = new Counted(), ceiling = counted.ceiling();
  counted.sums = [GB / 2, GB / 2 - 1];
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => ceiling.isReached())), [false, false, false]);
  assert.deepEqual(counted.reads, [[Date.UTC(2026, 10), NOVEMBER + MINUTE]]);
  counted.time += MINUTE;
  counted.sums = [GB / 2, GB / 2];
  let release;
  counted.held = new Promise(done => release = done);
  assert.equal(await ceiling.isReached(), false, 'nobody waits for the next one');
  release();
  await ceiling.settled();
  assert.deepEqual([await ceiling.isReached(), counted.reads.length], [true, 2]);
  counted.time += MINUTE;
  counted.sums = [0, 0];
  assert.equal(await ceiling.isReached({ newest: true }), false, 'who asks for it waits');
});

test('an instance adds what it has not put yet', async () => {
  const counted = new Counted(), ceiling = counted.ceiling();
  counted.sums = [GB - 100, 0];
  assert.equal(await ceiling.isReached(), false);
  await sent(ceiling, 99);
  assert.equal(await ceiling.isReached(), false);
  await sent(ceiling, 1);
  assert.equal(await ceiling.isReached(), true);
});

test('what can not be read counts as what was known, and a new month begins with nothing', async () => {
  const counted = new Counted(), ceiling = counted.ceiling();
  counted.sums = [null, null];
  assert.equal(await ceiling.isReached(), false);
  counted.time += MINUTE;
  counted.sums = [GB, null];
  await ceiling.isReached({ newest: true });
  counted.time += MINUTE;
  counted.sums = [null, 0];
  assert.equal(await ceiling.isReached({ newest: true }), true);
  counted.time = Date.UTC(2026, 11);
  counted.sums = [null, null];
  assert.equal(await ceiling.isReached(), false);
});

test('a reading that began in the last month is none of this one', async () => {
  const december = Date.UTC(2026, 11), reads = [];
  let now = december - 100, release;
  const held = new Promise(done => release = done);
  const sums = async since => { reads.push(since); await held; return [since < december ? GB : 0, 0]; };
  const ceiling = new Ceiling({ bytes: GB, cloudWatch: { sums }, now: () => now });
  const before = ceiling.isReached();
  now = december + 300;
  const after = ceiling.isReached();
  release();
  assert.deepEqual(await Promise.all([before, after]), [false, false]);
  assert.deepEqual(reads, [Date.UTC(2026, 10), december]);
});

test('beyond it an answer says when the next month begins', () => {
  for (const [now, seconds] of [[NOVEMBER, 3 * 86400], [Date.UTC(2026, 11, 31, 23, 59, 59, 900), 1], [Date.UTC(2028, 1), 29 * 86400]]) {
    const { headers } = beyond(now);
    assert.deepEqual([headers['retry-after'], headers['cache-control']], [String(seconds), `public, max-age=${Math.min(10, seconds)}`]);
  }
});

test('a ceiling is whole GB, and what is none is no ceiling', () => {
  assert.deepEqual(['1', '1000000'].map(gb => ceilingOf({ ZIPREEL_CEILING_GB: gb })), [1e9, 1e15]);
  assert.deepEqual([undefined, '', '0', '-1', '1.5', '1e3', '10000000'].map(gb => ceilingOf({ ZIPREEL_CEILING_GB: gb })), [0, 0, 0, 0, 0, 0, 0]);
});

// ---- the relay ----

let server, answer;
const asked = [];
const address = () => `http://127.0.0.1:${server.address().port}`;
before(() => new Promise(done => {
  server = createServer((request, response) => { asked.push(request.url); answer(request, response); }).listen(0, '127.0.0.1', done);
}));
after(() => { server.close(); server.closeAllConnections(); });

const PLAYLIST = '#EXTM3U\n#EXTINF:6,\n#EXT-X-BYTERANGE:100@66\nsrc/0001.ts\n#EXT-X-ENDLIST\n';
function asGateAndBucket(request, response) {
  if (request.url.endsWith('.m3u8')) return response.end(PLAYLIST);
  if (request.url.endsWith('.ts')) return response.writeHead(302, { location: '/x?X-Amz-Signature=1', 'cache-control': 'max-age=300' }).end();
  response.writeHead(206, { 'content-length': 100 }).end(Buffer.alloc(100));
}

test('a relay that is beyond its ceiling sends no segment, and what costs nothing as always', async () => {
  answer = asGateAndBucket;
  const counted = new Counted(), ceiling = counted.ceiling();
  const relay = new Relay({ gate: `${address()}/`, ceiling, now: () => counted.time });
  const ask = (path, { method = 'GET', ...headers } = {}) => relay.answer({ method, path, headers });
  const whole = await ask(SEGMENT);
  assert.equal((await new Response(whole.body).arrayBuffer()).byteLength, 100);
  const below = await ask('/ceiling');
  assert.deepEqual([below.status, below.body, below.headers['cache-control']], [204, '', 'public, max-age=10']);
  counted.time += MINUTE;
  await new Response((await ask(SEGMENT)).body).arrayBuffer();
  assert.deepEqual(counted.put, [200]);
  counted.sums = [GB, 0];
  counted.time += MINUTE;
  for (const path of ['/ceiling', '/_relay/ceiling', SEGMENT, `/_relay${SEGMENT}`]) {
    const { status, headers, body } = await ask(path);
    assert.deepEqual([status, body, headers['access-control-allow-origin'], headers['retry-after']], [429, 'the monthly ceiling is reached\n', '*', String(3 * 86400 - 120)], path);
    assert.deepEqual([headers['access-control-expose-headers'], headers['cache-control']], ['retry-after', 'public, max-age=10']);
  }
  const head = await ask(SEGMENT, { method: 'HEAD' });
  assert.deepEqual([head.status, head.body], [429, '']);
  assert.equal((await ask(SEGMENT, { 'if-none-match': whole.headers.etag })).status, 304);
  assert.equal((await ask(SEGMENT, { method: 'OPTIONS' })).status, 204);
  assert.equal((await ask('/reel/0123abcd/src/7.ts')).status, 404);
});

test('without a ceiling there is no such path, and with a CDN others are sent there', async () => {
  const get = (relay, headers = {}) => relay.answer({ method: 'GET', path: '/ceiling', headers });
  assert.equal((await get(new Relay({ gate: 'http://gate.example/' }))).status, 404);
  const edge = { url: 'https://cdn.example/', sha256: createHash('sha256').update('secret').digest('hex') };
  const relay = new Relay({ gate: 'http://gate.example/', edge, ceiling: new Counted().ceiling() });
  const { status, headers } = await get(relay);
  assert.deepEqual([status, headers.location], [302, 'https://cdn.example/_relay/ceiling']);
  assert.equal((await get(relay, { 'x-zipreel-edge': 'secret' })).status, 204);
});

// ---- CloudWatch over HTTP ----

test('a query is signed in its canonical form', () => {
  // From AWS's published test suite for Signature Version 4.
  const url = new URL(`https://example.amazonaws.com/?${queryOf({ Param2: 'value2', Param1: 'value1' })}`);
  const keys = { region: 'us-east-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const { authorization } = signed(url, 'service', keys, new Date('2015-08-30T12:36:00Z'));
  assert.match(authorization, /Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500$/);
  assert.equal(queryOf({ 'a.b': "it's *(1)!", a: ':/ ' }), 'a=%3A%2F%20&a.b=it%27s%20%2A%281%29%21');
});

test('CloudWatch is asked for the sum of each day of the month, of the relay and of the CDN', async () => {
  const sum = bytes => `<X><Datapoints><member><Sum>${bytes}</Sum></member><member><Sum>1.5E9</Sum></member></Datapoints></X>`;
  answer = (request, response) => response.end(sum(/BytesDownloaded/.test(request.url) ? 2 : 1));
  const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 's', AWS_ENDPOINT_URL: address() };
  const until = NOVEMBER + MINUTE;
  asked.length = 0;
  assert.deepEqual(await cloudWatchOverHttp(env).sums(Date.UTC(2026, 10), until), [1500000001, 0]);
  assert.deepEqual(await cloudWatchOverHttp({ ...env, ZIPREEL_CDN_ID: 'E1' }).sums(Date.UTC(2026, 10), until), [1500000001, 1500000002]);
  const two = { ...env, ZIPREEL_CDN_ID: 'E2,E1@2026-11,E0@2026-10' };
  assert.deepEqual(await cloudWatchOverHttp(two).sums(Date.UTC(2026, 10), until), [1500000001, 3000000004], 'of both that there were');
  assert.deepEqual(cdnsOf(two, Date.UTC(2026, 11)), ['E2']);
  const [first, , cdn] = asked.map(url => Object.fromEntries(new URL(url, 'http://x').searchParams));
  assert.deepEqual([first.Namespace, first.StartTime, first.EndTime, first.Period, first['Dimensions.member.1.Value']], ['zipreel', '2026-11-01T00:00:00Z', '2026-11-28T00:01:00Z', '86400', 'zipreel-relay']);
  assert.deepEqual([cdn.Namespace, cdn['Dimensions.member.1.Value'], cdn['Dimensions.member.2.Value']], ['AWS/CloudFront', 'E1', 'Global']);
  answer = (_, response) => response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
  assert.deepEqual(await cloudWatchOverHttp(env).sums(0, 1), [null, 0]);
  await assert.rejects(cloudWatchOverHttp(env).put(1), /403 AccessDenied/);
});

test('a CloudWatch that is silent is not waited for', async () => {
  answer = () => {};
  const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 's', AWS_ENDPOINT_URL: address() };
  const ceiling = new Ceiling({ bytes: 1, cloudWatch: cloudWatchOverHttp(env) });
  assert.equal(await ceiling.isReached(), false);
});

// ---- the gate ----

test('the gate asks the relay once in half a minute, and keeps to its last word', async () => {
  const words = [false, true, null, false];
  let time = NOVEMBER, times = 0;
  const relays = new RelaysCeiling({ relay: 'https://relay.example/', now: () => time, ask: async url => {
    assert.equal(url, 'https://relay.example/ceiling');
    return words[times++];
  } });
  const told = [];
  for (const wait of [0, 29_999, 1, 30_000, 30_000]) {
    time += wait;
    told.push((await Promise.all([relays.isReached(), relays.isReached()])).join());
  }
  assert.deepEqual([told, times], [['false,false', 'false,false', 'true,true', 'true,true', 'false,false'], 4]);
  words.push(true, null);
  time += 30_000;
  assert.equal(await relays.isReached(), true);
  time = Date.UTC(2026, 11);
  assert.equal(await relays.isReached(), false, 'what was true last month is not known of this one');
});

test('a relay that was idle is waited for, and asked again soon where it said nothing', async () => {
  let time = Date.UTC(2026, 11), waits = [];
  const words = [null, true, null, null, false];
  const relays = new RelaysCeiling({ relay: 'https://relay.example/', now: () => time, ask: async (_, __, wait) => { waits.push(wait); return words.shift(); } });
  const told = [];
  for (const wait of [0, 1999, 1, 30_000, 2000, 2000]) {
    time += wait;
    told.push(await relays.isReached());
  }
  assert.deepEqual(told, [false, false, true, true, true, false], 'what it said last holds until it says more');
  assert.deepEqual(waits, [4000, 4000, 1000, 1000, 1000]);
  // one that hangs holds up no more than twice
  let asked = [];
  const hangs = new RelaysCeiling({ relay: 'https://relay.example/', now: () => time, ask: async (_, __, wait) => { asked.push(wait); return null; } });
  for (const wait of [0, 2000, 2000, 2000, 27_999, 1]) {
    time += wait;
    assert.equal(await hangs.isReached(), false);
  }
  assert.deepEqual(asked, [4000, 4000, 1000, 1000]);
  // it starts, and reads CloudWatch
  answer = (_, response) => setTimeout(() => { const { status, headers, body } = beyond(time); response.writeHead(status, headers).end(body); }, 1500);
  assert.equal(await new RelaysCeiling({ relay: `${address()}/`, now: () => time }).isReached(), true);
});

test('the gate follows the relay to a CDN, once, and goes on if it says nothing', async () => {
  const at = path => new RelaysCeiling({ relay: `${address()}${path}`, now: () => Date.UTC(2026, 11) - 1000 }).isReached();
  answer = ({ url }, response) => url === '/_relay/ceiling' ? response.writeHead(429, { 'retry-after': '1' }).end('no') : response.writeHead(302, { location: url === '/ceiling' ? '/_relay/ceiling' : url }).end();
  assert.equal(await at('/'), true);
  asked.length = 0;
  assert.equal(await at('/circle/'), false);
  assert.equal(asked.length, 2);
  for (const status of [204, 404, 429, 500, 503]) {
    answer = (_, response) => response.writeHead(status).end();
    assert.equal(await at('/'), false, `${status}`);
  }
  answer = () => {};
  assert.equal(await at('/'), false, 'silence');
});

test('the gate does not take a word of the last month for one of this', async () => {
  let now = Date.UTC(2026, 11) - 5000;
  const word = beyond(now);
  answer = (_, response) => response.writeHead(word.status, word.headers).end(word.body);
  const relays = new RelaysCeiling({ relay: `${address()}/`, now: () => now });
  assert.equal(await relays.isReached(), true);
  now += 7000;
  assert.equal(await relays.isReached(), false, 'a CDN may have kept it');
  const anew = beyond(now);
  answer = (_, response) => response.writeHead(anew.status, anew.headers).end(anew.body);
  now += 30_000;
  assert.equal(await relays.isReached(), true);
});

test('beyond the ceiling the gate leads no browser to the relay, and serves all else', async () => {
  const relay = 'https://relay.example/', ceiling = new RelaysCeiling({ relay, ask: async () => true });
  const account = new Account({ relay, ceiling }).publish('reel');
  for (const path of ['/reel/index.relay.m3u8', `/reel/${GENERATION}/src.relay.m3u8`]) {
    const { status, headers, body } = await account.get(path);
    assert.deepEqual([status, headers['retry-after'], body], [429, String(31 * 86400), 'the monthly ceiling is reached\n'], path);
    assert.deepEqual([headers['access-control-expose-headers'], headers['cache-control']], ['retry-after', 'public, max-age=10']);
  }
  for (const path of ['/reel/', '/reel/index.m3u8', `/reel/${GENERATION}/src.m3u8`]) assert.equal((await account.get(path)).status, 200, path);
  assert.equal((await account.get('/other/index.relay.m3u8')).status, 404);
});
