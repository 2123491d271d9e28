// The watch page, its policy, and what others are told of it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Account } from './account.mjs';
import { GENERATION, generation } from './reel.mjs';

/** As a script names a library of this text. */
const named = (name, address, text) => `const ${name}_JS = '${address}';\nconst ${name}_JS_INTEGRITY = 'sha384-${createHash('sha384').update(text).digest('base64')}';`;

/** A page of these words, whose script holds the player, from a gate with these files besides. */
const paged = (text, more = []) => ({ files: new Map([
  ['watch.html', `<style></style><script>/*player*/${named('A', 'https://a.example/a.js', 'a')} const C_JS = 'https://c.example/c.js';\n${named('B', 'https://b.example/b.js', 'b')}</script>${text}`],
  ['player.js', "// $& $' new"], ...more,
]) });

// The stand-in's gate is held to the same words in src/local/gate/page/mod.rs.
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

// The stand-in's gate is held to the same sizes in src/local/gate/page/oembed.rs.
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
  const named = await account.get('/absent/', { path: '/absent/', accept: undefined });
  assert.deepEqual([named.body, named.headers.vary], ['not found\n', 'accept'], 'a header of the name of a path is none');
  for (const other of ['*/*', 'text/plain', undefined]) assert.equal((await account.get('/absent/', { accept: other })).body, 'not found\n');
});

test('a page that is put together from compressed parts is the page, however long they and a title are', async () => {
  const long = 'of which a browser sees nothing '.repeat(5000);
  const forms = async (title, text) => {
    const account = new Account({ ...paged(text), base: 'http://127.0.0.1:1/' }).publish('clip', generation(GENERATION, 1), [], { title });
    const [plain, compressed] = [await account.get('/clip/'), await account.get('/clip/', { 'accept-encoding': 'gzip' })];
    assert.deepEqual([compressed.headers['content-encoding'], compressed.headers['content-length']], ['gzip', String(compressed.body.length)]);
    assert.equal(gunzipSync(compressed.body).toString(), plain.body);
    return compressed.body.length / plain.body.length;
  };
  assert(await forms('\u00e9t\u00e9', `${long}{{title}}{{reel}}${long}`) < 0.1);
  assert(await forms('x'.repeat(200_000), `${long}{{title}}`) > 0.5, 'what is filled in is not compressed');
  await forms('', '{{title}}');
});
