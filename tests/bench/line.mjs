// A slow line as an HTTP proxy: so many Mbit/s for all that comes, and so many milliseconds there and back, once more for
// each new connection. Without TLS, and without the slow start of TCP.

import { once } from 'node:events';
import http from 'node:http';

const PIECE = 16 << 10;
const wait = ms => new Promise(done => setTimeout(done, ms));

export class Line {
  asked = []; // { url, at, bytes }
  bytes = 0;
  #free = 0; // when the line has carried all that was put on it
  #agent = new http.Agent({ keepAlive: true });

  constructor({ mbit = 20, ms = 60 } = {}) { Object.assign(this, { perMs: mbit * 125, ms }); }

  async open() {
    this.server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => this.#pass(request, response).catch(() => response.destroy()));
    this.server.on('connection', socket => { socket.isNew = true; socket.setNoDelay(true); });
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() { this.server.closeAllConnections(); this.server.close(); this.#agent.destroy(); }

  async #pass(request, response) {
    const entry = { url: request.url, at: performance.now(), bytes: 0 };
    this.asked.push(entry);
    await wait(this.ms / 2 + (request.socket.isNew ? this.ms : 0));
    request.socket.isNew = false;
    const { proxy: _, 'proxy-connection': __, ...headers } = request.headers;
    const through = http.request(request.url, { method: request.method, headers, agent: this.#agent }).end();
    response.on('close', () => through.destroy());
    const [answer] = await once(through, 'response');
    await wait(this.ms / 2);
    response.writeHead(answer.statusCode, answer.headers);
    response.flushHeaders();
    for await (const chunk of answer) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE);
        await this.#carry(piece.length);
        if (response.destroyed) return;
        entry.bytes += piece.length;
        if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
    }
    response.end();
  }

  /** What comes from elsewhere by this line, on a connection that is open. */
  async brings(url, bytes) {
    this.asked.push({ url, at: performance.now(), bytes });
    await wait(this.ms);
    await this.#carry(bytes);
  }

  /** Until the line has brought this: what is on it goes before. */
  async #carry(bytes) {
    const now = performance.now();
    this.#free = Math.max(this.#free, now) + bytes / this.perMs;
    this.bytes += bytes;
    if (this.#free - now > 2) await wait(this.#free - now);
  }
}
