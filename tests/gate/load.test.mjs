// How page and player take a library, in a document that is none: which scripts are asked for, and which one is enough.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

const TEXT = readFileSync(new URL('../../assets/gate/libraries.js', import.meta.url), 'utf8');
const ADDRESS = 'https://published.example/one.js', OWN = 'https://cdn.example/library-fbefbefb.js';
const INTEGRITY = `sha384-${'++++'.repeat(16)}`;

/** `asked` are the scripts that were put into the document, in turn. */
function page() {
  const asked = [], window = {};
  const document = { createElement: () => ({ remove() { this.removed = true; } }), head: { append: element => asked.push(element) } };
  runInNewContext(TEXT, { window, document, URL, atob, Promise, Error, setTimeout: (act, ms) => setTimeout(act, ms) });
  return { asked, load: options => window.ZipreelLibraries.load(ADDRESS, INTEGRITY, options), addresses: () => asked.map(({ src }) => src) };
}

/** Until all that follows from what happened has followed. */
const settled = () => new Promise(done => setImmediate(done));

test('without a CDN the address alone is asked, and its failure is told', async () => {
  const { asked, load, addresses } = page();
  const loaded = load();
  await settled();
  assert.deepEqual(addresses(), [ADDRESS]);
  assert.deepEqual([asked[0].integrity, asked[0].crossOrigin], [INTEGRITY, 'anonymous']);
  asked[0].onerror();
  await assert.rejects(loaded);
  assert(asked[0].removed);
});

test('the host is asked first, and its answer is enough', async () => {
  const { asked, load, addresses } = page();
  const loaded = load({ host: 'https://cdn.example/' });
  asked[0].onload();
  await loaded;
  assert.deepEqual(addresses(), [OWN]);
});

test('where the host has none, the address is asked at once', async () => {
  const { asked, load, addresses } = page();
  const loaded = load({ host: 'https://cdn.example/' });
  asked[0].onerror();
  await settled();
  assert.deepEqual(addresses(), [OWN, ADDRESS]);
  asked[1].onload();
  await loaded;
});

for (const [first, other] of [[0, 1], [1, 0]]) {
  test(`after six seconds of silence both are asked, and ${first ? 'the address' : 'the host'} is enough`, async context => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { asked, load, addresses } = page();
    const loaded = load({ host: 'https://cdn.example/' });
    context.mock.timers.tick(5999);
    await settled();
    assert.deepEqual(addresses(), [OWN]);
    context.mock.timers.tick(1);
    await settled();
    assert.deepEqual(addresses(), [OWN, ADDRESS]);
    asked[other].onerror();
    asked[first].onload();
    await loaded;
  });
}

test('who has no more patience is told so, and who has is not', async context => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const impatient = page().load({ patience: 1000 });
  let waits = true;
  page().load().finally(() => { waits = false; });
  await settled();
  context.mock.timers.tick(60_000);
  await assert.rejects(impatient);
  assert(waits);
});
