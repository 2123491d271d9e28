// The relay's own code before a gate and a bucket that misbehave on purpose.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { Relay, segmentsOf } from '../../assets/gate/relay.mjs';

const CHUNK = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const PLAYLIST = '#EXTM3U\n#EXTINF:6,\n#EXT-X-BYTERANGE:100@66\nsrc/0001.ts\n#EXTINF:6,\n#EXT-X-BYTERANGE:200@166\nsrc/0001.ts\n#EXT-X-ENDLIST\n';
const SEGMENT = '/reel/0123abcd/src/1.ts';

let gateServer, bucketServer, gate, bucket;
const seen = { gate: [], bucket: [] };
const listen = answer => new Promise(done => {
  const server = createServer((request, response) => answer(request, response));
  server.listen(0, '127.0.0.1', () => done(server));
});
const address = server => `http://127.0.0.1:${server.address().port}`;

before(async () => {
  gateServer = await listen((request, response) => { seen.gate.push(request); gate(request, response); });
  bucketServer = await listen((request, response) => { seen.bucket.push(request); bucket(request, response); });
});
after(() => { gateServer.close(); gateServer.closeAllConnections(); bucketServer.close(); bucketServer.closeAllConnections(); });
beforeEach(() => {
  seen.gate = [];
  seen.bucket = [];
  gate = (request, response) => request.url.endsWith('.m3u8') ? response.end(PLAYLIST)
    : response.writeHead(302, { location: `${address(bucketServer)}/x?X-Amz-Signature=1`, 'cache-control': 'max-age=300' }).end();
  bucket = (request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range);
    const part = CHUNK.subarray(+first, +last + 1);
    response.writeHead(206, { 'content-length': part.length, 'content-range': `bytes ${first}-${last}/1000` }).end(part);
  };
});

const relay = (options = {}) => new Relay({ gate: `${address(gateServer)}/`, ...options });
const get = (relay, path = SEGMENT, headers = {}) => relay.answer({ method: 'GET', path, headers });
const bytes = async ({ body }) => Buffer.from(await new Response(body).arrayBuffer());

test('a segment is whole, and playlist and link are asked for once', async () => {
  const one = relay();
  for (let i = 0; i < 3; i++) {
    const answer = await get(one);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-length'], '200');
    assert.deepEqual(await bytes(answer), CHUNK.subarray(166, 366));
  }
  assert.deepEqual(await bytes(await get(one, '/reel/0123abcd/src/0.ts')), CHUNK.subarray(66, 166));
  assert.deepEqual(seen.gate.map(({ url }) => url), ['/reel/0123abcd/src.m3u8', '/reel/0123abcd/src/0001.ts']);
});

test('a gate that is busy is followed to where it sends, and no further', async () => {
  const usual = gate;
  const busy = most => (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    const times = Number(searchParams.get('busy') ?? 0);
    if (times >= most) return usual(Object.assign(request, { url: pathname }), response);
    response.writeHead(302, { location: `${pathname}?busy=${times + 1}`, 'cache-control': 'no-store' }).end();
  };
  gate = busy(1);
  assert.deepEqual(await bytes(await get(relay())), CHUNK.subarray(166, 366));
  assert.equal(seen.gate.length, 4);
  gate = (request, response) => response.writeHead(302, { location: `${new URL(request.url, 'http://x').pathname}?busy=1` }).end();
  seen.gate = [];
  assert.equal((await get(relay())).status, 502);
  assert.equal(seen.gate.length, 3, 'a gate that leads in a circle is left');
});

test('a link is kept for as long as the gate allows and no longer', async () => {
  let time = 0;
  const one = relay({ now: () => time });
  await bytes(await get(one));
  time = 299_000;
  await bytes(await get(one));
  assert.equal(seen.gate.length, 2);
  time = 301_000;
  await bytes(await get(one));
  assert.equal(seen.gate.length, 3);
});

test('a 403 of the bucket is answered with a renewed link, once', async () => {
  const good = bucket;
  let refusals = 1;
  bucket = (request, response) => refusals-- > 0 ? response.writeHead(403).end('<Error/>') : good(request, response);
  assert.deepEqual(await bytes(await get(relay())), CHUNK.subarray(166, 366));
  assert.equal(seen.gate.at(-1).headers['cache-control'], 'no-cache');
  refusals = 9;
  seen.bucket = [];
  assert.equal((await get(relay())).status, 502);
  assert.equal(seen.bucket.length, 2);
});

test('what the gate refuses, the relay refuses', async () => {
  const one = relay();
  gate = (_, response) => response.writeHead(503, { 'retry-after': '4' }).end();
  const busy = await get(one);
  assert.deepEqual([busy.status, busy.headers['retry-after']], [503, '4']);
  gate = (_, response) => response.writeHead(404).end();
  for (let i = 0; i < 5; i++) assert.equal((await get(one, `/reel/0123abcd/src/${i}.ts`)).status, 404);
  assert.equal(seen.gate.length, 2, 'a missing playlist is remembered');
  gate = (_, response) => response.writeHead(500).end();
  assert.equal((await get(one, '/other/0123abcd/src/0.ts')).status, 502);
});

test('nothing but a signed download is followed', async () => {
  const good = gate;
  for (const location of ['file:///etc/passwd', 'https://example.com/?X-Amz-Signature=1', '/reel/', 'http://user@127.0.0.1/?X-Amz-Signature=1', 'http://169.254.169.254/latest/meta-data']) {
    gate = (request, response) => request.url.endsWith('.m3u8') ? good(request, response) : response.writeHead(302, { location }).end();
    assert.equal((await get(relay())).status, 502, location);
  }
  assert.equal(seen.bucket.length, 0);
});

test('a bucket that ignores the range, shortens it or redirects is a bad gateway', async () => {
  for (const answer of [[200, {}, CHUNK], [206, {}, CHUNK.subarray(0, 10)], [416, {}, ''], [302, { location: '/y' }, '']]) {
    const [status, headers, body] = answer;
    bucket = (_, response) => response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
    const told = (await get(relay())).status;
    assert(told === 502 || told === 503, `${status} became ${told}`);
  }
});

test('a segment that breaks off does not look whole', async () => {
  bucket = (_, response) => {
    response.writeHead(206, { 'content-length': 200 });
    response.write(CHUNK.subarray(0, 50), () => response.destroy());
  };
  const answer = await get(relay());
  assert.equal(answer.status, 200);
  await assert.rejects(bytes(answer));
});

test('paths outside the pattern never reach the gate', async () => {
  const one = relay();
  for (const path of ['/', '/reel/', '/reel/0123abcd/src/01.ts', '/reel/0123abcd/src/-1.ts', '/reel/0123abcd/src/1.zip', '/reel/0123ABCD/src/1.ts', '/../0123abcd/src/1.ts', `${SEGMENT}?x`, `${SEGMENT}\r\n`, '/reel/0123abcd/src/1000000.ts']) {
    assert.equal((await get(one, path)).status, 404, path);
  }
  assert.equal(seen.gate.length, 0);
  assert.equal((await get(one, '/reel/0123abcd/src/2.ts')).status, 404);
  assert.equal((await get(one, '/reel/0123abcd/src/1.mp4')).status, 404);
  assert.equal(seen.gate.length, 1);
});

test('HEAD and If-None-Match cost the bucket nothing', async () => {
  const one = relay();
  const head = await one.answer({ method: 'HEAD', path: SEGMENT, headers: {} });
  assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '200', '']);
  assert.equal((await get(one, SEGMENT, { 'if-none-match': `"x", W/${head.headers.etag}` })).status, 304);
  assert.equal(seen.bucket.length, 0);
});

test('with a CDN it serves that alone, and sends others there without asking', async () => {
  const url = 'https://cdn.example/', sha256 = createHash('sha256').update('secret').digest('hex');
  const one = relay({ edge: { url, sha256 } });
  for (const headers of [{}, { 'x-zipreel-edge': '' }, { 'x-zipreel-edge': 'secret,secret' }, { 'x-zipreel-edge': sha256 }]) {
    for (const path of [SEGMENT, `/_relay${SEGMENT}`]) {
      const { status, headers: told, body } = await get(one, path, headers);
      assert.deepEqual([status, told.location, told['access-control-allow-origin'], body], [302, `https://cdn.example/_relay${SEGMENT}`, '*', '']);
    }
    for (const path of ['/reel/', '/_relay/', `/_relay/_relay${SEGMENT}`, `//_relay${SEGMENT}`]) assert.equal((await get(one, path, headers)).status, 404, path);
  }
  assert.equal(seen.gate.length, 0);
  for (const path of [SEGMENT, `/_relay${SEGMENT}`]) assert.deepEqual(await bytes(await get(one, path, { 'x-zipreel-edge': 'secret' })), CHUNK.subarray(166, 366));
  assert.deepEqual(await bytes(await get(relay(), `/_relay${SEGMENT}`)), CHUNK.subarray(166, 366), 'without a CDN the path is known too');
});

test('what is no hash lets nobody in', async () => {
  for (const sha256 of ['x', createHash('sha256').update('').digest('hex').slice(2), 'zz'.repeat(32)]) {
    const one = relay({ edge: { url: 'https://cdn.example/', sha256 } });
    for (const sent of [undefined, '', 'x']) assert.equal((await get(one, SEGMENT, { 'x-zipreel-edge': sent })).status, 302);
  }
});

test('playlist entries that are not ours are refused', () => {
  assert.throws(() => segmentsOf('#EXT-X-BYTERANGE:1@0\nhttps://example.com/x.ts'));
  assert.throws(() => segmentsOf('#EXTINF:1,\nsrc/0001.ts'));
  assert.throws(() => segmentsOf('#EXT-X-BYTERANGE:1@0\n../../gate/0001.ts'));
});
