// A page of another site, which embeds a reel.

import { once } from 'node:events';
import http from 'node:http';

/** A page of another site with this in its body. */
export async function elsewhere(html) {
  const server = http.createServer((_, response) => response.setHeader('content-type', 'text/html; charset=utf-8').end(`<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,"><body style="margin: 0">${html}`));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://localhost:${server.address().port}/`, close: () => { server.closeAllConnections(); server.close(); } };
}
