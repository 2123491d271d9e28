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
import { Joined, MUCH, Recent, collect, keepSmall, pages } from './memory.mjs';
import { sha256 } from './sign.mjs';

const SECOND = 1000;
/** What is kept of all playlists. The longest one that is read takes about 1 MiB, that of a film of two hours in 2 s segments 70 KiB. */
const PLAYLISTS_KEPT_BYTES = 8 << 20;
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

const RANGE_TAG = '#EXT-X-BYTERANGE:';
const RANGE = /^#EXT-X-BYTERANGE:(\d{1,12})@(\d{1,12})$/;
const URI = /^[a-z0-9]{1,4}\/[0-9]{4}\.(ts|mp4)$/;
/** More segments than a playlist can have: the shortest one takes two lines of it. */
const SEGMENTS_MAX = Math.ceil(PLAYLIST_BYTES_MAX / '#EXT-X-BYTERANGE:0@0\na/0001.ts\n'.length) + 1;
/** Bytes, offset and the place of the URI. */
const NUMBERS = 3;
const UINT32_MAX = 2 ** 32 - 1;
/** What a short text takes of V8's heap, and what an object with a page of memory takes in all; both rounded up. */
const URI_BYTES = 64;
const LEAST_BYTES = 8 << 10;

/** Segments or pieces of a media playlist, in order: as an object each, those of a long video would fill the memory. */
class Segments {
  // Only what is written of these pages is memory, and the rest is given back at the end.
  #numbers = new Uint32Array(pages(SEGMENTS_MAX * NUMBERS * Uint32Array.BYTES_PER_ELEMENT).buffer);
  #uris = [];
  #range = null;
  length = 0;

  /** `{ uri, offset, bytes }`, or undefined past the end. */
  at(number) {
    if (number >= this.length) return undefined;
    const [bytes, offset, uri] = this.#numbers.subarray(number * NUMBERS, (number + 1) * NUMBERS);
    return { uri: this.#uris[uri], offset, bytes };
  }

  /** Takes the line of a text that is from `at` to `end`. */
  take(text, at, end) {
    if (at === end) return;
    if (text[at] === '#') {
      const found = text.startsWith(RANGE_TAG, at) && RANGE.exec(text.slice(at, end));
      if (found) this.#range = { bytes: Number(found[1]), offset: Number(found[2]) };
      return;
    }
    const uri = text.slice(at, end), range = this.#range;
    // Segments of the same chunk follow each other.
    const isNext = uri !== this.#uris.at(-1);
    // No chunk is so large that its numbers take more than 32 bits, and here they would become others.
    const isOurs = range && range.bytes <= UINT32_MAX && range.offset <= UINT32_MAX && (!isNext || URI.test(uri));
    if (!isOurs) throw new Refused(502, 'a playlist entry is not ours');
    // What is sliced off a text keeps all of it in memory, and so this is a copy.
    if (isNext) this.#uris.push(Buffer.from(uri).latin1Slice());
    this.#numbers.set([range.bytes, range.offset, this.#uris.length - 1], this.length++ * NUMBERS);
    this.#range = null;
  }

  /** Nothing follows, and no more than so many are needed. */
  end(length = this.length) {
    this.length = length;
    this.#numbers.buffer.resize(length * NUMBERS * Uint32Array.BYTES_PER_ELEMENT);
    return this;
  }

  /** About what they take of the memory. */
  get weight() { return LEAST_BYTES + this.#numbers.byteLength + this.#uris.length * URI_BYTES; }
}

/** Parts that were read since V8 was last made to collect them: they lie outside its heap. */
let garbage = 0;

/** Reads a media playlist as the gate serves it, from its bytes in parts: as one text it would take several times as much. */
export async function segmentsOf(parts) {
  const segments = new Segments();
  let read = 0, rest = '';
  try {
    for await (const part of parts) {
      if ((read += part.length) > PLAYLIST_BYTES_MAX) throw new Refused(502, 'the playlist is too long');
      rest = takeLines(segments, rest + Buffer.from(part.buffer, part.byteOffset, part.byteLength).latin1Slice());
      if ((garbage += part.length) > MUCH) garbage = collect({ type: 'minor' }) ?? 0;
    }
    segments.take(rest, 0, rest.length);
    return segments.end();
  } catch (error) {
    segments.end(0);
    throw error;
  }
}

/** Gives what follows the last whole line. */
function takeLines(segments, text) {
  let at = 0;
  for (let end; (end = text.indexOf('\n', at)) >= 0; at = end + 1) {
    segments.take(text, at, end > at && text[end - 1] === '\r' ? end - 1 : end);
  }
  return text.slice(at);
}

export class Relay {
  #playlists = new Recent(PLAYLISTS_KEPT_BYTES, segments => segments.weight);
  #joined = new Joined();
  #sinceCollected = 0; // what was read of playlists, as they are kept
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
      const segment = (await this.#segments(`${folder}${rendition}${pieces ? '.seek' : ''}.m3u8`)).at(Number(number));
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
    // Who asks while it is read waits for the same.
    return this.#joined.run(path, () => this.#read(path));
  }

  async #read(path) {
    const answer = await this.#askGate(path);
    if (answer.status === 404) this.#absent.set(path, this.now() + ABSENT_FOR);
    if (answer.status !== 200) throw await refusal(answer);
    const segments = await segmentsOf(answer.body ?? []);
    this.#playlists.set(path, segments);
    // What was forgotten for it lies outside V8's heap, which does not make V8 collect.
    if ((this.#sinceCollected += segments.weight) > MUCH) this.#sinceCollected = collect() ?? 0;
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

// While Lambda starts the function, when the processor is fastest. Elsewhere (a test) this is a library.
if (process.env.AWS_LAMBDA_FUNCTION_NAME) keepSmall();

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
