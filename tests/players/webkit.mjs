// Opens the watch page in WebKitGTK's MiniBrowser, driven over WebDriver, on a screen of its own (Xvfb). The driver can't
// intercept requests: the browser is given a proxy that plays the CDN with the file of the npm package, under a
// certificate made for the occasion, and knows no other host. The page's integrity check stays on.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { playCdn } from './cdn.mjs';

const CDN = 'cdn.jsdelivr.net';
/** As WebDriver names keys that write no character. */
const KEYS = { ArrowLeft: '\uE012', ArrowUp: '\uE013', ArrowRight: '\uE014', ArrowDown: '\uE015' };

/** A child that ends with us, however we end. */
function start(...command) {
  const child = spawn(...command);
  process.on('exit', () => child.kill());
  return child;
}

/** `packages` is the folder with node_modules; `executable` the driver; `line`, if given, a proxy that all goes through,
 *  and leads to the port that `leadsTo` is told of when the CDN is asked for. */
export async function launch({ packages, executable, line, leadsTo }) {
  const folder = mkdtempSync(join(tmpdir(), 'zipreel-webkit-'));
  const cdn = await serveCdn(folder, playCdn(packages));
  if (line) leadsTo(cdn.site);
  const screen = await startScreen();
  const port = await freePort();
  const driver = start(executable, [`--port=${port}`, '--host=127.0.0.1'], {
    env: { ...process.env, DISPLAY: screen.display, HOME: folder, XDG_RUNTIME_DIR: folder, GDK_BACKEND: 'x11' },
    stdio: 'ignore',
  });
  const ask = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}/session${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  await untilOpen(port);
  const { sessionId, capabilities } = await ask('POST', '', { capabilities: { alwaysMatch: {
    acceptInsecureCerts: true,
    'webkitgtk:browserOptions': {
      binary: miniBrowser(),
      args: ['--automation', ...line ? [`--proxy=${line}`] : [`--proxy=http://127.0.0.1:${cdn.port}`, '--ignore-host=127.0.0.1'], '--geometry=1280x900'],
    },
  } } });
  return {
    version: `WebKitGTK ${capabilities.browserVersion}`,
    async open(url) {
      await ask('POST', `/${sessionId}/url`, { url });
      const said = [];
      const page = pageOf((method, path, body) => ask(method, `/${sessionId}${path}`, body), said);
      await page.evaluate(listen);
      return { page, said };
    },
    async close() {
      await ask('DELETE', `/${sessionId}`);
      for (const child of [driver, screen.server]) {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      cdn.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** In the page: keeps what it says on its console and what it does not catch, from now on; WebDriver has no other way. */
function listen() {
  for (const level of ['error', 'warn']) console[level] = (...words) => window.zipreelSaid.push(`${level}: ${words.join(' ')}`);
  addEventListener('error', event => window.zipreelSaid.push(`uncaught: ${event.message}`));
  addEventListener('unhandledrejection', event => window.zipreelSaid.push(`uncaught: ${event.reason}`));
}

/** The few of playwright's calls that the scenarios for all browsers use. */
function pageOf(ask, said) {
  const key = (type, value) => ({ type, value });
  return {
    async evaluate(what, argument) {
      const asked = typeof what === 'function' ? `(${what})(arguments[0])` : `(${what})`;
      const script = `window.zipreelSaid ??= []; return Promise.resolve(${asked}).then(value => [value, window.zipreelSaid.splice(0)])`;
      const [value, news] = await ask('POST', '/execute/sync', { script, args: argument === undefined ? [] : [argument] });
      said.push(...news);
      return value;
    },
    keyboard: {
      async press(name) {
        const value = KEYS[name] ?? name;
        await ask('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions: [key('keyDown', value), key('keyUp', value)] }] });
      },
    },
    async screenshot({ path }) { writeFileSync(path, Buffer.from(await ask('GET', '/screenshot'), 'base64')); },
    title: () => ask('GET', '/title'),
  };
}

function miniBrowser() {
  for (const libraries of ['/usr/lib', ...readdirSync('/usr/lib').map(name => `/usr/lib/${name}`), '/usr/libexec', '/usr/lib64']) {
    for (const version of ['webkit2gtk-4.1', 'webkit2gtk-4.0', 'webkitgtk-6.0']) {
      try {
        if (readdirSync(join(libraries, version)).includes('MiniBrowser')) return join(libraries, version, 'MiniBrowser');
      } catch { /* not a folder */ }
    }
  }
  throw new Error('no MiniBrowser: it comes with the package of WebKitWebDriver');
}

async function startScreen() {
  const server = start('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const [number] = await once(server.stdio[3], 'data');
  return { server, display: `:${number.toString().trim()}` };
}

async function serveCdn(folder, fileOf) {
  const [key, cert] = ['key.pem', 'cert.pem'].map(name => join(folder, name));
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-keyout', key, '-out', cert, '-subj', `/CN=${CDN}`, '-addext', `subjectAltName=DNS:${CDN}`,
  ], { stdio: 'ignore' });
  const site = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    const file = fileOf(request.url), coding = file && { 'content-encoding': 'gzip' };
    response.writeHead(file ? 200 : 404, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*', ...coding }).end(file && gzipSync(file));
  });
  const proxy = http.createServer((_, response) => response.writeHead(403).end());
  proxy.on('connect', (request, socket) => {
    if (request.url !== `${CDN}:443`) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const through = net.connect(site.address().port, '127.0.0.1');
    for (const end of [socket, through]) end.on('error', () => { socket.destroy(); through.destroy(); });
    socket.pipe(through).pipe(socket);
  });
  for (const server of [site, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: proxy.address().port, site: site.address().port, close: () => [site, proxy].forEach(server => { server.closeAllConnections(); server.close(); }) };
}

async function freePort() {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  await new Promise(done => server.close(done));
  return port;
}

async function untilOpen(port) {
  for (const over = Date.now() + 30_000; ; await new Promise(done => setTimeout(done, 50))) {
    const socket = net.connect(port, '127.0.0.1');
    const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false, () => false)]).catch(() => false);
    socket.destroy();
    if (open) return;
    if (Date.now() > over) throw new Error('the driver of WebKit does not start');
  }
}
