// What a person does on the watch page, in a real browser: plays, seeks, comes by a link with a time, comes back after
// an hour. Each step is asserted; the last line of output is one JSON object for the table of players.
//
//   node watch.mjs --browser chromium|firefox|webkit --executable FILE --packages DIR --scenario NAME --page URL --pictures DIR
//
// The scenario `inputs` plays a list of reels, `--rows`: [{ name, page, seconds, pictures, sound, jumps }].
//
// The scenario `pause` prints `paused` and goes on when a line arrives on standard input: meanwhile the clock of the
// stand-in is put forward, so that every link has ended.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { elsewhere } from './elsewhere.mjs';
import { play } from './scene.mjs';
import { PATIENCE, goesOn, isLoaded, isWhole, pictureOf, playsFrom, playsOn, segmentsLoaded, stands, standsStill, state, trouble, until } from './steps.mjs';

const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2, colorScheme: 'dark' };

const { values } = parseArgs({ options: Object.fromEntries(['browser', 'packages', 'executable', 'scenario', 'page', 'pictures', 'title', 'rows'].map(name => [name, { type: 'string' }])) });

/** A picture to look at, of this browser, reel and scene. */
const shot = (page, scene) => page.screenshot({ path: join(values.pictures, `${values.browser}-${new URL(values.page).pathname.split('/')[1]}-${scene}.png`) });

/** Longer videos are not played whole: they are jumped through. */
const WHOLE_SECONDS = 60;
/** Times faster than it is meant to be seen. */
const RATE = 2;

/** In the page: what was played, and what is held of picture and sound, as lists of [from, to]. */
const ranges = () => {
  const list = of => Array.from({ length: of.length }, (_, at) => [of.start(at), of.end(at)]);
  // fragmented MP4 with both in it goes into one buffer
  const { audiovideo, audio = audiovideo, video = audiovideo } = player.hls.bufferController.tracks;
  return { played: list(document.querySelector('video').played), picture: video && list(video.buffer.buffered), sound: audio && list(audio.buffer.buffered) };
};

/** In the page: jumps, and keeps where it has landed before it plays on. */
const jumpTo = time => {
  const video = document.querySelector('video');
  delete video.dataset.landed;
  video.addEventListener('seeked', () => { video.dataset.landed = video.currentTime; }, { once: true });
  video.currentTime = time;
};

/** Nothing of the captions is over the controls: these look the same without them. */
async function leaveTheControls({ page }, shown) {
  const { x, width, bottom } = await page.evaluate('document.querySelector("video").getBoundingClientRect().toJSON()');
  const clip = { x: x + width / 3, y: bottom - 60, width: width / 3, height: 60 };
  const isLeft = async () => {
    const before = await page.screenshot({ clip });
    await page.evaluate(`(video => { window.shown = ${shown}[0]; window.shown.mode = 'hidden'; })(document.querySelector('video'))`);
    await new Promise(done => setTimeout(done, 300));
    const after = await page.screenshot({ clip });
    await page.evaluate("window.shown.mode = 'showing'");
    await new Promise(done => setTimeout(done, 300));
    return Buffer.compare(before, after) === 0;
  };
  const over = Date.now() + PATIENCE / 4;
  while (!await isLeft()) if (Date.now() > over) assert.fail('captions are over the controls');
}

/** A browser without a decoder loads nothing, and the page says at once what the matter is: no way is tried again. */
async function isRefused(opened) {
  await stands(opened);
  await opened.page.keyboard.press(' ');
  const over = Date.now() + PATIENCE;
  while (!await trouble(opened.page)) {
    if (Date.now() > over) assert.fail('it never said that it has no decoder');
    await new Promise(done => setTimeout(done, 50));
  }
  assert.equal(await segmentsLoaded(opened.page), 0, 'segments that nobody can decode');
  const asked = await opened.page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => /\/index\.relay\.m3u8$/.test(name)).length);
  assert.equal(asked, 1, 'its playlist is asked for once');
}

/** Plays a reel from end to end, if it is no longer than that, and jumps into it. */
async function playsThrough(opened, { seconds, pictures, sound, jumps }) {
  const { page, said } = opened;
  await stands(opened);
  await page.keyboard.press(' ');
  await until(opened, 'video.readyState >= 2');
  const { duration } = await state(page);
  assert(Math.abs(duration - seconds) < 0.2, `lasts ${duration} s`);
  if (seconds < WHOLE_SECONDS) {
    await page.evaluate(`document.querySelector("video").playbackRate = ${RATE}`);
    await until(opened, ENDS);
    const all = await page.evaluate(ranges);
    isWhole('played', all.played, seconds);
    assert(Boolean(all.picture) === pictures > 0 && Boolean(all.sound) === sound > 0, JSON.stringify(all));
    if (pictures) isWhole('picture', all.picture, seconds);
    if (sound) isWhole('sound', all.sound, sound);
    await page.evaluate('document.querySelector("video").playbackRate = 1');
  }
  for (const jump of jumps) {
    await page.evaluate(jumpTo, jump);
    await until(opened, '"landed" in video.dataset && !video.seeking && video.readyState >= 2');
    const landed = await page.evaluate('+document.querySelector("video").dataset.landed');
    assert(Math.abs(landed - jump) < 0.5, `landed at ${landed} s, not at ${jump} s`);
    if ((await state(page)).paused) await page.keyboard.press(' ');
    await playsOn(opened, jump, 2);
  }
  assert.deepEqual(said, []);
}

/** WebKitGTK often waits at the last frame for something that is not there. */
const ENDS = values.browser === 'webkit' ? 'video.played.length > 0 && video.duration - video.currentTime < 0.2' : 'video.ended';

const scenarios = {
  /** Each of a list of reels; `faults` says of those that are not as they should be what is wrong. */
  async inputs(browser) {
    const faults = {}, limits = {};
    for (const row of JSON.parse(values.rows)) {
      // WebKitGTK now and then stands still after hls.js jumped over a small hole: a second try is said in the table
      for (const tries of [1, 2]) {
        const opened = await browser.open(row.page, DESK);
        try {
          if (row.kind && !await opened.page.evaluate(`MediaSource.isTypeSupported(${JSON.stringify(row.kind)})`)) {
            await isRefused(opened);
            limits[row.name] = 'no decoder, and the page says so';
            delete faults[row.name];
            break;
          }
          await playsThrough(opened, row);
          if (tries === 2) limits[row.name] = `yes, on a second try (${faults[row.name].split('\n')[0]})`;
          delete faults[row.name];
        } catch (error) {
          faults[row.name] = error.message;
        }
        await opened.close?.();
        if (!faults[row.name]) break;
      }
    }
    return { faults, limits };
  },

  /** Subtitles by the key and by what was chosen before, each with its picture, and chapters on the bar. */
  async captions(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page, said } = opened;
    const shown = `[...video.textTracks].filter(track => track.mode === 'showing' && /subtitles|captions/.test(track.kind))`;
    const text = `(${shown}[0] && ${shown}[0].activeCues && [...${shown}[0].activeCues].map(cue => cue.text).join('|'))`;
    await stands(opened);
    await page.keyboard.press(' ');
    await until(opened, 'video.currentTime > .1 && video.textTracks.length > 2');
    assert.deepEqual(await page.evaluate(`(video => ${shown}.map(({ kind, label, language }) => [kind, label, language, localStorage.getItem('zipreel:captions')]))(document.querySelector('video'))`), [], 'none unasked');
    await page.keyboard.press('c');
    await page.evaluate('document.querySelector("video").pause(); document.querySelector("video").currentTime = 5.5');
    await until(opened, `${text} === 'A'`);
    await page.evaluate('document.querySelector("video").currentTime = 6.5');
    await until(opened, `${text} === 'A|B'`);
    await leaveTheControls(opened, shown);
    await shot(page, 'captions');
    await until(opened, `document.querySelector('media-time-range').mediaChaptersCues?.some(({ text }) => text.startsWith('End'))`);
    await new Promise(done => setTimeout(done, 2000)); // a choice of the first moments is not a person's
    const second = `[...document.querySelector('video').textTracks].filter(track => track.kind === 'subtitles').forEach(track => { track.mode = track.language === 'de' ? 'showing' : 'disabled'; })`;
    await page.evaluate(second);
    await until(opened, `localStorage.getItem('zipreel:captions')?.startsWith('de|')`);
    await page.reload();
    await stands(opened);
    await page.keyboard.press(' ');
    await until(opened, `${shown}.length === 1 && ${shown}[0].language === 'de'`);
    assert.deepEqual(said, []);
    return { player: browser.version };
  },

  /** Another language while it plays, by the menu; it is remembered. */
  async languages(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page, said } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 2);
    assert.equal(await page.evaluate('player.hls.audioTrack'), 0);
    await page.mouse.move(600, 400);
    await page.evaluate('document.getElementById("languages-button").click()');
    await until(opened, '!document.querySelector("media-audio-track-menu").hidden');
    const items = `[...document.querySelector('media-audio-track-menu').querySelectorAll('*'), ...document.querySelector('media-audio-track-menu').shadowRoot.querySelectorAll('media-chrome-menu-item')].filter(item => item.matches('media-chrome-menu-item'))`;
    assert.deepEqual(await page.evaluate(`${items}.map(item => item.textContent.trim())`), ['English', 'Deutsch']);
    await new Promise(done => setTimeout(done, 500)); // it fades in
    await shot(page, 'languages');
    // a slow browser may be at the end by now; what it has of the first language is not played on
    await page.evaluate(`document.querySelector('video').currentTime = 1; ${items}[1].click()`);
    await page.evaluate('player.play()');
    const [, second] = await page.evaluate('player.hls.audioTracks[1].url').then(url => url.match(/\/(t\d+)\.[^/]+$/));
    const asked = `performance.getEntriesByType('resource').some(({ name }) => /\\/${second}\\/(pieces\\/)?0\\.ts$/.test(name))`;
    await until(opened, `player.hls?.audioTrack === 1 && ${asked}`);
    await playsOn(opened, 1, 3);
    await page.reload();
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 2);
    await until(opened, 'player.hls?.audioTrack === 1');
    assert.deepEqual(said, []);
    return { player: browser.version };
  },

  /** From start to end with the keyboard, over every segment border. */
  async play(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page, said } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 5);
    await standsStill(opened);
    const early = await pictureOf(page);
    assert(/[1-9]\d/.test(early), 'a picture');
    await playsFrom(opened, 5);
    await standsStill(opened);
    assert.notEqual(await pictureOf(page), early);
    await shot(page, 'desk');
    await playsFrom(opened, 1);
    await standsStill(opened);
    // on to the last fifth, loaded or not, and over the end
    await playsFrom(opened, 8);
    await until(opened, ENDS);
    const last = await state(page);
    assert(Math.abs(last.currentTime - last.duration) < 0.2);
    assert.deepEqual(said, []);
    return { plays: true, seeks: true, seconds: last.duration };
  },

  /** Sound alone, over every border, after a jump and to the end, with a picture of it where a film would be. */
  async sound(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page, said } = opened;
    await stands(opened);
    const size = await page.evaluate('(({ width, height }) => [width, height])(document.querySelector("video").getBoundingClientRect())');
    assert(size[0] < 800 && size[1] < 450, `as large as a picture: ${size}`);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 3);
    await standsStill(opened);
    const { duration } = await state(page);
    assert.equal(await page.evaluate('document.querySelector("video").videoHeight'), 0);
    assert.match(await page.evaluate('document.getElementById("about").textContent'), / · sound$/);
    await playsFrom(opened, 5);
    await standsStill(opened);
    await shot(page, 'sound');
    await playsFrom(opened, 9, 0.5);
    await until(opened, ENDS);
    assert.deepEqual(said, []);
    return { seconds: duration };
  },

  /** Jumps to where nothing was loaded yet, on the page and by a link. */
  async jump(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 3);
    const { duration } = await state(page);
    assert.equal(await page.evaluate(`(${isLoaded})(document.querySelector('video'), ${duration * 0.7}, ${duration * 0.7 + 1})`), false);
    await page.keyboard.press('7');
    await until(opened, 'video.currentTime >= video.duration * 0.7 && !video.seeking && video.readyState >= 2');
    await playsOn(opened, duration * 0.7, 2);
    await shot(page, 'jump');
    assert.deepEqual(opened.said, []);
    await opened.close?.();
    const linked = await browser.open(`${values.page}?t=100`, DESK);
    await goesOn(linked, 100);
    assert.deepEqual(linked.said, []);
    return {};
  },

  /** hls.js keeps the end to itself: the page finds that nothing goes on, and ends all the same. */
  async untold(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page, said } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 1);
    await page.evaluate('(hls => { const told = hls.trigger; hls.trigger = (event, data) => event === Hls.Events.BUFFER_EOS || told.call(hls, event, data); })(player.hls)');
    await page.evaluate('(video => { video.currentTime = video.duration - 3; })(document.querySelector("video"))');
    await until(opened, ENDS);
    assert.deepEqual(said, []);
    return {};
  },

  /** Keys do what the page says they do. */
  async keys(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page, said } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 1);
    await page.keyboard.press(' ');
    const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); return state(page); };
    await press('3');
    await until(opened, '!video.seeking && video.readyState >= 2');
    const at = (await state(page)).currentTime;
    assert(Math.abs((await press('ArrowRight')).currentTime - at - 5) < 0.1);
    assert(Math.abs((await press('l')).currentTime - at - 15) < 0.1);
    assert(Math.abs((await press('j', 'ArrowLeft')).currentTime - at) < 0.1);
    assert.equal((await press('ArrowLeft', 'ArrowLeft', 'ArrowLeft')).currentTime, 0);
    assert.equal((await press('m')).muted, true);
    assert(Math.abs((await press('ArrowDown', 'ArrowDown')).volume - 0.8) < 0.01);
    assert.equal((await press('<')).playbackRate, 0.75);
    assert.equal((await press('k')).paused, false);
    assert.equal((await press(' ')).paused, true);
    await press('f');
    await until(opened, 'document.fullscreenElement === document.getElementById("controls")');
    await press('f');
    await until(opened, '!document.fullscreenElement');
    // a button keeps its own keys
    await page.focus('#players summary');
    await press(' ');
    assert.equal(await page.evaluate('document.getElementById("players").open'), true);
    assert.equal((await state(page)).paused, true);
    assert.deepEqual(said, []);
    return {};
  },

  /** A link with a time starts there, and its title is text, whatever it says. */
  async link(browser) {
    const opened = await browser.open(`${values.page}?t=13`, DESK);
    const { page, said } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 13, 2);
    const heading = () => { const { textContent, childElementCount } = document.querySelector('h1'); return [textContent, childElementCount]; };
    assert.deepEqual(await page.evaluate(heading), [values.title, 0]);
    assert.equal(await page.title(), values.title);
    await page.evaluate('document.getElementById("share").click()');
    await until(opened, '/^Start at 0:[1-9]/.test(document.getElementById("from-text").textContent) && document.getElementById("code").childElementCount');
    assert.equal(await page.evaluate('document.getElementById("link").value'), values.page);
    await page.evaluate('document.getElementById("from-here").click()');
    assert.match(await page.evaluate('document.getElementById("link").value'), /\/\?t=[1-9]\d$/);
    assert.match(await page.evaluate('document.getElementById("embed").value'), /^<iframe src="[^"]*" title="[^"]*" style="width: min/);
    await page.evaluate('document.getElementById("sharing").close()');
    assert.equal(await page.evaluate('document.getElementById("mpv").textContent'), `mpv --start=13 '${values.page}index.m3u8'`);
    const poster = await fetch(`${values.page}poster.jpg`);
    assert.deepEqual([poster.status, poster.headers.get('content-type')], [200, 'image/jpeg']);
    assert.deepEqual(said, []);
    return {};
  },

  /** A phone's small, dark screen: no sideways scrolling, the video first, its controls in reach. */
  async phone(browser) {
    const opened = await browser.open(values.page, PHONE);
    const { page, said } = opened;
    await stands(opened);
    const [width, top, wide] = await page.evaluate(() => [document.querySelector('video').clientWidth, document.querySelector('video').getBoundingClientRect().top, document.documentElement.scrollWidth]);
    assert.deepEqual([width, top, wide], [390, 0, 390]);
    await page.evaluate('document.querySelector("video").play()');
    await playsOn(opened, 0, 3);
    await page.evaluate('document.querySelector("#players summary").click()');
    await shot(page, 'phone');
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
    assert.deepEqual(said, []);
    return {};
  },

  /** Before anyone plays the page, and what it needs, is small; and little is loaded ahead: each byte through the relay costs. */
  async thrift(browser) {
    const opened = await browser.open('about:blank', DESK);
    const sizes = new Map();
    opened.page.on('response', async response => {
      const body = await response.body().catch(() => Buffer.alloc(0)), { hostname, pathname } = new URL(response.url());
      // the gate sends as it is, the CDN compresses
      if (!pathname.endsWith('/poster.jpg') && pathname !== 'blank') sizes.set(response.url(), hostname === '127.0.0.1' ? body.length : gzipSync(body).length);
    });
    await opened.page.goto(values.page);
    await stands(opened);
    const before = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    assert(before < 150_000, `${before} bytes before play: ${JSON.stringify([...sizes])}`);
    await opened.page.keyboard.press(' ');
    await playsOn(opened, 0, 5);
    const ahead = await opened.page.evaluate('(({ buffered, currentTime }) => buffered.end(buffered.length - 1) - currentTime)(document.querySelector("video"))');
    assert(ahead < 23, `${ahead} s ahead`);
    return { before };
  },

  /** After a pause in which every link ended, playback goes on, forward and back, with segments that were not loaded. */
  async pause(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page, said } = opened;
    await stands(opened);
    await page.keyboard.press(' ');
    await playsOn(opened, 0, 1);
    await page.keyboard.press(' ');
    console.log('paused');
    await once(process.stdin, 'data');
    const before = await segmentsLoaded(page);
    await page.keyboard.press('6');
    await page.keyboard.press(' ');
    await until(opened, 'video.currentTime >= video.duration * 0.6 && !video.seeking && video.readyState >= 2');
    const { duration } = await state(page);
    await playsOn(opened, duration * 0.6, 2);
    await page.keyboard.press('3');
    await until(opened, 'video.currentTime < video.duration * 0.5 && !video.seeking && video.readyState >= 2');
    await playsOn(opened, duration * 0.3, 2);
    assert(await segmentsLoaded(page) > before + 2, 'segments were loaded after the pause');
    assert.deepEqual(said, []);
    return { survives: true };
  },

  /** Where neither the CDN nor the gate gives the libraries, the browser's own HLS plays the relay's playlist. */
  async alone(browser) {
    const opened = await browser.open(values.page, { ...DESK, cdn: false });
    await until(opened, 'video.controls'); // the browser's own
    await opened.page.click('#start');
    await playsOn(opened, 0, 5);
    assert(opened.said.every(line => /Failed to load resource|status of 503/.test(line)), opened.said.join());
    return {};
  },

  /** With the relay off the page says why it can't play, and what can. */
  async off(browser) {
    const opened = await browser.open(values.page, DESK);
    const { page, said } = opened;
    await until(opened, '!document.getElementById("trouble").hidden');
    const words = await trouble(page);
    assert.match(words, /can’t play this video by itself/);
    assert.match(words, /relay for browsers is switched off/);
    assert.equal(await page.evaluate('document.getElementById("players").open'), true);
    assert.equal(await page.textContent('#vlc'), `vlc '${values.page}index.m3u8'`);
    await shot(page, 'off');
    assert.deepEqual(said, []);
    return {};
  },

  /** In a frame of another site it is only the video, and plays. */
  async framed(browser) {
    const site = await elsewhere(`<iframe src="${values.page}" width="800" height="450" allow="fullscreen"></iframe>`);
    const { page, said } = await browser.open(site.url, DESK);
    const frame = await (await page.waitForSelector('iframe')).contentFrame();
    const inside = { page: frame, said };
    await until(inside, 'video && document.querySelector("media-controller:defined")');
    assert.equal(await segmentsLoaded(frame), 0, 'nothing is loaded before someone plays');
    assert.equal(await frame.evaluate('getComputedStyle(document.querySelector("article")).display'), 'none');
    assert.equal(await frame.evaluate('document.querySelector("video").clientHeight'), 450);
    await frame.evaluate('document.querySelector("video").play()');
    await until(inside, 'video.currentTime > 2');
    assert.deepEqual(said, []);
    return {};
  },
};

await play(scenarios, values);
