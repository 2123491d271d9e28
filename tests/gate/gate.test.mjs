// The gate's links, indexes and paths.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfLink } from '../../assets/gate/functions.mjs';
import { route } from '../../assets/gate/gate.mjs';
import { readZip } from '../../assets/gate/index.mjs';
import { signed } from '../../assets/gate/sign.mjs';
import { Account, CHUNK, MINUTE } from './account.mjs';
import { GENERATION, chunkName, digest, generation, indexName, indexZip, zip } from './reel.mjs';

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

test('a client that has made its guesses is told when it has another, and waits for it no longer than is of use', async () => {
  const account = new Account();
  for (const guess of ['one', 'two', 'three']) {
    assert.equal((await account.get(`/${guess}/`)).status, 404);
    account.time += 5_000;
  }
  const away = async () => {
    const { status, headers } = await account.get('/four/');
    return [status, headers['retry-after']];
  };
  assert.deepEqual(await away(), [503, '20']);
  account.time += 100_500;
  const [status, seconds] = await away();
  assert(status === 503 && +seconds <= 20 && +seconds >= 1, seconds);
  account.time += seconds * 1000;
  assert.equal((await account.get('/four/')).status, 404);
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

test('no-cache is a directive among others, whatever its case', async () => {
  const account = new Account().publish('reel');
  const costs = async words => {
    const before = account.asked.length;
    assert.equal((await account.get(CHUNK, { 'cache-control': words })).status, 302);
    return account.asked.length - before;
  };
  await costs('');
  assert.deepEqual(await Promise.all(['max-age=0', 'x-no-cache', 'no-cache-at-all'].map(costs)), [0, 0, 0]);
  for (const words of ['no-cache', 'No-Cache', 'max-age=0, no-cache']) assert.equal(await costs(words), 1, words);
});

test('a reel that was deleted is gone within minutes, in all its parts', async () => {
  const account = new Account({ relay: 'https://relay.example/' }).publish('reel');
  const paths = ['src.m3u8', 'src.relay.m3u8', 'src/0001.ts'].map(path => `/reel/${GENERATION}/${path}`);
  const statuses = async () => (await Promise.all(paths.map(path => account.get(path)))).map(({ status }) => status);
  assert.deepEqual(await statuses(), [200, 200, 302]);
  account.functions.clear();
  account.time += 4 * MINUTE;
  assert.deepEqual(await statuses(), [200, 200, 302]);
  account.time += 5 * MINUTE;
  assert.deepEqual(await statuses(), [404, 404, 404]);
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
  for (const broken of [indexZip('other', generation(GENERATION, 1)), zip([['index.json', JSON.stringify({ format: 3, reel: 'reel' })]]), Buffer.from('PK')]) {
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
  const headers = signed(new URL('https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/zipreel-reel-index'), 'lambda', keys, new Date(Date.UTC(2026, 0, 2, 3, 4, 5)));
  assert.deepEqual(headers, {
    'x-amz-date': '20260102T030405Z', 'x-amz-security-token': 'token',
    authorization: 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=05b6303e80fb7e1eaf8dfd6517c7743e303cd8d5d02cb5d55386194664a5ef3b',
  });
});

test('paths mean one thing each', () => {
  assert.deepEqual(route(CHUNK), { kind: 'chunk', reel: 'reel', generation: GENERATION, rendition: 'src', number: '0001', container: 'ts' });
  assert.equal(route('/reel').kind, 'bare');
  assert.equal(route('/a/0123abcd/1080.relay.m3u8').kind, 'relayMedia');
  assert.equal(route('/a/0123abcd/src-init.mp4').kind, 'init');
});
