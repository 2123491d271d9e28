// The watch page as others meet it: shared, embedded, broken, in the dark and on a phone. Like watch.mjs each scenario
// asserts, and the last line of output is a JSON object.
//
//   node pages.mjs --browser NAME --packages DIR --executable BROWSER --scenario NAME --page URL --pictures DIR
//                  --title TEXT [--html JSON]
//
// `html` is the line that `zipreel embed --json` prints.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import { elsewhere } from './elsewhere.mjs';
import { play } from './scene.mjs';

/** For one step; a browser on a busy machine without a GPU is slow. */
const PATIENCE = 60_000;
const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const { values } = parseArgs({ options: Object.fromEntries(['browser', 'packages', 'executable', 'scenario', 'page', 'pictures', 'title', 'html'].map(name => [name, { type: 'string' }])) });

/** In the page: what its video does. */
const stateOf = () => {
  const { currentTime, paused, seeking, readyState, buffered } = document.querySelector('video') ?? { buffered: [] };
  return JSON.stringify({ currentTime, paused, seeking, readyState, buffered: Array.from({ length: buffered.length }, (_, at) => [buffered.start(at), buffered.end(at)]) });
};

/** Asks from outside until it is so: `where` is a page or a frame. */
async function until(where, expression, said = []) {
  const over = Date.now() + PATIENCE;
  while (!await where.evaluate(expression)) {
    if (Date.now() > over) assert.fail(`never: ${expression}; ${await where.evaluate(`(${stateOf})()`)}; ${await where.evaluate('document.body.innerText')}; ${said.join('; ')}`);
    await new Promise(done => setTimeout(done, 50));
  }
}

const PLAYS = 'document.querySelector("video")?.currentTime > 5';
/** The page stands, with its controls, and nothing of the video is loaded. */
const STANDS = '!!document.querySelector("media-controller:defined") && document.querySelector("video").readyState === 0';
const picture = (page, name) => page.screenshot({ path: join(values.pictures, `${values.browser}-${name}.png`) });

async function shown(browser, html, options = DESK) {
  const site = await elsewhere(html);
  const opened = await browser.open('about:blank', options);
  const segments = [];
  opened.page.on('request', request => { if (/\/\d+\.ts$/.test(request.url())) segments.push(request.url()); });
  await opened.page.goto(site.url);
  return { ...opened, segments, close: async () => { await opened.close(); site.close(); } };
}

const scenarios = {
  /** Both pieces of HTML play on a page of another site. */
  async embedded(browser) {
    const { iframe, video } = JSON.parse(values.html);
    const framed = await shown(browser, iframe);
    const element = await framed.page.waitForSelector('iframe');
    const frame = await element.contentFrame();
    await frame.waitForSelector('video');
    await until(frame, STANDS, framed.said);
    assert.equal(await element.getAttribute('title'), values.title);
    await frame.evaluate('document.getElementById("share").click()');
    assert.equal(await frame.evaluate('document.getElementById("embed").value'), iframe, 'what the page offers is what the command prints');
    await frame.evaluate('document.getElementById("sharing").close()');
    assert.deepEqual(framed.segments, [], 'nothing is loaded before someone plays');
    assert.deepEqual(await frame.evaluate('[innerWidth, innerHeight]'), [1280, 720]);
    await frame.click('#start');
    await until(frame, PLAYS, framed.said);
    await picture(framed.page, 'embedded-frame');
    assert.deepEqual(framed.said, []);
    await framed.close();

    const own = await shown(browser, video);
    assert.equal(await own.page.evaluate('document.querySelector("video").getAttribute("aria-label")'), values.title);
    assert.deepEqual(await own.page.evaluate('(({ clientWidth, clientHeight }) => [clientWidth, clientHeight])(document.querySelector("video"))'), [1280, 720]);
    await until(own.page, '!!window.ZipreelPlayer && !document.querySelector("[data-zipreel]")', own.said);
    assert.deepEqual(own.segments, [], 'nothing is loaded before someone plays');
    await own.page.evaluate('document.querySelector("video").play()');
    await until(own.page, PLAYS, own.said);
    await picture(own.page, 'embedded-video');
    assert.deepEqual(own.said, []);
    await own.close();
    return {};
  },

  /** With the relay off the frame says how to watch, in its own small space, and the element becomes a link. */
  async embeddedOff(browser) {
    const { iframe, video, playlist, watch } = JSON.parse(values.html);
    const framed = await shown(browser, iframe, { viewport: { width: 560, height: 420 } });
    const frame = await (await framed.page.waitForSelector('iframe')).contentFrame();
    await frame.waitForSelector('#trouble:not([hidden])');
    assert.match(await frame.innerText('#why'), /relay for browsers is switched off/);
    assert.deepEqual(await frame.evaluate('["playlist", "vlc", "mpv"].map(id => document.getElementById(id).checkVisibility() && document.getElementById(id).textContent)'), [playlist, `vlc '${playlist}'`, `mpv '${playlist}'`]);
    await picture(framed.page, 'embedded-off');
    await framed.close();
    const own = await shown(browser, video);
    await own.page.evaluate('document.querySelector("video")?.play().catch(() => {})');
    await own.page.waitForSelector('a');
    assert.deepEqual(await own.page.evaluate('(({ href, textContent }) => [href, textContent])(document.querySelector("a"))'), [watch, values.title]);
    await own.close();
    return {};
  },

  /** What a link to the page shows where it is shared: a title that is text, a picture that is not black, a player. */
  async shared(browser) {
    const { page, said } = await browser.open(values.page, DESK);
    const meta = await page.evaluate(() => Object.fromEntries([...document.querySelectorAll('meta[property], meta[name]')].map(tag => [tag.getAttribute('property') ?? tag.name, tag.content])));
    assert.equal(meta['og:title'], values.title);
    assert.equal(meta['twitter:title'], values.title);
    assert.equal(meta['og:type'], 'video.other');
    assert.equal(meta['twitter:card'], 'player');
    for (const name of ['og:url', 'twitter:player']) assert.equal(meta[name], values.page, name);
    for (const name of ['og:video', 'og:video:secure_url', 'twitter:player:stream']) assert.equal(meta[name], `${values.page}index.m3u8`, name);
    for (const name of ['og:video:type', 'twitter:player:stream:content_type']) assert.equal(meta[name], 'application/vnd.apple.mpegurl', name);
    assert.equal(await page.evaluate('document.querySelector("link[rel=canonical]").href'), values.page);
    assert.equal(meta.robots, 'noindex');
    assert.match(meta.description, /\d:\d\d/);
    assert.deepEqual([meta['og:description'], meta['twitter:description']], [meta.description, meta.description]);
    const ratio = (width, height) => meta[width] / meta[height];
    assert.deepEqual([ratio('og:video:width', 'og:video:height'), ratio('twitter:player:width', 'twitter:player:height')], [16 / 9, 16 / 9]);
    const data = JSON.parse(await page.evaluate('document.querySelector("script[type=\'application/ld+json\']").textContent'));
    assert.deepEqual([data['@type'], data.name, data.contentUrl, data.embedUrl, data.thumbnailUrl], ['VideoObject', values.title, `${values.page}index.m3u8`, values.page, `${values.page}poster.jpg`]);
    assert.match(data.duration, /^PT(\d+H)?(\d+M)?(\d+S)?$/);
    assert(Math.abs(Date.now() - Date.parse(data.uploadDate)) < 3_600_000, data.uploadDate);
    for (const name of ['og:image', 'twitter:image']) assert.equal(meta[name], `${values.page}poster.jpg`, name);
    const { width, light } = await page.evaluate(async address => {
      const image = Object.assign(new Image(), { src: address });
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 18 });
      const drawing = canvas.getContext('2d');
      drawing.drawImage(image, 0, 0, 32, 18);
      const { data } = drawing.getImageData(0, 0, 32, 18);
      return { width: image.naturalWidth, light: data.reduce((sum, value, i) => sum + (i % 4 < 3 ? value : 0), 0) / (data.length * 3 / 4) };
    }, meta['og:image']);
    assert(width >= 320, `${width} wide`);
    assert(light > 30, `the picture is nearly black: ${light}`);
    const oembed = await (await fetch(await page.evaluate('document.querySelector("link[type=\'application/json+oembed\']").href'))).json();
    assert.deepEqual([oembed.type, oembed.version, oembed.title, oembed.thumbnail_url], ['video', '1.0', values.title, `${values.page}poster.jpg`]);
    assert(oembed.html.includes(`<iframe src="${values.page}"`), oembed.html);
    assert.deepEqual(said, []);
    return { light };
  },

  /** What can't be played says why in a viewer's words, and what else plays it, wherever the page is. */
  async broken(browser) {
    const playlist = `${values.page}index.m3u8`;
    const garbage = route => route.fulfill({ body: Buffer.alloc(188 * 40, 0x47), headers: { 'access-control-allow-origin': '*' } });
    for (const [name, options] of [['desk', DESK], ['phone', { ...PHONE, colorScheme: 'dark' }]]) {
      const { page, close } = await browser.open('about:blank', options);
      await page.route(/\/\d+\.ts$/, garbage);
      await page.goto(`${values.page}?t=12`);
      await page.click('#start');
      await page.waitForSelector('#trouble:not([hidden])', { timeout: PATIENCE });
      assert.equal(await page.innerText('#what'), 'This browser can’t play this video.');
      assert.equal(await page.innerText('#why'), 'Another player can:');
      const lines = await page.evaluate(() => ['playlist', 'vlc', 'mpv'].map(id => document.getElementById(id).checkVisibility() && document.getElementById(id).textContent));
      const commands = name === 'desk' ? [`vlc --start-time=12 '${playlist}'`, `mpv --start=12 '${playlist}'`] : [false, false];
      assert.deepEqual(lines, [playlist, ...commands]);
      assert.equal(await page.evaluate('document.getElementById("open-vlc").checkVisibility()'), name === 'phone');
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), options.viewport.width);
      assert(await page.evaluate('[...document.querySelectorAll("#trouble *")].every(element => element.getBoundingClientRect().right <= innerWidth)'), 'nothing is cut off');
      await picture(page, `broken-${name}`);
      await close();
    }
    const gone = await browser.open('about:blank', DESK);
    await gone.page.route('**/*.relay.m3u8', route => route.fulfill({ status: 404, body: 'not found' }));
    await gone.page.goto(values.page);
    await gone.page.click('#start');
    await gone.page.waitForSelector('#trouble:not([hidden])', { timeout: PATIENCE });
    assert.equal(await gone.page.innerText('#what'), 'This video is not here any more.');
    await picture(gone.page, 'gone');
    // it came back: one press, and it plays
    await gone.page.unroute('**/*.relay.m3u8');
    await gone.page.click('#retry');
    await until(gone.page, PLAYS, gone.said);
    return {};
  },

  /** Beyond the monthly ceiling, which is reached once the other side was told `paused`: what is loaded is played; then, and in every
   *  other place of the video, it says when that begins anew, and what goes on. */
  async ceiling(browser) {
    const { iframe, video, playlist } = JSON.parse(values.html);
    const now = new Date(), next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1));
    const words = ['This month’s allowance for playing in browsers is used up.', `It begins anew on 1 ${next.toLocaleString('en-GB', { month: 'long', timeZone: 'UTC' })}. Players go on:`];
    const page = await browser.open(values.page, DESK);
    const refused = [];
    page.page.on('response', answer => { if (answer.status() === 429) refused.push(answer.url()); });
    await until(page.page, STANDS, page.said);
    await page.page.click('#start');
    await until(page.page, PLAYS, page.said);
    console.log('paused');
    await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
    const loaded = await page.page.evaluate('(video => { video.playbackRate = 4; return video.buffered.end(video.buffered.length - 1); })(document.querySelector("video"))');
    const told = async where => {
      await until(where, '!document.getElementById("trouble").hidden');
      assert.deepEqual(await where.evaluate('["what", "why"].map(id => document.getElementById(id).innerText)'), words);
      assert.deepEqual(await where.evaluate('["playlist", "retry"].map(id => document.getElementById(id).checkVisibility() && document.getElementById(id).textContent)'), [playlist, false]);
    };
    await told(page.page);
    const at = await page.page.evaluate('place');
    assert(at > loaded - 1.5, `what was loaded until ${loaded} s was played until ${at} s`);
    await picture(page.page, 'ceiling-while-it-played');
    const times = refused.length;
    assert(times >= 1 && new Set(refused).size === times, `asked again: ${refused}`);
    await page.close();

    for (const [name, options] of [['desk', DESK], ['phone', { ...PHONE, colorScheme: 'dark' }]]) {
      const anew = await browser.open(values.page, options);
      await anew.page.click('#start');
      await told(anew.page);
      assert.equal(await anew.page.evaluate('document.documentElement.scrollWidth'), options.viewport.width);
      await picture(anew.page, `ceiling-${name}`);
      await anew.close();
    }
    const framed = await shown(browser, iframe, { viewport: { width: 560, height: 420 } });
    const frame = await (await framed.page.waitForSelector('iframe')).contentFrame();
    await frame.waitForSelector('#start');
    await frame.click('#start');
    await told(frame);
    await picture(framed.page, 'ceiling-frame');
    await framed.close();
    const own = await shown(browser, video);
    await until(own.page, '!!window.ZipreelPlayer', own.said);
    await own.page.evaluate('document.querySelector("video").play().catch(() => {})');
    await until(own.page, '!document.querySelector("video")', own.said);
    assert.equal(await own.page.evaluate('document.querySelector("p").innerText.replace(/\\s+/g, " ")'), `${words.join(' ')} ${playlist}`);
    assert.equal(await own.page.evaluate('document.querySelector("p a").href'), playlist);
    assert.deepEqual(await own.page.evaluate('(({ offsetWidth, offsetHeight }) => [offsetWidth, offsetHeight])(document.querySelector("p"))'), [1280, 720]);
    await picture(own.page, 'ceiling-snippet');
    await own.close();
    return { loaded, at };
  },

  /** Only for those who look: the page in both colour schemes, before and while it plays. */
  async looks(browser) {
    for (const [name, options] of [['light', DESK], ['dark', { ...DESK, colorScheme: 'dark' }], ['wide', { viewport: { width: 1900, height: 900 }, colorScheme: 'dark' }], ['small', PHONE]]) {
      const { page, said, close } = await browser.open(values.page, options);
      await until(page, STANDS, said);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), options.viewport.width);
      const scheme = await page.evaluate('getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] < 128');
      assert.equal(scheme, options.colorScheme === 'dark');
      const reel = new URL(values.page).pathname.split('/')[1];
      await picture(page, `look-${reel}-${name}`);
      await page.evaluate('document.querySelectorAll("details").forEach(part => { part.open = true; })');
      await page.screenshot({ path: join(values.pictures, `${values.browser}-look-${reel}-${name}-whole.png`), fullPage: true });
      await close();
    }
    return {};
  },

  /** In a video with open GOPs: jumps within what is loaded and out of it, each to where pictures move, and long playing. */
  async jumps(browser) {
    const { page, said } = await browser.open(`${values.page}?t=100`, DESK);
    await until(page, STANDS, said);
    await page.keyboard.press(' ');
    const moves = async from => {
      await until(page, `(video => !video.seeking && video.currentTime > ${from} && video.currentTime < ${from} + 30)(document.querySelector("video"))`, said);
      const pictures = await page.evaluate('document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames');
      await until(page, `document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames > ${pictures + 15}`, said);
      // what is shown has the bar of that time, and is no grey left over from a picture that was not there
      const colours = await page.evaluate(() => {
        const video = document.querySelector('video'), canvas = Object.assign(document.createElement('canvas'), { width: 12, height: 4 });
        const drawing = canvas.getContext('2d');
        drawing.drawImage(video, 0, 0, 12, 4);
        const { data } = drawing.getImageData(0, 0, 12, 4);
        return new Set([...Array(48).keys()].map(i => [0, 1, 2].map(part => data[4 * i + part] >> 6).join())).size;
      });
      assert(colours >= 5, `${colours} colours after ${from} s`);
    };
    await moves(100);
    for (const to of [20, 150, 30, 60, 55, 100, 162, 5]) {
      await page.evaluate(`document.querySelector("video").currentTime = ${to}`);
      await moves(to);
    }
    // on past what is kept behind, and to the end
    await page.evaluate('document.querySelector("video").playbackRate = 4');
    await until(page, 'document.querySelector("video").currentTime > 75', said);
    await page.evaluate('(video => { video.playbackRate = 1; video.currentTime = 172; })(document.querySelector("video"))');
    await until(page, 'document.querySelector("video").ended', said);
    assert.deepEqual(said, []);
    return {};
  },

  /** Where the same bytes have two playlists, both are named to people, with the longest jump of each; else one is. */
  async playlists(browser) {
    const { page, said } = await browser.open(values.page, DESK);
    await until(page, STANDS);
    await page.click('#players summary');
    const shown = await page.evaluate(() => {
      const texts = rows => rows.filter(row => row.checkVisibility()).map(row => row.textContent);
      return { playlist: document.getElementById('playlist').textContent, fine: texts([...document.querySelectorAll('.fine code, .fine .wide')]) };
    });
    assert.deepEqual(said, []);
    return shown;
  },
};

await play(scenarios, values);
