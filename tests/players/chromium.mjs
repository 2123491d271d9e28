// Opens the watch page in Chromium. What the page needs from the CDN comes from the npm package instead, by intercepting
// the request: the page's integrity check stays on.

import { createRequire } from 'node:module';
import { join } from 'node:path';

import { playCdn } from './cdn.mjs';

// No GPU, and nothing that calls home: it could do neither here.
const SWITCHES = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** Milliseconds in which the browser, or a page, stands there on a machine busy with others. */
const STARTS = 180_000;

/** `packages` is the folder with node_modules; `executable` the browser; `line`, if given, a proxy that all goes through. */
export async function launch({ packages, executable, line }) {
  const require = createRequire(join(packages, 'package.json'));
  const { chromium } = require('playwright-core');
  const fileOf = playCdn(packages);
  // now and then it ends as it starts, before it was told anything
  const proxy = line && { server: line, bypass: '<-loopback>' };
  const start = () => chromium.launch({ executablePath: executable, args: SWITCHES, timeout: STARTS, proxy });
  const browser = await start().catch(start);
  return {
    version: `Chromium ${browser.version()}`,
    close: () => browser.close(),
    /** A page in a fresh profile, with what it said on its console; `cdn: false` lets the CDN be out of reach. */
    async open(url, { cdn = true, ...options } = {}) {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(STARTS);
      const page = await context.newPage();
      const said = [];
      page.on('console', message => { if (['error', 'warning'].includes(message.type())) said.push(`${message.type()}: ${message.text()}`); });
      page.on('pageerror', error => said.push(`uncaught: ${error.message}`));
      await page.route(asked => !['127.0.0.1', 'localhost'].includes(asked.hostname), route => {
        const body = cdn && fileOf(route.request().url());
        return body ? route.fulfill({ body, contentType: 'text/javascript', headers: { 'access-control-allow-origin': '*' } }) : route.abort();
      });
      await page.goto(url);
      return { page, said, close: () => context.close(), offline: off => context.setOffline(off) };
    },
  };
}
