// Libraries of the page behind a CDN: fetched once, by their hash, and from nowhere else.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { downloadFrom } from '../../assets/gate/libraries.mjs';
import { Account } from './account.mjs';

const ADDRESS = 'https://published.example/npm/one@1.0.0/one.js';
const TEXT = Buffer.from('window.one = 1;'.repeat(1000));

const sha384 = (text, encoding) => createHash('sha384').update(text).digest(encoding);
const pathOf = text => `/library-${sha384(text, 'hex').slice(0, 8)}.js`;
const script = `const ONE_JS = '${ADDRESS}';\nconst ONE_JS_INTEGRITY = 'sha384-${sha384(TEXT, 'base64')}';`;
const files = new Map([['watch.html', `<script>/*player*/${script}</script>`], ['player.js', '']]);

/** A gate behind a CDN whose page names one library, and what it asks for; `answers` are what comes, in turn. */
function gated(answers, more = {}) {
  const asked = [];
  const download = async address => {
    asked.push(address);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { account: new Account({ files, cdn: 'https://cdn.example/', download, ...more }), asked };
}

test('a library is fetched once, from where the page says, and is for ever what its name says', async () => {
  const { account, asked } = gated([TEXT]);
  const both = await Promise.all([account.get(pathOf(TEXT)), account.get(pathOf(TEXT), { 'accept-encoding': 'gzip' })]);
  assert.deepEqual(both.map(({ status }) => status), [200, 200]);
  assert.deepEqual([both[0].body, gunzipSync(both[1].body)], [TEXT, TEXT]);
  for (const { headers } of both) {
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(headers.vary, 'accept-encoding');
  }
  assert.notEqual(both[0].headers.etag, both[1].headers.etag);
  assert.equal((await account.get(pathOf(TEXT), { 'if-none-match': both[0].headers.etag })).status, 304);
  assert.deepEqual(asked, [ADDRESS]);
});

test('what has another hash is not served, nor asked for again at once', async () => {
  const { account, asked } = gated([Buffer.from('window.other = 1'), TEXT]);
  for (const _ of [1, 2]) {
    const { status, headers } = await account.get(pathOf(TEXT));
    assert.deepEqual([status, headers['cache-control']], [503, 'no-store']);
  }
  assert.equal(asked.length, 1);
  account.time += 11_000;
  assert.equal((await account.get(pathOf(TEXT))).status, 200);
});

test('where nothing comes, a browser is told so', async () => {
  const { account } = gated([new Error('no way there')]);
  const { status, headers } = await account.get(pathOf(TEXT));
  assert.equal(status, 503);
  assert(+headers['retry-after'] > 0);
});

test('only what the page takes is fetched, and only for a CDN', async () => {
  const { account, asked } = gated([]);
  assert.equal((await account.get(pathOf('another'))).status, 404);
  assert.equal((await account.get(`${pathOf(TEXT)}?x`)).status, 404);
  assert.equal((await gated([TEXT], { cdn: '' }).account.get(pathOf(TEXT))).status, 404);
  assert.deepEqual(asked, []);
});

test('a download is bounded, follows nobody, and takes 200 alone', async () => {
  const answers = { '/npm/good': [200, TEXT], '/npm/long': [200, Buffer.alloc(3000)], '/npm/gone': [404, 'no'], '/npm/away': [302, ''] };
  const server = createServer((request, response) => {
    const [status, body] = answers[request.url];
    response.writeHead(status, { location: '/npm/good' }).end(body);
  }).listen(0, '127.0.0.1');
  await new Promise(done => server.on('listening', done));
  try {
    const download = downloadFrom(`http://127.0.0.1:${server.address().port}/`), get = name => download(`https://published.example/npm/${name}`, 20_000, 5000);
    assert.deepEqual(await get('good'), TEXT);
    await assert.rejects(download('https://published.example/npm/long', 2999, 5000), /too long/);
    await assert.rejects(get('gone'), /404/);
    await assert.rejects(get('away'));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
