// The gate's own code on a clock of ours: what a contract test over HTTP can't reach within seconds.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Functions, Links, endOfLink, signed } from '../../assets/gate/functions.mjs';
import { Gate, Reels, ofPackage, route } from '../../assets/gate/gate.mjs';
import { Recent, clientOf } from '../../assets/gate/guesses.mjs';
import { readZip } from '../../assets/gate/index.mjs';
import { GENERATION, chunkName, digest, generation, indexName, indexZip, link, zip } from './reel.mjs';

const files = ofPackage();
const MINUTE = 60_000;

/** A gate over an account that is a map of function names to CodeSha256, with a clock that only tests move. */
class Account {
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

const CHUNK = `/reel/${GENERATION}/src/0001.ts`;

test('a link is asked for once in its life and never served within two minutes of its end', async () => {
  const account = new Account().publish('reel');
  for (let seconds = 0; seconds < 3600; seconds += 7) {
    const { status, headers } = await account.get(CHUNK);
    assert.equal(status, 302);
    const left = endOfLink(headers.location, account.time) - account.time;
    assert(left > 2 * MINUTE, `${left} ms left`);
    const age = Number(/^public, max-age=(\d+)$/.exec(headers['cache-control'])[1]);
    assert.equal(age, Math.floor(Math.min(Math.max(left - 3 * MINUTE, 0), 5 * MINUTE) / 1000));
    account.time += 7000;
  }
  // 8 of 10 minutes of each link are used.
  assert.equal(account.count(chunkName('reel', 1)), 8);
});

test('links that AWS makes shorter are kept shorter, and those with nothing left are not served', async () => {
  const account = new Account().publish('reel');
  account.linkSeconds = 200;
  await account.get(CHUNK);
  account.time += 79_000;
  await account.get(CHUNK);
  assert.equal(account.count(chunkName('reel', 1)), 1);
  account.time += 2000;
  await account.get(CHUNK);
  assert.equal(account.count(chunkName('reel', 1)), 2);
  account.linkSeconds = 100;
  account.time += 10 * MINUTE;
  assert.equal((await account.get(CHUNK)).status, 503);
});

test('a link without a date lives ten minutes from when it was received', () => {
  assert.equal(endOfLink('https://bucket.example/x', 1000), 601_000);
  assert.equal(endOfLink('https://bucket.example/x?X-Amz-Date=20260101T000000Z&X-Amz-Expires=60', Date.UTC(2027, 0, 1)), Date.UTC(2026, 0, 1, 0, 1));
  assert.equal(endOfLink('https://bucket.example/x?X-Amz-Date=20270101T000000Z&X-Amz-Expires=60', 0), 60_000);
});

test('concurrent misses are one GetFunction', async () => {
  const account = new Account().publish('reel');
  const answers = await Promise.all(Array.from({ length: 50 }, () => account.get(CHUNK)));
  assert(answers.every(({ status }) => status === 302));
  assert.deepEqual(account.asked, [indexName('reel'), chunkName('reel', 1)]);
});

/** Paths that mean no reel of the account's, never the same twice. */
const guess = i => {
  const word = (i * 2654435761 >>> 0).toString(16).padStart(8, '0');
  return [`/${word}/index.m3u8`, `/${word}/${word}/src/0001.ts`, `/reel/${word}/src.m3u8`, `/reel/${GENERATION}/src/${String(4 + i % 9996).padStart(4, '0')}.ts`][i % 4];
};
const address = i => `198.51.${i >> 8 & 255}.${i & 255}`;

test('ten thousand guesses cost four GetFunction, three of them a client, and a known reel plays on', async () => {
  // One finds its slot free and three wait for theirs, at most 5, 4 and 4 s.
  for (const [clients, cost] of [[1, 3], [2, 4], [3, 4], [500, 4]]) {
    const account = new Account().publish('reel');
    await account.get(CHUNK);
    account.asked.length = 0;
    const told = new Set(), began = account.time;
    for (let i = 0; i < 10_000; i++) told.add((await account.get(guess(i), {}, address(i % clients))).status);
    assert.equal(account.asked.length, cost, `${clients} clients`);
    assert(account.time - began <= 13_000, `${account.time - began} ms`);
    assert.deepEqual([...told].sort(), [404, 503]);
    assert((await account.get(CHUNK)).status === 302 && account.asked.length === cost);
  }
});

test('guesses of an instance are a second apart and not more than one in four seconds, however many clients make them', async () => {
  const one = new Account(), times = [];
  const answer = one.answer;
  one.answer = function (name) { times.push(this.time); return answer.call(this, name); };
  for (const end = one.time + 10 * MINUTE, began = one.time; one.time < end; one.time += 50) await one.get(`/guess-${one.time}/`, {}, address((one.time - began) / 50));
  assert(times.length > 140, `${times.length}`);
  for (let from = 0; from < times.length; from++) {
    for (let to = from + 1; to < times.length; to++) {
      const passed = times[to] - times[from];
      assert(passed >= 1000 && to - from <= 1 + passed / 4000, `${to - from} in the ${passed} ms after ${from}`);
    }
  }
});

test('guesses that overlap wait for their turn: a reel that is there costs nobody a slot, and one that is not costs one', async () => {
  const account = new Account();
  for (let i = 0; i < 20; i++) account.publish(`reel-${i}`);
  const ask = (path, clients) => Promise.all(Array.from({ length: 20 }, (_, i) => account.get(path(i), {}, address(i % clients))));
  assert((await ask(i => `/reel-${i}/`, 1)).every(({ status }) => status === 200));
  assert.deepEqual(account.slept, []);
  account.asked.length = 0;
  assert((await ask(() => '/absent/', 20)).every(({ status }) => status === 404));
  assert.deepEqual(account.asked, [indexName('absent')]);
  assert.deepEqual(account.slept, []);
  assert((await ask(() => '/another/', 20)).every(({ status }) => status === 404));
  assert.equal(account.slept.length, 1);
  assert(account.slept[0] >= 1000 && account.slept[0] <= 5000, `${account.slept[0]} ms`);
});

test('a reel that was there is no guess, in memory or not, whoever uses the guesses up', async () => {
  const account = new Account().publish('reel');
  for (let i = 0; i < 70; i++) account.publish(`reel-${i}`);
  for (let i = 0; i < 70; i++) assert.equal((await account.get(`/reel-${i}/`)).status, 200, `${i}`);
  assert.equal((await account.get(CHUNK)).status, 302);
  for (let i = 0; i < 100; i++) await account.get(`/guess-${i}/`, {}, address(i));
  for (let minutes = 0; minutes < 3; minutes++, account.time += MINUTE) {
    for (let i = 0; i < 100; i++) await account.get(`/guess-${minutes}-${i}/`, {}, address(i));
    // the first of the seventy have left the memory by now
    for (const path of ['/reel-0/', '/reel-69/', '/reel/', CHUNK, `/reel/${GENERATION}/src/0002.ts`]) {
      const { status } = await account.get(path);
      assert(status === 200 || status === 302, `${path}: ${status}`);
    }
  }
});

test('a reel that this instance has not met is answered while one client guesses, and so is a new generation', async () => {
  const account = new Account().publish('reel');
  await account.get(CHUNK);
  for (let second = 0; second < 600; second++, account.time += 1000) {
    await account.get(`/guess-${second}/`, {}, '203.0.113.9');
    await account.get(`/reel/${String(second).padStart(8, '0')}/src.m3u8`, {}, '203.0.113.9');
    account.publish(`new-${second}`);
    assert.equal((await account.get(`/new-${second}/`)).status, 200, `${second}`);
  }
  account.publish('reel', generation('feedbeef', 2));
  assert.equal((await account.get('/reel/feedbeef/src.m3u8')).status, 200);
});

test('guesses by many clients keep an instance from reels that it has not met, and for five seconds after', async () => {
  const account = new Account().publish('reel').publish('new');
  await account.get(CHUNK);
  const flood = async second => { for (let i = 0; i < 20; i++) await account.get(`/guess-${second}-${i}/`, {}, address(second * 20 + i)); };
  for (let second = 0; second < 60; second++, account.time += 1000) {
    await flood(second);
    assert.equal((await account.get('/new/')).status, 503);
    assert.equal((await account.get(CHUNK)).status, 302);
    assert.equal((await account.get('/reel/')).status, 200);
  }
  // a new generation of a reel that it knows is seen as soon as the index is due for a look
  account.publish('reel', generation('feedbeef', 2));
  let waited = 0;
  for (; (await account.get('/reel/feedbeef/src.m3u8')).status === 503; waited++, account.time += 1000) await flood(1000 + waited);
  assert(waited <= 10, `${waited} s`);
  account.time += 5000;
  assert.equal((await account.get('/new/')).status, 200);
});

test('no answer of AWS spends no guess of a client', async () => {
  const account = new Account().publish('reel');
  account.refusals = Infinity;
  for (let i = 0; i < 20; i++) assert.equal((await account.get('/reel/')).status, 503);
  account.refusals = 0;
  assert.equal((await account.get('/reel/')).status, 200);
});

test('whoever has an IPv6 network of 64 bits is one client', () => {
  for (const [address, client] of [
    ['192.0.2.1', '192.0.2.1'], ['::ffff:192.0.2.1', '192.0.2.1'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'], ['2001:0DB8:1:2::', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'], ['::1', '0:0:0:0'], ['2001:db8:1:2:3:4:5::', '2001:db8:1:2'], ['', ''], [undefined, ''],
  ]) assert.equal(clientOf(address), client, address);
});

test('no function is asked for but an index and what it lists', async () => {
  const account = new Account().publish('reel');
  account.functions.set('zipreel-gate', digest('x')).set('payroll', digest('x'));
  for (const path of ['/gate/', '/zipreel-gate/', '/../payroll/', '/payroll/', '/reel/payroll', `/reel/${GENERATION}/gate/0001.ts`, '/reel%2Findex/', '/REEL/', '/-reel/',
    `/reel/${GENERATION}/src/0000.ts`, `/reel/${GENERATION}/src/0004.ts`, `/reel/${GENERATION}/src/0001.mp4`, `/reel/${GENERATION}/src/1.ts`, `/${'a'.repeat(33)}/`, '//', '/',
    `/reel/${GENERATION}/src/0001.ts\r\nx: y`, `/reel/${GENERATION}/../${GENERATION}/src/0001.ts`, `/reel/${GENERATION}/src/0001.ts/`, '/reel/index.json', '/constructor/', '/reel/__proto__/src.m3u8']) {
    assert.equal((await account.get(path)).status, 404, path);
    account.time += 5 * MINUTE;
  }
  for (const name of account.asked) assert.match(name, /^zipreel-(reel|gate|zipreel-gate|payroll|constructor)-index$/);
});

test('a missing reel is remembered for ten seconds and then found', async () => {
  const account = new Account();
  assert.equal((await account.get('/reel/')).status, 404);
  account.publish('reel');
  assert.equal((await account.get('/reel/')).status, 404);
  assert.equal(account.asked.length, 1);
  account.time += 10_001;
  assert.equal((await account.get('/reel/')).status, 200);
});

test('a new generation is seen within ten seconds, and at once by its own paths', async () => {
  const account = new Account().publish('reel');
  const multivariant = async () => (await account.get('/reel/index.m3u8')).body.toString();
  assert.match(await multivariant(), /0123abcd/);
  account.publish('reel', generation('feedbeef', 2));
  account.time += 9000;
  assert.match(await multivariant(), /0123abcd/);
  account.time += 1001;
  assert.match(await multivariant(), /feedbeef/);
  account.publish('reel', generation('cafecafe', 2));
  assert.equal((await account.get('/reel/cafecafe/src/0002.ts')).status, 302);
  assert.match(await multivariant(), /cafecafe/);
});

test('an index that did not change is asked about at most every ten seconds and downloaded once', async () => {
  const account = new Account().publish('reel');
  for (let i = 0; i < 600; i++, account.time += 100) await account.get('/reel/index.m3u8');
  assert.equal(account.asked.length, 6);
});

test('a retired generation is served until its time and not after', async () => {
  const account = new Account();
  // as the engine writes it: nine places
  const until = new Date(account.time + 30 * MINUTE).toISOString().replace('000Z', '000123456Z');
  account.publish('reel', generation('feedbeef', 2), [{ until, ...generation(GENERATION, 3) }]);
  assert.equal((await account.get(CHUNK)).status, 302);
  assert.equal((await account.get(`/reel/${GENERATION}/src.m3u8`)).status, 200);
  account.time += 31 * MINUTE;
  assert.equal((await account.get(CHUNK)).status, 404);
  assert.equal((await account.get(`/reel/${GENERATION}/src.m3u8`)).status, 404);
  assert.equal((await account.get('/reel/feedbeef/src/0001.ts')).status, 302);
});

test('while AWS is busy a page waits, then gets 503 within eight seconds; a known index is served', async () => {
  const account = new Account().publish('reel').publish('other');
  account.refusals = 3;
  assert.equal((await account.get('/reel/')).status, 200);
  assert.equal(account.slept.length, 3);
  account.refusals = Infinity;
  account.time += 15_000;
  assert.equal((await account.get('/reel/index.m3u8')).status, 200);
  const began = account.time;
  const { status, headers } = await account.get('/other/poster.jpg');
  assert.equal(status, 503);
  assert.match(headers['retry-after'], /^[2-7]$/);
  assert.equal(headers['access-control-expose-headers'], 'retry-after');
  assert.equal(headers['cache-control'], 'no-store');
  assert(account.time - began <= 8000 && account.time - began > 7000, `${account.time - began} ms`);
});

test('a player is held for two seconds and sent to where it is: once for a chunk, twice for a playlist', async () => {
  for (const method of ['GET', 'HEAD']) {
    for (const [path, most] of [[`/reel/${GENERATION}/src/0002.ts`, 1], ['/other/index.m3u8', 2], [`/other/${GENERATION}/src.m3u8`, 2]]) {
      const account = new Account().publish('reel').publish('other');
      await account.get(CHUNK);
      account.refusals = Infinity;
      const began = account.time;
      for (let times = 0; times <= most; times++) {
        const held = account.time;
        const { status, headers, body } = await account.gate.answer({ method, path, query: times ? `busy=${times}` : '', headers: { 'if-none-match': '*' }, address: '192.0.2.1' });
        if (times === most) { assert.equal(status, 503); break; }
        assert.deepEqual([status, headers.location, headers['cache-control'], body], [302, `${path}?busy=${times + 1}`, 'no-store', '']);
        assert(account.time - held <= 2000, `${account.time - held} ms`);
      }
      assert(account.time - began <= 8000 && account.time - began > 4000, `${account.time - began} ms`);
      // no count leads on for ever
      assert.equal((await account.gate.answer({ method, path, query: 'busy=2', headers: {} })).status, 503);
    }
  }
});

test('what AWS refuses for good, and a guess that may not be made, is not asked for again', async () => {
  const account = new Account().publish('reel');
  for (let i = 0; i < 10; i++) await account.get(`/guess-${i}/`);
  assert.equal((await account.get('/guess-10/index.m3u8')).status, 503);
  account.answer = async () => ({ status: 403, retryAfter: 0 });
  assert.equal((await account.get(CHUNK, {}, '192.0.2.2')).status, 503);
});

test('absolute playlists name whole addresses, in attributes too, and are not there without the gate\'s own', async () => {
  const account = new Account({ base: 'https://gate.example/' }).publish('reel');
  const text = async path => Buffer.concat([...(await account.get(path)).body]).toString();
  assert.match(await text('/reel/index.abs.m3u8'), new RegExp(`^https://gate\\.example/reel/${GENERATION}/src\\.abs\\.m3u8$`, 'm'));
  const media = await text(`/reel/${GENERATION}/src.abs.m3u8`);
  assert.equal(media.split('\n').filter(line => line.startsWith('https://gate.example/reel/0123abcd/src/000')).length, 3, media);
  assert.equal((await new Account().publish('reel').get('/reel/index.abs.m3u8')).status, 404);
  // The stand-in's gate is held to the same in src/local/gate/playlists.rs.
  const index = await account.gate.reels.current('reel', {});
  index.files.set(`${GENERATION}/src.m3u8`, Buffer.from('#EXTM3U\r\n#EXT-X-MAP:URI="src-init.mp4",BYTERANGE="1@2"\r\n\n#EXTINF:6,\nsrc/0001.ts'));
  const base = `https://gate.example/reel/${GENERATION}/`;
  assert.equal(await text(`/reel/${GENERATION}/src.abs.m3u8`), `#EXTM3U\r\n#EXT-X-MAP:URI="${base}src-init.mp4",BYTERANGE="1@2"\r\n\n#EXTINF:6,\n${base}src/0001.ts`);
});

test('people get a page of a refusal, which comes back by itself if that may help', async () => {
  const account = new Account();
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
  const absent = await account.get('/absent/', { accept });
  assert.equal(absent.status, 404);
  assert.match(absent.body, /^<!doctype html>[^]*There is nothing here/);
  assert(!absent.body.includes('refresh') && !absent.body.includes('absent'), absent.body);
  const style = createHash('sha256').update(/<style>([^]*)<\/style>/.exec(absent.body)[1]).digest('base64');
  assert(absent.headers['content-security-policy'].startsWith(`default-src 'none'; style-src 'sha256-${style}';`));
  account.refusals = Infinity;
  const busy = await account.get('/other/', { accept }, '192.0.2.2');
  assert.deepEqual([busy.status, busy.headers.vary, busy.headers['cache-control']], [503, 'accept', 'no-store']);
  assert(busy.body.includes(`<meta http-equiv="refresh" content="${busy.headers['retry-after']}">`), busy.body);
  for (const other of ['*/*', 'text/plain', undefined]) assert.equal((await account.get('/absent/', { accept: other })).body, 'not found\n');
});

test('an index stays known while one that follows it can\'t be read, however large both are', async () => {
  const account = new Account().publish('reel'), large = indexZip('reel', generation(GENERATION, 3), [], { title: 'x'.repeat(8 << 20) });
  account.indexes.set(indexName('reel'), large);
  account.functions.set(indexName('reel'), digest(large));
  assert.equal((await account.get('/reel/index.m3u8')).status, 200);
  account.functions.set(indexName('reel'), digest('its code is not what the link leads to yet'));
  account.bytes = 12 << 20;
  account.time += 11_000;
  for (let request = 0; request < 3; request++) {
    const { status } = await account.get('/reel/index.m3u8');
    assert.equal(status, 200);
  }
  assert.equal(account.count(indexName('reel')), 2, 'and it is asked about once a minute');
});

test('a client that met a dead link gets another, twenty times a minute', async () => {
  const account = new Account().publish('reel');
  for (let i = 0; i < 100; i++) assert.equal((await account.get(CHUNK, { 'cache-control': 'no-cache' })).status, 302);
  assert.equal(account.count(chunkName('reel', 1)), 21);
});

test('a chunk that is gone or holds another zip is not served', async () => {
  const account = new Account().publish('reel');
  account.functions.set(chunkName('reel', 1), digest('another'));
  account.functions.delete(chunkName('reel', 2));
  for (let i = 0; i < 5; i++) {
    assert.equal((await account.get(CHUNK)).status, 404);
    assert.equal((await account.get(`/reel/${GENERATION}/src/0002.ts`)).status, 404);
  }
  assert.equal(account.asked.length, 3);
});

test('an index of another reel, of a later format or with a broken zip is refused', async () => {
  for (const broken of [indexZip('other', generation(GENERATION, 1)), zip([['index.json', JSON.stringify({ format: 2, reel: 'reel' })]]), Buffer.from('PK')]) {
    const account = new Account();
    account.indexes.set(indexName('reel'), broken);
    account.functions.set(indexName('reel'), digest(broken));
    for (let i = 0; i < 20; i++) assert.equal((await account.get('/reel/')).status, 503);
    assert.equal(account.asked.length, 1);
  }
});

test('only zips that are laid out as zipreel writes them are read', () => {
  const good = zip([['a', 'one'], ['b/c.m3u8', 'two']]);
  assert.deepEqual([...readZip(good)].map(([name, data]) => [name, data.toString()]), [['a', 'one'], ['b/c.m3u8', 'two']]);
  const change = (at, value) => { const zip = Buffer.from(good); zip[at < 0 ? zip.length + at : at] = value; return zip; };
  const directory = good.readUInt32LE(good.length - 6);
  for (const [why, bytes] of Object.entries({
    comment: Buffer.concat([good, Buffer.from('x')]), cut: good.subarray(0, -1), empty: Buffer.alloc(0), count: change(-12, 3), method: change(directory + 10, 8),
    descriptor: change(directory + 8, 8), size: change(directory + 21, 1), offset: change(directory + 43, 1), name: change(directory + 46, 0x5c), local: change(0, 0),
    twice: zip([['a', 'one'], ['a', 'two']]), climbing: zip([['A', 'one']]),
  })) assert.throws(() => readZip(bytes), /index zip/, why);
});

test('no zip makes the reader do anything but read or refuse', () => {
  const good = zip([['index.json', '{}'], ['index.m3u8', '#EXTM3U']]);
  for (let at = 0; at < good.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const bytes = Buffer.from(good);
      bytes[at] = value;
      try { readZip(bytes); } catch (error) { assert.match(error.message, /^index zip: /, `byte ${at} = ${value}`); }
    }
  }
});

test('a signed request is what AWS documents', () => {
  // Checked against botocore's SigV4Auth with the same input.
  const keys = { region: 'us-east-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: 'token' };
  const headers = signed(new URL('https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/zipreel-reel-index'), keys, new Date(Date.UTC(2026, 0, 2, 3, 4, 5)));
  assert.deepEqual(headers, {
    'x-amz-date': '20260102T030405Z', 'x-amz-security-token': 'token',
    authorization: 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=05b6303e80fb7e1eaf8dfd6517c7743e303cd8d5d02cb5d55386194664a5ef3b',
  });
});

/** A page of these words, whose script holds the player, from a gate with these files besides. */
const paged = (text, more = []) => ({ files: new Map([
  ['watch.html', `<style></style><script>/*player*/const A_JS = 'https://a.example/a.js', B_JS_INTEGRITY = 'x';\nconst B_JS = 'https://b.example/b.js';</script>${text}`],
  ['player.js', "// $& $' new"], ...more,
]) });

// The stand-in's gate is held to the same words in src/local/gate/page.rs.
test('a page tells those who share its link length and size, and search engines what it is', async () => {
  const text = '{{width}}x{{height}} {{description}} {{robots}}\n{{jsonld}}';
  const show = async (duration_ms, rendition, title = 'x') => {
    const current = generation(GENERATION, 1);
    Object.assign(current, { duration_ms });
    Object.assign(current.renditions.src, rendition);
    const account = new Account({ ...paged(text), base: 'http://127.0.0.1:1/' }).publish('clip', current, [], { title, published: '2026-11-22T11:00:00.7+01:00', robots: 'index' });
    return (await account.get('/clip/')).body.split('</script>').slice(1).join('</script>').split('\n');
  };
  const [tall, data] = await show(3661400, { codecs: 'avc1.64001f,mp4a.40.2', resolution: [1080, 1920] }, '</script><b>\u0001"{{title}}');
  assert.equal(tall, '1080x1920 Video, 1:01:01, 1080p all');
  assert.equal(data, '{"@context":"https://schema.org","@type":"VideoObject","name":"\\u003c/script>\\u003cb>\\u0001\\"{{title}}","description":"Video, 1:01:01, 1080p","thumbnailUrl":"http://127.0.0.1:1/clip/poster.jpg","uploadDate":"2026-11-22T10:00:00Z","duration":"PT1H1M1S","contentUrl":"http://127.0.0.1:1/clip/index.m3u8","embedUrl":"http://127.0.0.1:1/clip/","width":1080,"height":1920}');
  assert.equal((await show(62000, { codecs: 'avc1.64001f' }))[0], '1280x720 Video, 1:02 all');
  const [sound, soundData] = await show(400, { codecs: 'mp4a.40.2' });
  assert.equal(sound, '640x360 Sound, 0:00 all');
  assert(soundData.includes('"AudioObject"') && !soundData.includes('width'), soundData);
});

// The stand-in's gate is held to the same sizes in src/local/gate/oembed.rs.
test('who embeds a page is told of a frame that fits, and of the poster as large as it is', async () => {
  const current = generation(GENERATION, 1);
  Object.assign(current.renditions.src, { codecs: 'avc1.64001f', resolution: [1920, 1080] });
  const jpeg = Buffer.from('ffd8ffe000044142ffdb00030affc2000b0802d005000301ffd9', 'hex'), title = '"><b>';
  const account = new Account({ base: 'https://gate.example/' }).publish('clip', current, [], { title }, [['poster.jpg', jpeg]]);
  const ask = async query => (await account.gate.answer({ method: 'GET', path: '/clip/oembed.json', query, headers: {}, address: '192.0.2.1' })).body;
  const told = JSON.parse(await ask());
  assert.deepEqual(Object.entries(told).filter(([name]) => name !== 'html'), Object.entries({
    version: '1.0', type: 'video', title, width: 1920, height: 1080,
    thumbnail_url: 'https://gate.example/clip/poster.jpg', thumbnail_width: 1280, thumbnail_height: 720,
  }));
  assert.match(told.html, /^<iframe src="https:\/\/gate\.example\/clip\/" width="1920" height="1080" title="&#34;&#62;&#60;b&#62;" style=/);
  const sizes = [
    ['maxwidth=640', [640, 360]], ['format=json&maxheight=100&maxwidth=640', [177, 100]], ['maxwidth=4000', [1920, 1080]],
    ['maxwidth=0', [1, 1]], ['maxwidth=-1&maxwidth=1e3&xmaxheight=3&maxheight=1234567', [1920, 1080]],
  ];
  for (const [query, [width, height]] of sizes) {
    const told = JSON.parse(await ask(query));
    assert.deepEqual([told.width, told.height], [width, height], query);
  }
  const sound = new Account({ base: 'https://gate.example/' }).publish('talk', Object.assign(generation(GENERATION, 1), { renditions: { src: { ...current.renditions.src, codecs: 'mp4a.40.2', resolution: undefined } } }));
  const plain = JSON.parse((await sound.get('/talk/oembed.json')).body);
  assert.deepEqual([plain.type, plain.width, 'thumbnail_url' in plain], ['rich', 640, false]);
  assert.equal((await new Account().publish('clip').get('/clip/oembed.json')).status, 404, 'it does not know its own address');
});

test('the player stands in the page as it is, and the policy names every library of the script', async () => {
  const { body, headers } = await new Account(paged('')).publish('reel').get('/reel/');
  assert(body.includes("<script>// $& $' newconst"), body);
  const script = /<script>([^]*)<\/script>/.exec(body)[1];
  const hash = createHash('sha256').update(script).digest('base64');
  assert(headers['content-security-policy'].includes(`script-src 'sha256-${hash}' https://a.example/a.js https://b.example/b.js 'self';`), headers['content-security-policy']);
});

test('a player that an earlier version served is served for ever', async () => {
  const old = '// old', hash = createHash('sha256').update(old).digest('hex').slice(0, 8);
  assert.equal((await new Account(paged('')).get(`/player-${hash}.js`)).status, 404);
  const { status, body, headers } = await new Account(paged('', [[`player-${hash}.js`, old]])).get(`/player-${hash}.js`);
  assert.deepEqual([status, body, headers['cache-control']], [200, old, 'public, max-age=31536000, immutable']);
});

test('the policy carries the hash of the script that the page really has', async () => {
  const account = new Account({ relay: 'https://relay.example/' }).publish('reel');
  const { body, headers } = await account.get('/reel/');
  const policy = headers['content-security-policy'];
  const inline = [...body.matchAll(/<script>([^]*?)<\/script>/g)];
  assert.equal(inline.length, 1);
  assert(policy.includes(`script-src 'sha256-${createHash('sha256').update(inline[0][1]).digest('base64')}'`), policy);
  assert(policy.includes("connect-src 'self' https://relay.example;"));
  assert(!body.includes('{{'));
});

test('the memory of links is bounded and forgets what was not used for longest', () => {
  const recent = new Recent(3);
  for (const key of 'abc') recent.set(key, key);
  recent.get('a');
  recent.set('d', 'd');
  assert.deepEqual([...'abcd'].map(key => recent.get(key)), ['a', undefined, 'c', 'd']);
});

test('paths mean one thing each', () => {
  assert.deepEqual(route(CHUNK), { kind: 'chunk', reel: 'reel', generation: GENERATION, rendition: 'src', number: '0001', container: 'ts' });
  assert.equal(route('/reel').kind, 'bare');
  assert.equal(route('/a/0123abcd/1080.relay.m3u8').kind, 'relayMedia');
  assert.equal(route('/a/0123abcd/src-init.mp4').kind, 'init');
});
