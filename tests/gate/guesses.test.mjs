// What guessing at names costs, and whom.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf } from '../../assets/gate/guesses.mjs';
import { Recent } from '../../assets/gate/memory.mjs';
import { Account, CHUNK, MINUTE } from './account.mjs';
import { GENERATION, generation, indexName } from './reel.mjs';

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

test('the memory of links is bounded and forgets what was not used for longest', () => {
  const recent = new Recent(3);
  for (const key of 'abc') recent.set(key, key);
  recent.get('a');
  recent.set('d', 'd');
  assert.deepEqual([...'abcd'].map(key => recent.get(key)), ['a', undefined, 'c', 'd']);
});
