// The watch page for whoever sees little, or has no mouse: axe finds no violation in any of its states, and the keyboard
// reaches every control, in the order in which they stand. Like watch.mjs each scenario asserts.
//
//   node access.mjs --browser NAME --packages DIR --executable BROWSER --scenario NAME --page URL --pictures DIR --title TEXT

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { elsewhere } from './elsewhere.mjs';
import { play } from './scene.mjs';

/** For one step; a browser on a busy machine without a GPU is slow. */
const PATIENCE = 60_000;
const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const { values } = parseArgs({ options: Object.fromEntries(['browser', 'packages', 'executable', 'scenario', 'page', 'pictures', 'title'].map(name => [name, { type: 'string' }])) });
const AXE = readFileSync(join(values.packages, 'node_modules/axe-core/axe.min.js'), 'utf8');

async function until(where, expression) {
  const over = Date.now() + PATIENCE;
  while (!await where.evaluate(expression)) {
    if (Date.now() > over) assert.fail(`never: ${expression}; ${await where.evaluate('document.body.innerText')}`);
    await new Promise(done => setTimeout(done, 50));
  }
}

const STANDS = '!!document.querySelector("media-controller:defined") && document.querySelector("video").readyState === 0';

/** Asked from outside: the page's policy lets no script in. `where` is a page or a frame; of a frame axe asks no heading when it comes from the page around it. */
async function isAccessible(where, state, rules = {}) {
  await where.evaluate(`${AXE}; 0`);
  const found = await where.evaluate(rules => axe.run(document, { resultTypes: ['violations'], iframes: false, rules })
    .then(({ violations, passes }) => ({ passes: passes.length, violations: violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target.flat().join(' ')} (${failureSummary})`).join('; ')}`) })), rules);
  assert(found.passes > 10, `${state}: it looked at something`);
  assert.deepEqual(found.violations, [], state);
}

/** In the page: what has the focus, by its id or its name, also inside of components. */
const focused = () => {
  const { activeElement: element } = document;
  if (!element || element === document.body) return '';
  return element.dataset.copy ? `copy ${element.dataset.copy}` : element.id || element.localName;
};

/** Where the focus is after each press of Tab, until it leaves the page. */
async function tabbed(page) {
  const places = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const place = await page.evaluate(focused);
    if (!place || places.length > 40) return places;
    if (place !== places.at(-1)) places.push(place);
  }
}

const scenarios = {
  /** At rest, while it plays, with its dialogs and its details open; light and dark, large and small. */
  async states(browser) {
    for (const [name, options] of [['desktop', DESK], ['desktop, dark', { ...DESK, colorScheme: 'dark' }], ['phone', PHONE], ['phone, dark', { ...PHONE, colorScheme: 'dark' }]]) {
      const { page, close } = await browser.open(values.page, options);
      await until(page, STANDS);
      await isAccessible(page, name);
      await page.evaluate('document.querySelectorAll("details").forEach(part => { part.open = true; })');
      await page.evaluate('document.getElementById("share").click()');
      await until(page, '!!document.querySelector("#sharing[open] #code svg")');
      await isAccessible(page, `${name}, sharing`);
      await page.evaluate('document.getElementById("sharing").close()');
      await page.evaluate('document.getElementById("help").click()');
      await isAccessible(page, `${name}, keys`);
      await page.evaluate('document.getElementById("keys").close()');
      await page.evaluate('document.querySelector("video").play()');
      await until(page, 'document.querySelector("video").currentTime > 1');
      await isAccessible(page, `${name}, playing`);
      await close();
    }
    return {};
  },

  async frame(browser) {
    const site = await elsewhere(`<iframe src="${values.page}" title="A reel" width="320" height="180"></iframe>`);
    const { page } = await browser.open(site.url, DESK);
    const frame = await (await page.waitForSelector('iframe')).contentFrame();
    await until(frame, STANDS);
    const rules = { 'page-has-heading-one': { enabled: false } };
    await isAccessible(frame, 'frame', rules);
    await frame.evaluate('document.querySelector("video").play()');
    await until(frame, 'document.querySelector("video").currentTime > 1');
    await isAccessible(frame, 'frame, playing', rules);
    return {};
  },

  /** Where nothing plays, with what else does; and where there is nothing. */
  async failed(browser) {
    for (const [name, options] of [['desktop', DESK], ['phone, dark', { ...PHONE, colorScheme: 'dark' }]]) {
      const { page, close } = await browser.open('about:blank', options);
      await page.route(/\/\d+\.ts$/, route => route.fulfill({ body: Buffer.alloc(188 * 40, 0x47), headers: { 'access-control-allow-origin': '*' } }));
      await page.goto(values.page);
      await page.click('#start');
      await page.waitForSelector('#trouble:not([hidden])', { timeout: PATIENCE });
      await isAccessible(page, `failed, ${name}`);
      await close();
    }
    const missing = await browser.open(`${new URL('/', values.page).href}nothing/`, DESK);
    await isAccessible(missing.page, 'nothing here');
    return {};
  },

  /** By Tab, Enter, Escape and arrows alone. */
  async keyboard(browser) {
    const { page, said } = await browser.open(values.page, DESK);
    await until(page, STANDS);
    const press = async key => { await page.keyboard.press(key); return page.evaluate(focused); };
    const reach = async wanted => { for (let i = 0; await page.evaluate(focused) !== wanted; i++) { assert(i < 40, `Tab reaches ${wanted}`); await press('Tab'); } };
    // from the picture down, along the bar, and below it
    const bar = ['media-time-range', 'media-play-button', 'media-mute-button', 'media-volume-range', 'rate-button', 'media-pip-button', 'media-fullscreen-button'];
    const places = await tabbed(page);
    assert.deepEqual(places, ['controls', 'start', ...bar, 'share', 'help', 'summary']);
    await reach('summary');
    await press('Enter');
    assert.deepEqual(await tabbed(page), ['playlist', 'copy playlist', 'vlc', 'copy vlc', 'mpv', 'copy mpv', 'absolute', 'copy absolute']);
    // both dialogs keep the focus until they close, and give it back
    for (const [button, dialog, inside] of [['share', 'sharing', ['link', 'copy link', 'embed', 'copy embed']], ['help', 'keys', []]]) {
      await reach(button);
      await press('Enter');
      await until(page, `document.getElementById("${dialog}").open`);
      const within = new Set([await page.evaluate(focused), ...await tabbed(page)]);
      assert.deepEqual([...within], ['button', ...inside], dialog);
      await press('Tab');
      assert(await page.evaluate(`document.getElementById("${dialog}").contains(document.activeElement)`), `${dialog} keeps the focus`);
      assert.equal(await press('Escape'), button);
      assert.equal(await page.evaluate(`document.getElementById("${dialog}").open`), false);
    }
    // a menu
    await reach('rate-button');
    await press('Enter');
    await until(page, 'document.activeElement.localName === "media-playback-rate-menu"');
    await press('ArrowDown');
    await press('Enter');
    await until(page, 'document.querySelector("video").playbackRate === .75');
    assert.equal(await page.evaluate(focused), 'rate-button');
    // and what all of it is for
    await reach('start');
    await press('Enter');
    await until(page, 'document.querySelector("video").currentTime > 1');
    assert.deepEqual(said, []);
    return {};
  },
};

await play(scenarios, values);
