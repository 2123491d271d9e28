// Trouble while someone watches, on the page, in a frame and by the snippet: what played goes on from where it was without
// a touch, and so does what was begun in the middle of the trouble. The test on the other side makes the trouble: it gets
// a line `trouble`, `well` or `sleep` on standard output, and answers with a line when that is done.
//
//   node outages.mjs --browser NAME --packages DIR --executable BROWSER --scenario KIND --seconds N --page URL --html JSON
//
// `KIND`: `server` (the other side makes it), `offline` (the browser's network is cut), `sleep` (all of the browser stands still).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import { elsewhere } from './elsewhere.mjs';

const PATIENCE = 90_000;
const DESK = { viewport: { width: 800, height: 600 } };
const { values } = parseArgs({ options: Object.fromEntries(['browser', 'packages', 'executable', 'scenario', 'seconds', 'page', 'pictures', 'title', 'html'].map(name => [name, { type: 'string' }])) });
const pause = ms => new Promise(done => setTimeout(done, ms));
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Tells the other side, and waits until it has done its part. */
async function told(line) {
  console.log(line);
  await answers.next();
}

/** A view of the reel: where its video is, and how it is begun. */
async function views(browser) {
  const { iframe, video } = JSON.parse(values.html);
  const page = await browser.open(values.page, DESK);
  const sites = [await elsewhere(iframe), await elsewhere(video)];
  const framed = await browser.open(sites[0].url, DESK), own = await browser.open(sites[1].url, DESK);
  const frame = await (await framed.page.waitForSelector('iframe')).contentFrame();
  return [
    { name: 'page', opened: page, where: page.page, stands: '!!document.querySelector("media-controller:defined")' },
    { name: 'frame', opened: framed, where: frame, stands: '!!document.querySelector("media-controller:defined")' },
    { name: 'snippet', opened: own, where: own.page, stands: '!!window.ZipreelPlayer' },
  ];
}

const state = view => view.where.evaluate(() => {
  const { currentTime, paused, playbackRate, volume, readyState } = document.querySelector('video');
  return { currentTime, paused, playbackRate, volume, readyState };
});

async function until(view, expression) {
  const over = Date.now() + PATIENCE;
  while (!await view.where.evaluate(expression)) {
    if (Date.now() > over) assert.fail(`${view.name}: never: ${expression}; ${JSON.stringify(await state(view))}; ${await view.where.evaluate('document.body.innerText')}`);
    await pause(100);
  }
}

const begin = view => view.where.evaluate('void document.querySelector("video").play().catch(() => {})');

/** All processes of the browser that this one started. */
function processes() {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n').map(line => line.trim().split(/\s+/).map(Number));
  const found = new Set([process.pid]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [pid, parent] of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(process.pid);
  return [...found];
}
const signal = name => processes().forEach(pid => { try { process.kill(pid, name); } catch { /* it has ended */ } });

async function trouble(opened) {
  if (values.scenario === 'offline') return Promise.all(opened.map(({ offline }) => offline(true)));
  await told(values.scenario === 'sleep' ? 'sleep' : 'trouble');
  if (values.scenario === 'sleep') signal('SIGSTOP');
}

async function well(opened) {
  if (values.scenario === 'offline') return Promise.all(opened.map(({ offline }) => offline(false)));
  if (values.scenario === 'sleep') signal('SIGCONT');
  else await told('well');
}

const { launch } = await import(`./${values.browser}.mjs`);
const browser = await launch(values);
const playing = await views(browser), late = await views(browser), all = [...playing, ...late], opened = all.map(view => view.opened);
for (const view of all) await until(view, view.stands);
for (const view of playing) await begin(view);
for (const view of playing) {
  await until(view, 'document.querySelector("video").currentTime > 2');
  await view.where.evaluate('void Object.assign(document.querySelector("video"), { playbackRate: 1.25, volume: .5 })');
}
await trouble(opened);
if (values.scenario !== 'sleep') for (const view of late) await begin(view);
await pause(+values.seconds * 1000);
const before = values.scenario === 'sleep' ? null : await Promise.all(all.map(state));
await well(opened);
if (values.scenario === 'sleep') for (const view of late) await begin(view);
const end = Date.now(), seconds = {};
await Promise.all(all.map(async (view, i) => {
  const from = before ? before[i].currentTime : 0;
  await until(view, `document.querySelector("video").currentTime > ${from + 1}`);
  seconds[`${view.name}, ${i < 3 ? 'while it played' : 'when it began'}`] = (Date.now() - end) / 1000;
  const now = await state(view);
  assert(!now.paused && now.currentTime < from + 8 + (Date.now() - end) / 700, `${view.name} jumped from ${from} to ${now.currentTime}`);
  if (i < 3) assert.deepEqual([now.playbackRate, now.volume], [1.25, .5], view.name);
}));
console.log(JSON.stringify({ player: browser.version, longest: Math.max(...Object.values(seconds)), seconds }));
await browser.close();
process.exit(0);
