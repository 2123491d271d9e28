// zipreel's relay: a public function URL that hands browsers one whole segment or piece at a time, with the CORS header that
// the bucket behind Lambda's download links does not send.
//
// Without a ceiling it has no AWS rights; with one it counts what it sends, and reads the sum (ceiling.mjs). It reads the gate's media playlist to learn where a segment lies, follows the gate's own
// redirect to the chunk's download link, asks there for the segment's byte range and streams it on. Every byte that
// passes here is billed as Lambda's egress to the account's owner; switching the relay off deletes this function.
// What it answers: README.md beside this file; tests/suite/contract.rs holds both implementations to it.

import { timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CEILING_PATH, Ceiling, beyond, ceilingOf, cloudWatchOverHttp } from './ceiling.mjs';
import { sha256 } from './sign.mjs';

const SECOND = 1000;
const PLAYLISTS_KEPT = 32; // a film of two hours in 2 s segments has about 0.5 MB of playlist entries
const LINKS_KEPT = 2000;
const ABSENT_FOR = 10 * SECOND;
const ABSENT_KEPT = 1000;
const PLAYLIST_BYTES_MAX = 4 << 20;
/** The gate answers within 8 s, if only by a 503, those answers counted that send to it again. */
const GATE_TIMEOUT = 9 * SECOND;
const AGAIN_MOST = 2;
/** Until the bucket's first byte; AWS's own time limit of the function bounds the rest. */
const BUCKET_TIMEOUT = 10 * SECOND;

/** Behind a CDN its paths begin so, since the gate has others on the same host. No reel's name has an underscore. */
const PREFIX = '/_relay/';
const EDGE_HEADER = 'x-zipreel-edge';
const PATH = /^\/([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)\/([0-9a-f]{8})\/([a-z0-9]{1,4})\/(pieces\/)?(0|[1-9][0-9]{0,5})\.(ts|mp4)$/;
const TYPES = { ts: 'video/mp2t', mp4: 'video/mp4' };
const METHODS = 'GET, HEAD, OPTIONS';

/** Something on the way here gave no answer; `status` is what the client is told. */
export class Refused extends Error {
  constructor(status, why, retryAfter) { super(why); Object.assign(this, { status, retryAfter }); }
}

/** A map that forgets what was not used for longest. */
class Recent extends Map {
  constructor(limit) { super(); this.limit = limit; }
  get(key) {
    const value = super.get(key);
    if (value !== undefined) { super.delete(key); super.set(key, value); }
    return value;
  }
  set(key, value) {
    super.delete(key);
    super.set(key, value);
    if (this.size > this.limit) super.delete(this.keys().next().value);
    return this;
  }
}

/** Segments or pieces of a media playlist as the gate serves it: `{ uri, offset, bytes }` each, in order. */
export function segmentsOf(playlist) {
  const segments = [];
  let range = null;
  for (const line of playlist.split(/\r?\n/)) {
    const found = /^#EXT-X-BYTERANGE:(\d{1,12})@(\d{1,12})$/.exec(line);
    if (found) range = { bytes: Number(found[1]), offset: Number(found[2]) };
    if (line === '' || line.startsWith('#')) continue;
    if (!range || !/^[a-z0-9]{1,4}\/[0-9]{4}\.(ts|mp4)$/.test(line)) throw new Refused(502, 'a playlist entry is not ours');
    segments.push({ uri: line, ...range });
    range = null;
  }
  return segments;
}

export class Relay {
  #playlists = new Recent(PLAYLISTS_KEPT);
  #absent = new Recent(ABSENT_KEPT);
  #links = new Recent(LINKS_KEPT);
  /** `gate` is the gate's base URL, ending in a slash. With an `edge`, `{ url, sha256 }` of the CDN's base URL and of what it sends
   *  to be known by, it serves that alone. With a `ceiling` it counts. */
  constructor({ gate, edge, ceiling, now = Date.now }) { Object.assign(this, { gate, edge, ceiling, now }); }

  /** `{ method, path, headers }` to `{ status, headers, body }`; a body is text or a web stream. */
  async answer({ method, path, headers }) {
    if (method === 'OPTIONS') return preflight();
    if (method !== 'GET' && method !== 'HEAD') return reply(405, { allow: METHODS });
    try {
      const own = path.startsWith(PREFIX) ? path.slice(PREFIX.length - 1) : path;
      const [, reel, generation, rendition, pieces, number, container] = PATH.exec(own) ?? [];
      const isAsked = this.ceiling && own === CEILING_PATH;
      if (!reel && !isAsked) throw new Refused(404);
      if (this.edge && !isFromEdge(headers[EDGE_HEADER], this.edge)) return elsewhere(`${this.edge.url}${PREFIX.slice(1)}${own.slice(1)}`);
      if (isAsked) return await this.ceiling.isReached({ newest: true }) ? this.#beyond(method) : reply(204, { 'cache-control': 'public, max-age=10' });
      const folder = `${reel}/${generation}/`;
      const segment = (await this.#segments(`${folder}${rendition}${pieces ? '.seek' : ''}.m3u8`))[number];
      if (!segment?.uri.endsWith(`.${container}`)) throw new Refused(404);
      const etag = `"${generation}-${rendition}-${pieces ? 'pieces-' : ''}${number}"`;
      const lasting = { 'cache-control': 'public, max-age=31536000, immutable', etag };
      if (knows(headers['if-none-match'], etag)) return reply(304, lasting);
      if (await this.ceiling?.isReached()) return this.#beyond(method);
      const whole = { 'content-type': TYPES[container], 'content-length': String(segment.bytes), ...lasting };
      if (method === 'HEAD') return reply(200, whole);
      const bytes = await this.#bytes(folder + segment.uri, segment);
      return reply(200, whole, this.ceiling ? this.ceiling.counted(bytes) : bytes);
    } catch (error) {
      const { status = 502, retryAfter } = error;
      if (status !== 404 && status !== 503) console.warn(`${method} ${path}: ${status} (${error.message || error.name})`);
      const body = method === 'HEAD' ? '' : status === 404 ? 'not found\n' : 'not available now\n';
      return reply(status, { 'content-type': 'text/plain', ...(retryAfter && { 'retry-after': retryAfter, 'access-control-expose-headers': 'retry-after' }) }, body);
    }
  }

  #beyond(method) {
    const { status, headers, body } = beyond(this.now());
    return reply(status, headers, method === 'HEAD' ? '' : body);
  }

  /** The segments or pieces of a rendition; its generation's playlist never changes. */
  async #segments(path) {
    const kept = this.#playlists.get(path);
    if (kept) return kept;
    if (this.#absent.get(path) > this.now()) throw new Refused(404);
    const answer = await this.#askGate(path);
    if (answer.status === 404) this.#absent.set(path, this.now() + ABSENT_FOR);
    if (answer.status !== 200) throw await refusal(answer);
    const text = await answer.text();
    if (text.length > PLAYLIST_BYTES_MAX) throw new Refused(502, 'the playlist is too long');
    const segments = segmentsOf(text);
    this.#playlists.set(path, segments);
    return segments;
  }

  /** The segment's bytes as a stream, from a kept link or, should the bucket refuse it, from one that the gate renews. */
  async #bytes(path, { offset, bytes }) {
    const kept = this.#links.get(path);
    const range = { range: `bytes=${offset}-${offset + bytes - 1}` };
    let answer = kept?.until > this.now() ? await fromBucket(kept.location, range) : await fromBucket(await this.#link(path), range);
    // What S3 says of a link that ended, of one whose keys ended, and of an object that is gone.
    if ([403, 400, 404].includes(answer.status)) {
      await answer.body?.cancel();
      answer = await fromBucket(await this.#link(path, { 'cache-control': 'no-cache' }), range);
    }
    if (answer.status === 206 && Number(answer.headers.get('content-length')) === bytes) return answer.body;
    await answer.body?.cancel();
    throw new Refused(502, `the bucket answered ${answer.status}`);
  }

  /** A chunk's download link by the gate's redirect, kept for as long as its headers allow. */
  async #link(path, headers = {}) {
    this.#links.delete(path);
    const answer = await this.#askGate(path, headers);
    if (answer.status !== 302) throw await refusal(answer);
    await answer.body?.cancel();
    const location = new URL(answer.headers.get('location') ?? '', this.gate);
    // The gate is the owner's own; still, nothing but a signed download over the same scheme is fetched for strangers.
    const signed = location.searchParams.has('X-Amz-Signature') && !location.username;
    if (!signed || location.protocol !== new URL(this.gate).protocol) throw new Refused(502, 'the gate redirects elsewhere');
    const age = /max-age=(\d{1,5})/.exec(answer.headers.get('cache-control') ?? '')?.[1] ?? 0;
    this.#links.set(path, { location, until: this.now() + age * SECOND });
    return location;
  }

  /** The gate's answer. One that is busy sends players to where they are once more; that is followed as often as it may. */
  async #askGate(path, headers = {}) {
    const signal = AbortSignal.timeout(GATE_TIMEOUT);
    try {
      for (let query = '', times = 0; ; times++) {
        const answer = await fetch(`${this.gate}${path}${query}`, { headers, redirect: 'manual', signal });
        const again = answer.status === 302 && /^[^?]*(\?busy=[12])$/.exec(answer.headers.get('location'))?.[1];
        if (!again || times >= AGAIN_MOST) return answer;
        await answer.body?.cancel();
        query = again;
      }
    } catch (error) {
      throw new Refused(503, `the gate gave no answer (${error.cause?.code ?? error.name})`, '2');
    }
  }
}

async function fromBucket(location, headers) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), BUCKET_TIMEOUT);
  try {
    return await fetch(location, { headers, redirect: 'error', signal: patience.signal });
  } catch (error) {
    throw new Refused(503, `the bucket gave no answer (${error.cause?.code ?? error.name})`, '2');
  } finally {
    clearTimeout(timer);
  }
}

/** What the gate's refusal becomes: 404 and 503 pass through, the rest is a bad gateway. */
async function refusal(answer) {
  await answer.body?.cancel();
  if (answer.status === 404) return new Refused(404);
  if (answer.status === 503) return new Refused(503, 'the gate is busy', answer.headers.get('retry-after') ?? '2');
  return new Refused(502, `the gate answered ${answer.status}`);
}

function reply(status, headers = {}, body = '') {
  const all = { 'access-control-allow-origin': '*', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  return { status, headers: { ...all, ...headers }, body };
}

function preflight() {
  const rights = { 'access-control-allow-methods': METHODS, 'access-control-allow-headers': '*', 'access-control-max-age': '86400' };
  return reply(204, { allow: METHODS, ...rights, 'cache-control': 'public, max-age=86400' });
}

/** To where the CDN has it: for links of before there was one, and for whoever would have the owner pay this function's egress. */
const elsewhere = location => reply(302, { location, 'cache-control': 'public, max-age=10' });

function isFromEdge(secret = '', edge) {
  const [known, sent] = [Buffer.from(edge.sha256, 'hex'), sha256(secret)];
  return secret !== '' && known.length === sent.length && timingSafeEqual(known, sent);
}

function knows(noneMatch, etag) {
  return noneMatch?.split(',').some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

// ---- the Lambda function --------------------------------------------------------------------------------------

function fromEnvironment(env) {
  const baseUrl = text => new URL(text.endsWith('/') ? text : `${text}/`).href;
  const { ZIPREEL_GATE_URL: gate, ZIPREEL_CDN_URL: cdn, ZIPREEL_EDGE_SHA256: sha256 } = env;
  const bytes = ceilingOf(env), ceiling = bytes ? new Ceiling({ bytes, cloudWatch: cloudWatchOverHttp(env) }) : undefined;
  return new Relay({ gate: baseUrl(gate), ceiling, ...(cdn && sha256 && { edge: { url: baseUrl(cdn), sha256 } }) });
}

let made;
const relay = () => made ??= fromEnvironment(process.env);

/** A function URL's event (payload format 2.0) to the relay's answer. */
function handle({ rawPath, headers, requestContext }) {
  const lower = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return relay().answer({ method: requestContext.http.method, path: rawPath, headers: lower });
}

async function streamed(event, stream) {
  const { status, headers, body } = await handle(event);
  const out = globalThis.awslambda.HttpResponseStream.from(stream, { statusCode: status, headers });
  // A segment that breaks off must not look whole: the pipeline's error ends the answer as an error.
  // Without a write, even an empty one, the status and the headers are lost.
  if (typeof body === 'string') out.write(body);
  else await pipeline(Readable.fromWeb(body), out, { end: false });
  await relay().ceiling?.settled();
  out.end();
}

// Where answers can't be streamed they are bounded by Lambda's 6 MB.
async function buffered(event) {
  const { status, headers, body } = await handle(event);
  const bytes = typeof body === 'string' ? null : Buffer.from(await new Response(body).arrayBuffer());
  await relay().ceiling?.settled();
  if (!bytes) return { statusCode: status, headers, body, isBase64Encoded: false };
  return { statusCode: status, headers, body: bytes.toString('base64'), isBase64Encoded: true };
}

export const handler = globalThis.awslambda ? globalThis.awslambda.streamifyResponse(streamed) : buffered;
