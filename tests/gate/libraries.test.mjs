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
  const account = new Account({ files, cdn: 'https://cdn.example/', download, ...more });
  return { account, asked, get: (path, headers) => account.get(path, { 'x-zipreel-edge': 'any', ...headers }) };
}

test('a library is fetched once, from where the page says, and is for ever what its name says', async () => {
  const { get, asked } = gated([TEXT]);
  const both = await Promise.all([get(pathOf(TEXT)), get(pathOf(TEXT), { 'accept-encoding': 'gzip' })]);
  assert.deepEqual(both.map(({ status }) => status), [200, 200]);
  assert.deepEqual([both[0].body, gunzipSync(both[1].body)], [TEXT, TEXT]);
  for (const { headers } of both) {
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(headers.vary, 'accept-encoding');
  }
  assert.notEqual(both[0].headers.etag, both[1].headers.etag);
  assert.equal((await get(pathOf(TEXT), { 'if-none-match': both[0].headers.etag })).status, 304);
  assert.deepEqual(asked, [ADDRESS]);
});

for (const [why, answer] of [['has another hash', Buffer.from('window.other = 1')], ['does not come', new Error('no way there')]]) {
  test(`what ${why} is not served, and nothing is fetched before the time that is told`, async () => {
    const { account, get, asked } = gated([answer, TEXT]);
    for (const [waited, told] of [[0, '10'], [3500, '7']]) {
      account.time += waited;
      const { status, headers } = await get(pathOf(TEXT));
      assert.deepEqual([status, headers['cache-control'], headers['retry-after']], [503, 'no-store', told]);
    }
    assert.equal(asked.length, 1);
    account.time += 6500;
    assert.equal((await get(pathOf(TEXT))).status, 200);
  });
}

test('a host that says nothing, or no more, is not waited for', async () => {
  const server = createServer((request, response) => { if (request.url === '/begins') response.writeHead(200).write('window'); }).listen(0, '127.0.0.1');
  await new Promise(done => server.on('listening', done));
  try {
    const download = downloadFrom(`http://127.0.0.1:${server.address().port}/`);
    for (const path of ['silent', 'begins']) await assert.rejects(download(`https://published.example/${path}`, 1000, 50), { name: 'TimeoutError' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('only what the page takes is fetched, and only for a CDN', async () => {
  const { account, get, asked } = gated([]);
  assert.equal((await get(pathOf('another'))).status, 404);
  assert.equal((await account.get(pathOf(TEXT))).status, 404, 'a browser that is not behind it');
  assert.equal((await gated([TEXT], { cdn: '' }).get(pathOf(TEXT))).status, 404);
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
