// The watch page behind a CDN, and what was begun before there was one. Like watch.mjs each scenario asserts, and the last
// line of output is a JSON object.
//
//   node edge.mjs --browser NAME --packages DIR --executable BROWSER --scenario NAME --page URL --edge URL --pictures DIR
//                 --title TEXT [--html JSON]
//
// `edge` is the CDN's base URL; `html` the line that `zipreel embed --json` prints. The scenarios `embedded` and `open` print
// `paused` and go on when a line arrives on standard input: meanwhile the CDN is switched on.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { elsewhere } from './elsewhere.mjs';
import { play } from './scene.mjs';
import { PATIENCE, goesOn, playsOn, stands, state, until } from './steps.mjs';

const DESK = { viewport: { width: 1280, height: 800 } };
/** Where nothing is loaded yet. */
const FAR = 300;

const { values } = parseArgs({ options: Object.fromEntries(['browser', 'packages', 'executable', 'scenario', 'page', 'edge', 'pictures', 'title', 'html'].map(name => [name, { type: 'string' }])) });

/** Every address that the page asked for, in order. */
const asked = page => page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name).filter(name => /^https?:/.test(name)));
const keepsAll = page => page.evaluate('performance.setResourceTimingBufferSize(10_000)');
const isLibrary = url => /\/library-[0-9a-f]{8}\.js$/.test(url);
const isSegment = url => /\/\d+\.(ts|mp4)$/.test(new URL(url).pathname);

/** The other side does its part. */
async function paused() {
  console.log('paused');
  await once(process.stdin, 'data');
}

async function jump(opened, to) {
  await opened.page.evaluate(`document.querySelector('video').currentTime = ${to}`);
  await goesOn(opened, to);
}

/** On a page of another site: a video element, or a frame. */
async function embed(browser, html) {
  const site = await elsewhere(html);
  const opened = await browser.open(site.url, DESK);
  await until(opened, 'window.ZipreelPlayer && video && !video.dataset.zipreel');
  await keepsAll(opened.page);
  await opened.page.evaluate('void document.querySelector("video").play()');
  await playsOn(opened, 0, 1);
  return { ...opened, close: async () => { await opened.close(); site.close(); } };
}

const scenarios = {
  /** All that the page asks for is on its own host. */
  async host(browser) {
    const opened = await browser.open(values.page, DESK), { page, said } = opened;
    assert(values.page.startsWith(values.edge));
    await keepsAll(page);
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 3);
    const { duration } = await state(page);
    if (await page.evaluate(`[...document.querySelector('video').textTracks].some(({ kind }) => kind === 'subtitles')`)) {
      await page.keyboard.press('c');
      while (!(await asked(page)).some(url => /\/\d+\.vtt$/.test(url))) await until(opened, '!video.error');
    }
    await jump(opened, Math.min(FAR, Math.floor(duration / 2)));
    const urls = await asked(page);
    const strange = urls.filter(url => !url.startsWith(values.edge));
    assert.deepEqual(strange, [], 'another host');
    const segments = urls.filter(isSegment);
    assert(segments.length > 2 && segments.every(url => url.startsWith(`${values.edge}_relay/`)), segments.join(' '));
    assert.deepEqual(said, []);
    return { paths: [...new Set(urls.map(url => new URL(url).pathname))] };
  },

  /** Where the host has no library, it is taken where it is published, and the page is the same. */
  async published(browser) {
    const opened = await browser.open(values.page, DESK), { page } = opened;
    await keepsAll(page);
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 2);
    const urls = await asked(page), refused = urls.filter(isLibrary);
    assert(refused.length > 1 && refused.every(url => url.startsWith(values.edge)), urls.join(' '));
    assert(urls.some(url => url.includes('/npm/hls.js@')) && urls.some(url => url.includes('/npm/media-chrome@')), urls.join(' '));
    return {};
  },

  /** The page from the gate plays by the CDN, and sends people there, and players to the gate. */
  async gate(browser) {
    const opened = await browser.open(values.page, DESK), { page, said } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 2);
    const urls = await asked(page), segments = urls.filter(isSegment);
    assert(segments.length && segments.every(url => url.startsWith(`${values.edge}_relay/`)), segments.join(' '));
    assert(!urls.some(isLibrary) && urls.some(url => url.includes('/npm/hls.js@')), 'the gate itself serves no library');
    await page.evaluate('document.getElementById("share").click()');
    const link = values.edge + new URL(values.page).pathname.slice(1);
    assert.equal(await page.evaluate('document.getElementById("link").value'), link);
    assert((await page.evaluate('document.getElementById("embed").value')).startsWith(`<iframe src="${link}" `));
    assert.equal(await page.evaluate('document.getElementById("playlist").textContent'), `${values.page}index.m3u8`);
    assert.deepEqual(said, []);
    return {};
  },

  /** What an old page embeds knows the relay's own host: it plays on when that sends it to the CDN. */
  async embedded(browser) {
    const { video } = JSON.parse(values.html);
    const opened = await embed(browser, video), { page, said } = opened;
    await page.evaluate('document.querySelector("video").pause()');
    const before = (await asked(page)).filter(isSegment);
    await paused();
    await page.evaluate('void document.querySelector("video").play()');
    await jump(opened, FAR);
    const after = (await asked(page)).filter(isSegment).slice(before.length), [first] = before;
    assert(after.length && after.every(url => new URL(url).origin === new URL(first).origin), `the old playlist is played: ${after.join(' ')}`);
    assert.deepEqual(said, []);
    await opened.close();
    const again = await embed(browser, video);
    const anew = (await asked(again.page)).filter(isSegment);
    assert(anew.length && anew.every(url => url.startsWith(`${values.edge}_relay/`)), anew.join(' '));
    await again.close();
    return {};
  },

  /** A page that was opened before has a policy that knows no CDN: it is loaded anew, and goes on where it was. */
  async open(browser) {
    const opened = await browser.open(values.page, DESK), { page } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 1);
    assert.equal(await page.evaluate('document.body.dataset.cdn'), '');
    await paused();
    await page.evaluate(`document.querySelector('video').currentTime = ${FAR}`);
    // while it is loaded anew, nothing can be asked
    const isAnew = () => page.evaluate('document.body.dataset.cdn && !!document.querySelector("media-controller:defined")').catch(() => false);
    for (const over = Date.now() + PATIENCE; !await isAnew(); await new Promise(done => setTimeout(done, 100))) assert(Date.now() < over, 'it is not loaded anew');
    await goesOn(opened, FAR - 1);
    return {};
  },
};

await play(scenarios, values);
