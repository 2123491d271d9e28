// Opens the watch page in Firefox over WebDriver BiDi. As in Chromium, what the page needs from the CDN comes from the
// npm package by intercepting the request, with the page's integrity check left on.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { playCdn } from './cdn.mjs';

/** For a machine without a sound device, where Firefox refuses to play sound alone. */
const NOWHERE = 'pcm.!default { type null }\nctl.!default { type null }\n';

/** Milliseconds in which the browser, or a page, stands there on a machine busy with others. */
const STARTS = 180_000;

/** All that is asked for goes by this proxy, what is on this computer too, and nothing that no page asks for. */
const throughProxy = line => ({
  'network.proxy.type': 1, 'network.proxy.http': new URL(line).hostname, 'network.proxy.http_port': +new URL(line).port, 'network.proxy.no_proxies_on': '',
  'network.proxy.allow_hijacking_localhost': true, 'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false,
});

/** `packages` is the folder with node_modules; `executable` the browser; `line`, if given, a proxy that all goes through. */
export async function launch({ packages, executable, line }) {
  const require = createRequire(join(packages, 'package.json'));
  const puppeteer = require('puppeteer-core');
  const fileOf = playCdn(packages);
  const folder = mkdtempSync(join(tmpdir(), 'zipreel-firefox-'));
  const sound = join(folder, 'asound.conf');
  writeFileSync(sound, NOWHERE);
  const env = { ...process.env, ALSA_CONFIG_PATH: sound };
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: executable, headless: true, defaultViewport: null, env, extraPrefsFirefox: line && throughProxy(line), timeout: STARTS, protocolTimeout: 2 * STARTS });
  return {
    version: (await browser.version()).replace(/^firefox\//i, 'Firefox '),
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
    async open(url, { viewport, deviceScaleFactor, colorScheme } = {}) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      page.setDefaultTimeout(STARTS);
      const said = [];
      page.on('console', message => { if (['error', 'warn'].includes(message.type())) said.push(`${message.type()}: ${message.text()}`); });
      page.on('pageerror', error => said.push(`uncaught: ${error.message}`));
      // older ones set the size and know nothing of the screen's orientation, which comes with it
      await page.setViewport({ ...viewport, deviceScaleFactor: deviceScaleFactor ?? 1 }).catch(error => { if (!/unknown command/.test(error.message)) throw error; });
      if (colorScheme) await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colorScheme }]).catch(() => {});
      await page.setRequestInterception(true);
      page.on('request', request => {
        const { protocol, hostname } = new URL(request.url());
        if (protocol === 'data:') return undefined;
        if (['127.0.0.1', 'localhost'].includes(hostname)) return request.continue();
        const body = fileOf(request.url());
        if (!body) return request.abort();
        return request.respond({ body, contentType: 'text/javascript', headers: { 'access-control-allow-origin': '*' } });
      });
      await page.goto(url, { waitUntil: 'domcontentloaded' });
      return { page, said, close: () => context.close() };
    },
  };
}
