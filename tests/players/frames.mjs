// What hls.js hands to a browser of one media playlist, as a page of another site plays it: the picture's bytes are written
// to a file for ffmpeg to decode.
//
//   node frames.mjs --browser NAME --executable FILE --packages DIR --scenario NAME --page URL --list URL --into FILE
//
// `list` is the media playlist, of `page`'s reel. The last line of output is a JSON object: how often a segment or a piece
// was asked for, the longest of them in seconds.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { elsewhere } from './elsewhere.mjs';
import { play } from './scene.mjs';
import { isLoaded, isWhole, playsOn, state, until } from './steps.mjs';

const { values } = parseArgs({ options: Object.fromEntries(['browser', 'packages', 'executable', 'scenario', 'page', 'list', 'into', 'pictures', 'title'].map(name => [name, { type: 'string' }])) });
const LIBRARY = readFileSync(join(values.packages, 'node_modules/hls.js/dist/hls.min.js'), 'utf8').replaceAll('</script', '<\\/script');
/** Times faster than it is meant to be seen. */
const RATE = 4;

/** In the page: begins with a playlist, and keeps what goes into the picture's buffer. */
const begin = list => {
  const video = document.querySelector('video'), hls = new Hls({ maxBufferLength: 1, maxMaxBufferLength: 1 }); // what is played, and little ahead
  window.seen = { handed: [], loaded: 0, longest: 0, failed: [] };
  hls.on(Hls.Events.BUFFER_APPENDING, (_, { type, data }) => { if (type !== 'audio') seen.handed.push(data.slice()); });
  hls.on(Hls.Events.FRAG_LOADED, (_, { frag }) => { seen.loaded += 1; seen.longest = Math.max(seen.longest, frag.duration); });
  hls.on(Hls.Events.ERROR, (_, { details, fatal }) => { if (fatal) seen.failed.push(details); });
  hls.attachMedia(video);
  hls.loadSource(list);
  void video.play();
};

/** In the page: what was handed over, as a data URL. */
const handed = () => new Promise(done => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.readAsDataURL(new Blob(seen.handed));
});

async function opened(browser) {
  const site = await elsewhere(`<video muted playsinline width="640" height="360"></video><script>${LIBRARY}</script>`);
  const opened = await browser.open(site.url, { viewport: { width: 1280, height: 800 } });
  await opened.page.evaluate(begin, values.list);
  await playsOn(opened, 0, 1);
  return opened;
}

/** Nothing failed, and what was loaded. */
async function loaded({ page, said }) {
  const { loaded, longest, failed } = await page.evaluate('({ ...seen, handed: [] })');
  assert.deepEqual([failed, said], [[], []]);
  return { loaded, longest };
}

const scenarios = {
  /** From the start to the end, without a hole. */
  async whole(browser) {
    const on = await opened(browser);
    await on.page.evaluate(`document.querySelector('video').playbackRate = ${RATE}`);
    await until(on, 'video.ended');
    const { duration, played } = await state(on.page);
    isWhole('played', played, duration);
    writeFileSync(values.into, Buffer.from((await on.page.evaluate(handed)).split(',')[1], 'base64'));
    return loaded(on);
  },

  /** To where nothing was loaded, and on from there. */
  async jump(browser) {
    const on = await opened(browser);
    const to = (await state(on.page)).duration * 0.7;
    assert(!await on.page.evaluate(`(${isLoaded})(document.querySelector('video'), ${to}, ${to + 0.1})`), 'nothing is loaded there yet');
    await on.page.evaluate(`document.querySelector('video').currentTime = ${to}`);
    await until(on, `video.currentTime >= ${to} && !video.seeking && video.readyState >= 2`);
    await playsOn(on, to, 2);
    return loaded(on);
  },
};

await play(scenarios, values);
