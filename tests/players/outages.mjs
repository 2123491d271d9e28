// Trouble while someone watches, on the page, in a frame and by the snippet: what played goes on from where it was without
// a touch, and so does what was begun in the middle of the trouble. The test on the other side makes the trouble: it gets
// a line `trouble N`, `well N` or `sleep N` on standard output, and answers with a line when that is done.
//
//   node outages.mjs --browser NAME --packages DIR --executable BROWSER --troubles JSON --page URL --html JSON
//
// `troubles`: [{ kind, seconds }], met one after the other, each on pages of its own. `kind`: `server` (the other side makes
// it), `offline` (the browser's network is cut), `sleep` (all of the browser stands still).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import { elsewhere } from './elsewhere.mjs';

/** On a machine busy with other browsers: a player that gave up is known by what it says, and not by the time it takes. */
const PATIENCE = 240_000;
const RATE = 1.25;
/** Seconds that may be passed over: a nudge, or a hole between segments. By a clock one can't tell: Firefox plays as fast as a sound device takes it, and the one here takes it at once. */
const SLACK = .5;
const DESK = { viewport: { width: 480, height: 360 } };
const { values } = parseArgs({ options: Object.fromEntries(['browser', 'packages', 'executable', 'scenario', 'troubles', 'page', 'pictures', 'title', 'html'].map(name => [name, { type: 'string' }])) });
const pause = ms => new Promise(done => setTimeout(done, ms));
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Tells the other side, and waits until it has done its part. */
async function told(line) {
  console.log(line);
  await answers.next();
}

/** Views of the reel: where its video is, and what shows that it stands. */
async function views(browser) {
  const { iframe, video } = JSON.parse(values.html);
  const page = await browser.open(values.page, DESK);
  const sites = [await elsewhere(iframe), await elsewhere(video)];
  const framed = await browser.open(sites[0].url, DESK), own = await browser.open(sites[1].url, DESK);
  const frame = await (await framed.page.waitForSelector('iframe')).contentFrame();
  return [
    { name: 'page', opened: page, where: page.page, close: page.close, stands: '!!document.querySelector("media-controller:defined")' },
    { name: 'frame', opened: framed, where: frame, close: () => framed.close().then(sites[0].close), stands: '!!document.querySelector("media-controller:defined")' },
    { name: 'snippet', opened: own, where: own.page, close: () => own.close().then(sites[1].close), stands: '!!window.ZipreelPlayer' },
  ];
}

const state = view => view.where.evaluate(() => {
  const video = document.querySelector('video'), { currentTime, paused, playbackRate, volume, played } = video;
  const ranges = Array.from({ length: played.length }, (_, i) => [played.start(i), played.end(i)]);
  return { currentTime, paused, playbackRate, volume, ranges, lowest: +video.dataset.lowest };
});
const states = views => Promise.all(views.map(state));

/** In the page: notes the earliest picture that is shown from now on. */
const watchPlace = () => {
  const video = document.querySelector('video');
  performance.setResourceTimingBufferSize(10_000);
  video.dataset.lowest = Infinity;
  video.addEventListener('timeupdate', () => { if (video.readyState >= 2 && !video.seeking) video.dataset.lowest = Math.min(video.dataset.lowest, video.currentTime); });
};

/** In the page: milliseconds from a time of this process's clock to the first request after it. What is not that is the browser's, and the machine's. */
const askedAfter = end => Math.min(...performance.getEntriesByType('resource').map(({ startTime }) => performance.timeOrigin + startTime - end).filter(passed => passed > 0));

/** Whether all from one time to another was played, or is what is played now. */
const isPlayed = (ranges, from, to) => ranges.reduce((end, range) => range[0] <= end + SLACK ? Math.max(end, range[1]) : end, from) >= to - SLACK;

async function until(view, expression) {
  const over = Date.now() + PATIENCE, hopeless = '!!document.querySelector("#trouble:not([hidden])") || !document.querySelector("video")';
  while (!await view.where.evaluate(expression)) {
    if (Date.now() > over || await view.where.evaluate(hopeless)) assert.fail(`${view.name}: never: ${expression}; ${await view.where.evaluate('document.body.innerText')}`);
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

/** The trouble comes; `views` are those that see it. */
async function comes({ kind }, number, views) {
  if (kind === 'offline') return Promise.all(views.map(({ opened }) => opened.offline(true)));
  await told(`${kind === 'sleep' ? 'sleep' : 'trouble'} ${number}`);
  if (kind === 'sleep') signal('SIGSTOP');
}

async function goes({ kind }, number, views) {
  if (kind === 'offline') return Promise.all(views.map(({ opened }) => opened.offline(false)));
  if (kind === 'sleep') signal('SIGCONT');
  else await told(`well ${number}`);
}

/** It plays, not as fast and as loud as it would by itself. */
async function plays(view) {
  await begin(view);
  await until(view, 'document.querySelector("video").currentTime > 2');
  await view.where.evaluate(`void Object.assign(document.querySelector("video"), { playbackRate: ${RATE}, volume: .5 })`);
}

/** How long after its end what plays goes on, and asks for something, in seconds, by name. */
async function outlives(browser, trouble, number) {
  const sleeps = trouble.kind === 'sleep';
  const playing = await views(browser), late = await views(browser), all = [...playing, ...late];
  for (const view of all) await until(view, view.stands);
  await Promise.all(playing.map(plays));
  const first = await states(all);
  for (const view of all) await view.where.evaluate(watchPlace);
  await comes(trouble, number, all);
  if (!sleeps) for (const view of late) await begin(view);
  await pause(trouble.seconds * 1000);
  // who sleeps says nothing
  const asleep = !sleeps && await states(all);
  await goes(trouble, number, all);
  const end = Date.now(), before = asleep || await states(all), seconds = {}, asked = {};
  if (sleeps) for (const view of late) await begin(view);
  await Promise.all(all.map(async (view, i) => {
    const played = i < playing.length, from = Math.max(first[i].currentTime, before[i].currentTime);
    await until(view, `document.querySelector("video").currentTime > ${from + 1}`);
    const name = `${view.name}, ${played ? 'while it played' : 'when it began'}`;
    seconds[name] = (Date.now() - end) / 1000;
    asked[name] = Math.round(await view.where.evaluate(askedAfter, end)) / 1000;
    const now = await state(view);
    assert(!now.paused && now.lowest > first[i].currentTime - SLACK && isPlayed(now.ranges, from, now.currentTime), `${view.name} lost its place: ${JSON.stringify([first[i], before[i], now])}`);
    if (played) assert.deepEqual([now.playbackRate, now.volume], [RATE, .5], view.name);
  }));
  for (const view of all) await view.close();
  return { longest: Math.max(...Object.values(seconds)), seconds, asked };
}

const { launch } = await import(`./${values.browser}.mjs`);
const browser = await launch(values);
const troubles = [];
for (const [number, trouble] of JSON.parse(values.troubles).entries()) troubles.push(await outlives(browser, trouble, number));
console.log(JSON.stringify({ player: browser.version, troubles }));
await browser.close();
process.exit(0);
