// A slow line as an HTTP proxy: so many Mbit/s for all that comes, and so many milliseconds there and back, once more for
// each new connection. Without the slow start of TCP, and without TLS but to the one place that it has tunnels to.

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

const PIECE = 16 << 10;
const wait = ms => new Promise(done => setTimeout(done, ms));

export class Line {
  asked = []; // { url, at, bytes }
  bytes = 0;
  /** Port on this computer of a server with TLS, for every host that a tunnel is asked to; without it there are none. */
  elsewhere;
  #free = 0; // when the line has carried all that was put on it
  #agent = new http.Agent({ keepAlive: true });

  constructor({ mbit = 20, ms = 60 } = {}) { Object.assign(this, { perMs: mbit * 125, ms }); }

  async open() {
    this.server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => this.#pass(request, response).catch(() => response.destroy()));
    this.server.on('connection', socket => { socket.isNew = true; socket.setNoDelay(true); });
    this.server.on('connect', (request, socket) => this.#tunnel(request, socket).catch(() => socket.destroy()));
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

  async #tunnel(request, socket) {
    if (!this.elsewhere) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const entry = { url: request.url, at: performance.now(), bytes: 0 };
    this.asked.push(entry);
    await wait(2 * this.ms);
    const through = net.connect(this.elsewhere, '127.0.0.1');
    for (const end of [socket, through]) end.on('error', () => { socket.destroy(); through.destroy(); });
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.on('data', async bytes => { await wait(this.ms / 2); through.write(bytes); });
    socket.on('end', async () => { await wait(this.ms / 2); through.end(); });
    for await (const bytes of through) {
      await this.#carry(bytes.length);
      entry.bytes += bytes.length;
      wait(this.ms / 2).then(() => socket.write(bytes));
    }
    await wait(this.ms / 2);
    socket.end();
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
