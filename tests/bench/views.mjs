// A viewer on a slow line: seconds and bytes until the first picture, and until the picture of a jump.
//
//   node views.mjs --browser NAME --packages DIR --executable BROWSER --page URL [--runs 3]     the watch page in a browser
//   node views.mjs --playlist URL [--runs 3]                                                    mpv
//
// Before the edge the page has its libraries from another host: in Firefox they do not come by the line, but at once.
//
// The last line of output is a JSON object with medians.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { playCdn } from '../players/cdn.mjs';
import { Line } from './line.mjs';

const { values } = parseArgs({ options: Object.fromEntries(['browser', 'packages', 'executable', 'page', 'playlist', 'runs', 'verbose'].map(name => [name, { type: 'string' }])) });
/** Seconds, of a video of a minute: further than what is loaded ahead. */
const PLAYED = 2, FAR = 45;
const wait = ms => new Promise(done => setTimeout(done, ms));

/** What came by the line while `act` ran: seconds, MB, requests. */
async function measured(line, act) {
  const [bytes, requests, began] = [line.bytes, line.asked.length, performance.now()];
  const seconds = await act() ?? (performance.now() - began) / 1000;
  if (values.verbose) for (const { url, at, bytes } of line.asked.slice(requests)) console.error(`${((at - began) / 1000).toFixed(2)} s ${bytes} ${url.slice(0, 120)}`);
  return { seconds, megabytes: (line.bytes - bytes) / 1e6, requests: line.asked.length - requests };
}

/** The libraries, where no CDN has them: by the line, too. */
async function bringLibraries(page, line) {
  const fileOf = playCdn(values.packages), sizes = new Map();
  await page.route(({ protocol }) => protocol === 'https:', async route => {
    const url = route.request().url(), body = fileOf(url);
    if (!sizes.has(url)) sizes.set(url, gzipSync(body).length);
    await line.brings(url, sizes.get(url));
    return route.fulfill({ body, contentType: 'text/javascript', headers: { 'access-control-allow-origin': '*' } });
  });
}

async function inBrowser(line) {
  const { launch } = await import(`../players/${values.browser}.mjs`);
  const browser = await launch({ ...values, line: line.url, leadsTo: port => { line.elsewhere = port; } });
  const { page } = await browser.open('about:blank', { viewport: { width: 1280, height: 800 } });
  if (values.browser === 'chromium') await bringLibraries(page, line);
  const opened = await measured(line, async () => {
    await page.evaluate(`void (location.href = ${JSON.stringify(values.page)})`);
    while (!await page.evaluate('!!window.Hls && !!document.querySelector("media-controller:defined")').catch(() => false)) await wait(20);
  });
  const timed = async (act, press) => {
    await page.evaluate(`(() => ${act})()`);
    if (press) await page.keyboard.press(press);
    while (!await page.evaluate('window.seen')) await wait(20);
    return page.evaluate('(window.seen - window.began) / 1000');
  };
  const first = await measured(line, () => timed(`{
    const video = document.querySelector('video');
    video.requestVideoFrameCallback(() => { window.seen = performance.now(); });
    addEventListener('keydown', () => { window.began = performance.now(); }, { capture: true, once: true });
  }`, ' '));
  while (!await page.evaluate(`document.querySelector('video').currentTime > ${PLAYED}`)) await wait(20);
  const seek = await measured(line, () => timed(`{
    const video = document.querySelector('video'), look = (_, { mediaTime }) => { if (mediaTime >= ${FAR - .1}) window.seen = performance.now(); else video.requestVideoFrameCallback(look); };
    window.seen = 0;
    video.requestVideoFrameCallback(look);
    window.began = performance.now();
    video.currentTime = ${FAR};
  }`));
  await browser.close();
  return { opened, first, seek };
}

async function inMpv(line) {
  const folder = mkdtempSync(join(tmpdir(), 'zipreel-views-')), socket = join(folder, 'mpv');
  const options = ['--no-config', '--vo=null', '--ao=null', '--idle', '--msg-level=all=error', `--input-ipc-server=${socket}`];
  const mpv = spawn('mpv', options, { env: { ...process.env, http_proxy: line.url }, stdio: 'ignore' });
  let connection;
  for (;;) {
    connection = net.connect(socket);
    if (await once(connection, 'connect').then(() => true, () => false)) break;
    await wait(50);
  }
  const events = createInterface({ input: connection })[Symbol.asyncIterator]();
  const say = (...command) => connection.write(`${JSON.stringify({ command })}\n`);
  const until = async name => { while (JSON.parse((await events.next()).value).event !== name); };
  const first = await measured(line, async () => { say('loadfile', values.playlist); await until('playback-restart'); });
  await wait(PLAYED * 1000);
  const seek = await measured(line, async () => { say('seek', FAR, 'absolute'); await until('seek'); await until('playback-restart'); });
  say('quit');
  await once(mpv, 'exit');
  rmSync(folder, { recursive: true });
  return { first, seek };
}

const runs = [];
for (let run = 0; run < Number(values.runs ?? 3); run++) {
  const line = await new Line().open();
  runs.push(await (values.page ? inBrowser : inMpv)(line));
  line.close();
}
const median = numbers => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const told = Object.keys(runs[0]).map(step => [step, Object.fromEntries(Object.keys(runs[0][step]).map(name => [name, +median(runs.map(run => run[step][name])).toFixed(2)]))]);
console.log(JSON.stringify(Object.fromEntries(told)));
process.exit(0);
