// The relay's own code before a gate and a bucket that misbehave on purpose.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { Recent } from '../../assets/gate/memory.mjs';
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

/** What is read of a playlist that comes in parts of so many bytes. */
async function read(playlist, bytes = playlist.length) {
  const whole = Buffer.from(playlist), parts = [];
  for (let at = 0; at < whole.length; at += bytes) parts.push(whole.subarray(at, at + bytes));
  const segments = await segmentsOf(parts);
  assert.equal(segments.at(segments.length), undefined);
  return Array.from({ length: segments.length }, (_, i) => segments.at(i));
}
const entry = (bytes, offset, uri) => `#EXTINF:6,\n#EXT-X-BYTERANGE:${bytes}@${offset}\n${uri}\n`;

test('playlist entries that are not ours are refused', async () => {
  const refused = [
    '#EXT-X-BYTERANGE:1@0\nhttps://example.com/x.ts', '#EXTINF:1,\nsrc/0001.ts', '#EXT-X-BYTERANGE:1@0\n../../gate/0001.ts', '#EXT-X-BYTERANGE:1@0\n src/0001.ts',
    '#EXT-X-BYTERANGE:1\nsrc/0001.ts', '#EXT-X-BYTERANGE:1@\nsrc/0001.ts', '#EXT-X-BYTERANGE:1@0 \nsrc/0001.ts', '#EXT-X-BYTERANGE:1@0\nsrc/0001.ts\r', '#EXT-X-BYTERANGE:1@0\nsrc/0001.ts\rx',
    `${entry(1, 0, 'src/0001.ts')}src/0001.ts\n`, `${entry(1, 0, 'src/0001.ts')}#EXT-X-BYTERANGE:1\nsrc/0001.ts\n`, entry(1, 2 ** 32, 'src/0001.ts'), entry(2 ** 32, 0, 'src/0001.ts'),
  ];
  for (const playlist of refused) await assert.rejects(read(playlist), { status: 502 }, playlist);
});

test('a playlist is read alike whatever its lines end with and wherever its parts do', async () => {
  const lines = [
    '#EXTM3U', '#EXT-X-TARGETDURATION:6', '', '#EXT-X-MAP:URI="src-init.mp4"', '#EXTINF:6.006,a title, and src/0009.ts', '#EXT-X-BYTERANGE:100@66', 'src/0001.ts',
    '#EXT-X-DISCONTINUITY', '#EXT-X-BYTERANGE:200@166', '#EXTINF:6,', '# \u{e9}', 'src/0001.ts', '#EXTINF:6,', '#EXT-X-BYTERANGE:4294967295@4294967295', '1080/9999.mp4',
    '#EXT-X-BYTERANGE:1@0', '#EXT-X-BYTERANGE:5@4', 'src/0001.ts', '#EXT-X-ENDLIST',
  ];
  const segments = [
    { uri: 'src/0001.ts', offset: 66, bytes: 100 }, { uri: 'src/0001.ts', offset: 166, bytes: 200 },
    { uri: '1080/9999.mp4', offset: 4294967295, bytes: 4294967295 }, { uri: 'src/0001.ts', offset: 4, bytes: 5 },
  ];
  const whole = lines.join('\n');
  for (const playlist of [whole, `${whole}\n`, `${whole}\n\n`, lines.join('\r\n'), `${lines.join('\r\n')}\r\n`, lines.slice(0, -1).join('\n')]) {
    for (const bytes of [1, 2, 3, 7, 64, 10_000]) assert.deepEqual(await read(playlist, bytes), segments, `${JSON.stringify(playlist)} in parts of ${bytes}`);
  }
  for (const playlist of ['', '\n', '#EXTM3U', '#EXTM3U\r\n']) assert.deepEqual(await read(playlist), []);
});

test('a playlist of 4 MiB is read to its last entry, and one that is longer by a byte is not', async () => {
  const entries = Math.floor((4 << 20) / entry(100, 66, 'src/0001.ts').length);
  const playlist = Array.from({ length: entries }, (_, i) => entry(100 + i % 900, 66, `src/${String(1 + i % 9999).padStart(4, '0')}.ts`)).join('').padEnd(4 << 20, '#');
  gate = (_, response) => response.end(playlist);
  const one = relay(), last = await one.answer({ method: 'HEAD', path: `/reel/0123abcd/src/${entries - 1}.ts`, headers: {} });
  assert.deepEqual([last.status, last.headers['content-length']], [200, String(100 + (entries - 1) % 900)]);
  assert.equal((await get(one, `/reel/0123abcd/src/${entries}.ts`)).status, 404);
  gate = (_, response) => response.end(`${playlist}#`);
  assert.equal((await get(relay())).status, 502);
  const shortest = '#EXT-X-BYTERANGE:0@0\na/0001.ts\n';
  assert.equal((await read(shortest.repeat((4 << 20) / shortest.length))).length, Math.floor((4 << 20) / shortest.length));
});

test('who asks while a playlist is read waits for the same answer, and who asks later asks anew', async () => {
  const usual = gate, one = relay();
  gate = (_, response) => response.writeHead(503, { 'retry-after': '3' }).end();
  const busy = await Promise.all([0, 1, 0].map(number => get(one, `/reel/0123abcd/src/${number}.ts`)));
  assert.deepEqual(busy.map(({ status }) => status), [503, 503, 503]);
  gate = usual;
  const heads = await Promise.all([0, 1, 2].map(number => one.answer({ method: 'HEAD', path: `/reel/0123abcd/src/${number}.ts`, headers: {} })));
  assert.deepEqual(heads.map(({ status }) => status), [200, 200, 404]);
  assert.equal(seen.gate.length, 2);
});

test('what is kept is bounded by its weight: what was not used for longest goes, and the newest stays', () => {
  const kept = new Recent(10, value => value);
  const keys = () => [...kept.keys()].join('');
  kept.set('a', 4).set('b', 3).set('c', 3);
  assert.deepEqual([kept.get('a'), keys()], [4, 'bca']);
  kept.set('d', 1);
  assert.equal(keys(), 'cad');
  kept.set('a', 1).set('e', 5);
  assert.equal(keys(), 'cdae', 'what is set anew weighs what it weighs now');
  kept.delete('e');
  kept.delete('x');
  kept.set('f', 5);
  assert.equal(keys(), 'cdaf');
  kept.set('g', 99);
  assert.equal(keys(), 'g', 'one that is heavier than all may be is kept alone');
  kept.set('h', 1);
  assert.deepEqual([keys(), kept.get('g')], ['h', undefined]);
});

test('playlists are kept by their bytes: hundreds of short ones, some of the longest', async () => {
  const askFor = async (one, from, to) => {
    seen.gate = [];
    for (let i = from; i < to; i++) assert.equal((await one.answer({ method: 'HEAD', path: `/reel-${i}/0123abcd/src/0.ts`, headers: {} })).status, 200);
    return seen.gate.length;
  };
  const short = relay();
  assert.deepEqual([await askFor(short, 0, 300), await askFor(short, 0, 300)], [300, 0]);
  const playlist = entry(100, 66, 'src/0001.ts').repeat(62_000);
  gate = (_, response) => response.end(playlist);
  const long = relay();
  assert.deepEqual([await askFor(long, 0, 12), await askFor(long, 6, 12), await askFor(long, 0, 1)], [12, 0, 1]);
});
