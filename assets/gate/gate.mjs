// zipreel's gate: a public function URL that serves the playlists of every reel in this account and Region and turns
// the stable link of a chunk into a fresh download link of the Lambda function whose zip holds it.
//
// What it may do: lambda:GetFunction on functions named zipreel-*, and write its own log. It runs nobody's code,
// stores nothing, and asks for no function but `zipreel-<reel>-index` and the chunks that a reel's index lists.
// GetFunction and its links: functions.mjs; an index's zip: index.mjs; what guessing at names may cost: guesses.mjs;
// the watch page: page.mjs; for pages that embed it: oembed.mjs.
// What it answers: README.md beside this file; tests/suite/contract.rs holds both implementations to it.
//
// No dependency: GetFunction is one signed GET. Start-up is billed and the SDK would be most of it: up to its first call
// this file takes 29 ms, @aws-sdk/client-lambda 3.1162.0 85 ms (medians of 5 on Node.js 24.21, a 2-core machine).

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { get as getOverHttp } from 'node:http';
import { get as getOverHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ABSENT_FOR, ABSENT_KEPT, Functions, Links, getFunctionOverHttp, sha256, warn } from './functions.mjs';
import { Busy, Guesses, Joined, Recent, Refused, SECOND, clientOf } from './guesses.mjs';
import { readIndex } from './index.mjs';
import { oembed } from './oembed.mjs';
import { Players, WatchPage } from './page.mjs';
import { forPeople } from './people.mjs';

/** Clients may keep a redirect until this long before the link's end, and never longer than LINK_CLIENT_MAX. */
const LINK_CLIENT_RESERVE = 180 * SECOND;
const LINK_CLIENT_MAX = 300 * SECOND;
const INDEX_CHECK_EVERY = 10 * SECOND;
const INDEXES_KEPT = 64;
const INDEX_BYTES_KEPT = 18 << 20; // of the function's 128 MB, the one that is being read included
const INDEX_BYTES_MAX = 12 << 20;
/** What is written at once. */
const PIECE = 64 << 10;
/** Garbage of this size is worth collecting. */
const MUCH = 1 << 20;
/** Names of reels that were there: asking for one again is no guess. */
const KNOWN_KEPT = 10_000;
/** A request is answered within this, if only by a 503. */
const PATIENCE = 8 * SECOND;
/** A known index is worth one question; if AWS is busy, the known one is served and links come first for a while. */
const INDEX_CHECK_WHEN_BUSY = 60 * SECOND;
/** So long a busy AWS is asked again for a player before that is sent to where it is once more, with a count in the query: to
 *  players a 503 is the end of the video (VLC), or a segment less. Every time but the last, when it has the rest of its patience. */
const HOLD = 2 * SECOND;
/** VLC follows one such redirect for a chunk; for a playlist every player follows two. */
const AGAIN = { chunk: 1, multivariant: 2, relayMultivariant: 2, absMultivariant: 2, media: 2, relayMedia: 2, absMedia: 2 };

// ---- names and paths ------------------------------------------------------------------------------------------

const REEL = '[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?';
const INSIDE = '([0-9a-f]{8})/([a-z0-9]{1,4})';
const ROUTES = [
  ['player', /^\/player-([0-9a-f]{8})\.js$/],
  ['bare', new RegExp(`^/(${REEL})$`)],
  ['page', new RegExp(`^/(${REEL})/$`)],
  ['multivariant', new RegExp(`^/(${REEL})/index\\.m3u8$`)],
  ['relayMultivariant', new RegExp(`^/(${REEL})/index\\.relay\\.m3u8$`)],
  ['absMultivariant', new RegExp(`^/(${REEL})/index\\.abs\\.m3u8$`)],
  ['absMedia', new RegExp(`^/(${REEL})/${INSIDE}\\.abs\\.m3u8$`)],
  ['poster', new RegExp(`^/(${REEL})/poster\\.jpg$`)],
  ['embedding', new RegExp(`^/(${REEL})/oembed\\.json$`)],
  ['media', new RegExp(`^/(${REEL})/${INSIDE}\\.m3u8$`)],
  ['relayMedia', new RegExp(`^/(${REEL})/${INSIDE}\\.relay\\.m3u8$`)],
  ['init', new RegExp(`^/(${REEL})/${INSIDE}-init\\.mp4$`)],
  ['chunk', new RegExp(`^/(${REEL})/${INSIDE}/([0-9]{4})\\.(ts|mp4)$`)],
];

/** The meaning of a path, or null. What passes here is safe in a function's name; nothing is ever decoded. */
export function route(path) {
  for (const [kind, pattern] of ROUTES) {
    const [whole, ...names] = pattern.exec(path) ?? [];
    const [reel, generation, rendition, number, container] = names;
    if (whole !== undefined) return kind === 'player' ? { kind, hash: reel } : { kind, reel, generation, rendition, number, container };
  }
  return null;
}

// ---- small tools ----------------------------------------------------------------------------------------------

// Lambda ends an instance that takes more than its memory, and Node.js has half of that before the first request. An index
// may be 12 MiB, and what lies outside V8's heap neither makes V8 collect nor goes back to the system when malloc gets it:
// so indexes lie in pages of their own, which do go back, and garbage is collected here where much of it arises.
let collect = () => {};

/** Only in Lambda's function: these flags are the whole process's. */
function keepSmall() {
  setFlagsFromString('--expose-gc');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-opt'); // it may take 15 MiB while it compiles, and this code waits for others most of the time
  collect = runInNewContext('gc');
}

/** Memory that can be made smaller, and is then given back at once. */
const pages = bytes => Buffer.from(new ArrayBuffer(bytes, { maxByteLength: bytes }));

// ---- the index of a reel --------------------------------------------------------------------------------------

const weight = bytes => Math.max(bytes, INDEX_BYTES_KEPT / INDEXES_KEPT);

/** Indexes of reels, kept and checked for news; guesses cost little. An asker is `{ client, deadline, hold }`: who, as clientOf
 *  gives it; until when it is answered; and until when AWS is asked again for it, waiting for a guess's turn not counted. */
export class Reels {
  #kept = new Recent(INDEX_BYTES_KEPT, reel => weight(reel.index.bytes));
  #known = new Recent(KNOWN_KEPT);
  /** Reels that are not there, and `<reel>/<generation>` that no index has. */
  #absent = new Recent(ABSENT_KEPT);
  /** Reels whose index is not one that this gate can read. */
  #unreadable = new Recent(ABSENT_KEPT);
  /** Until when a guess that AWS has not answered may be made again: who made it is sent back for the answer. */
  #begun = new Recent(ABSENT_KEPT);
  #joined = new Joined();
  constructor({ functions, download, now = Date.now }) {
    Object.assign(this, { functions, download, now, guesses: new Guesses(functions) });
  }

  /** The reel's index, not older than INDEX_CHECK_EVERY if AWS answers; null if there is no such reel. */
  async current(reel, asker) {
    const kept = this.#kept.get(reel);
    if (!kept) return this.#discover(reel, asker);
    if (this.now() < kept.checkAt) return kept.index;
    return this.#check(reel, kept, asker, 1).catch(error => {
      if (!(error instanceof Busy)) warn(`${error.name}: ${error.message}`);
      return kept.index;
    });
  }

  /** The index that has this generation, however old; null if no such reel or generation is served. */
  async having(reel, generation, asker) {
    const served = index => index?.generations.get(generation)?.until > this.now() ? index : null;
    const kept = this.#kept.get(reel);
    if (!kept) return served(await this.#discover(reel, asker));
    if (kept.index.generations.has(generation)) return served(kept.index);
    // A new generation may have been published since: players reach it through another instance's playlist.
    const name = `${reel}/${generation}`;
    if (this.#absent.get(name) > this.now()) return null;
    const { deadline, hold } = asker;
    const ask = async (waited = 0) => {
      const index = await this.#check(reel, kept, { deadline, hold: Math.min(hold + waited, deadline) });
      if (index?.generations.has(generation)) return index;
      this.#absent.set(name, this.now() + ABSENT_FOR);
      return null;
    };
    // Where the index is due for a look, as it is for a playlist, looking is no guess.
    return served(await (this.now() < kept.checkAt ? this.#joined.run(name, () => this.#guess(name, asker, ask)) : ask()));
  }

  async #discover(reel, asker) {
    const { deadline, hold } = asker;
    if (this.#absent.get(reel) > this.now()) return null;
    if (this.#unreadable.get(reel) > this.now()) throw new Refused(reel);
    const ask = async (waited = 0) => {
      const found = await this.functions.get(`zipreel-${reel}-index`, { deadline, hold: Math.min(hold + waited, deadline) });
      if (!found) return this.#forget(reel);
      this.#known.set(reel, true);
      // What AWS has granted is not thrown away for being late: the download has the whole time.
      return this.#load(reel, found, deadline);
    };
    return this.#joined.run(reel, () => this.#known.get(reel) ? ask() : this.#guess(reel, asker, ask));
  }

  #guess(name, { client, deadline }, ask) {
    const begun = this.#begun.get(name) > this.now();
    const made = async waited => {
      if (!begun) this.#begun.set(name, deadline);
      const found = await ask(waited);
      this.#begun.delete(name);
      return found;
    };
    return begun ? made() : this.guesses.run(client, deadline, made);
  }

  #check(reel, kept, asker, attempts) {
    return this.#joined.run(reel, async () => {
      try {
        const found = await this.functions.get(`zipreel-${reel}-index`, asker, { attempts });
        if (!found) return this.#forget(reel);
        if (found.sha256 !== kept.sha256) return await this.#load(reel, found, asker.deadline);
        kept.checkAt = this.now() + INDEX_CHECK_EVERY;
        return kept.index;
      } catch (error) {
        kept.checkAt = this.now() + INDEX_CHECK_WHEN_BUSY;
        // What is known is served on, also where it had made room for what could not be read.
        if (!this.#kept.get(reel)) this.#kept.set(reel, kept);
        throw error;
      }
    });
  }

  #forget(reel) {
    this.#kept.delete(reel);
    this.#known.delete(reel);
    this.#absent.set(reel, this.now() + ABSENT_FOR);
    return null;
  }

  async #load(reel, { location, sha256: expected, bytes }, deadline) {
    try {
      if (bytes > INDEX_BYTES_MAX) throw new Error(`zipreel-${reel}-index: ${bytes} bytes are no index`);
      this.#kept.makeRoom(weight(bytes));
      const zip = await this.download(location, bytes, Math.max(deadline - this.now(), 1));
      // Between GetFunction and the download its code may have been updated: the next request sees the new one.
      if (sha256(zip, 'base64') !== expected) throw new Busy(reel);
      const index = readIndex(reel, zip);
      this.#kept.set(reel, { index, sha256: expected, checkAt: this.now() + INDEX_CHECK_EVERY });
      return index;
    } catch (error) {
      if (!(error instanceof Busy)) this.#unreadable.set(reel, this.now() + ABSENT_FOR);
      throw error;
    }
  }
}

/** The body that a link leads to, of so many bytes. */
async function downloadOverHttp(location, bytes, timeout) {
  const large = bytes > MUCH;
  if (large) collect();
  const { promise, resolve, reject } = Promise.withResolvers();
  const get = location.startsWith('https:') ? getOverHttps : getOverHttp;
  get(location, { signal: AbortSignal.timeout(timeout) }, resolve).on('error', reject);
  try {
    const answer = await promise;
    if (answer.statusCode !== 200) {
      answer.resume();
      throw new Busy(`${answer.statusCode}`);
    }
    const zip = pages(bytes);
    let at = 0, collected = 0;
    for await (const part of answer) {
      if (at + part.length > bytes) throw new Busy('it is too long');
      at += part.copy(zip, at);
      // Each part was memory of its own.
      if (large && at - collected > MUCH) {
        collect({ type: 'minor' });
        collected = at;
      }
    }
    return zip;
  } catch (error) {
    warn(`an index zip could not be downloaded (${error instanceof Busy ? error.message : error.code ?? error.name})`);
    throw new Busy('download');
  }
}

// ---- answers --------------------------------------------------------------------------------------------------

const PLAYLIST = 'application/vnd.apple.mpegurl';
const IMMUTABLE = 'public, max-age=31536000, immutable';
const SHORT = 'public, max-age=10';

/** A base URL from the configuration, ending in a slash; empty if there is none. */
function baseUrl(text) {
  return text ? new URL(text.endsWith('/') ? text : `${text}/`).href : '';
}

export class Gate {
  /** `files` are watch.html and the player.js of every version, by name; `base` and `relay` are base URLs or empty. */
  constructor({ reels, links, files, base, relay, now = Date.now, random = Math.random }) {
    const watch = new WatchPage({ html: files.get('watch.html'), player: files.get('player.js'), base, relay });
    Object.assign(this, { reels, links, relay, now, random, watch, players: new Players(files) });
  }

  /** `{ method, path, query, headers, address }` (header names in lower case) to `{ status, headers, body }`. */
  async answer({ method, path, query, headers, address }) {
    if (method === 'OPTIONS') return preflight();
    if (method !== 'GET' && method !== 'HEAD') return reply(405, { allow: METHODS });
    let answer;
    const asked = route(path), again = AGAIN[asked?.kind] ?? 0;
    const times = Math.min(Number(/^busy=([12])$/.exec(query)?.[1] ?? 0), again);
    try {
      const dead = /\bno-cache\b/.test(headers['cache-control']);
      const now = this.now(), deadline = now + PATIENCE - times * HOLD;
      const asker = { client: clientOf(address), deadline, hold: times < again ? now + HOLD : deadline };
      answer = (asked && await this[asked.kind]({ ...asked, query, dead, asker })) || reply(404, {}, 'not found\n');
    } catch (error) {
      if (!(error instanceof Busy)) warn(`${error.name}: ${error.message}`);
      answer = times < again && error instanceof Busy && !(error instanceof Refused) ? reply(302, { location: `${path}?busy=${times + 1}` }) : this.busy();
    }
    if (answer.status === 404 || answer.status === 503) answer = forPeople(answer, headers.accept);
    answer = unlessKnown(answer, headers['if-none-match']);
    return method === 'HEAD' ? { ...answer, body: '' } : answer;
  }

  /** Spread out, so that those sent away do not come back at once. */
  busy() {
    return reply(503, { 'retry-after': String(2 + Math.floor(this.random() * 6)), 'access-control-expose-headers': 'retry-after' });
  }

  bare({ reel, query }) {
    const kept = /^[\w.&=%-]{1,100}$/.test(query ?? '') ? `?${query}` : '';
    return reply(301, { location: `/${reel}/${kept}`, 'cache-control': 'public, max-age=300' });
  }

  async page({ reel, asker }) {
    const index = await this.reels.current(reel, asker);
    if (!index) return null;
    const policy = { 'content-security-policy': this.watch.policy, 'referrer-policy': 'no-referrer' };
    return file(this.watch.fill(reel, index), 'text/html; charset=utf-8', SHORT, policy);
  }

  player({ hash }) { return file(this.players.get(hash), 'text/javascript; charset=utf-8', IMMUTABLE); }

  async multivariant({ reel, asker }) {
    const index = await this.reels.current(reel, asker);
    return index && file(index.files.get('index.m3u8'), PLAYLIST, SHORT);
  }

  async relayMultivariant(asked) {
    const index = this.relay && await this.reels.current(asked.reel, asked.asker);
    const text = index && index.files.get('index.m3u8')?.toString();
    return text && file(naming(text, '.relay.m3u8'), PLAYLIST, SHORT);
  }

  /** With whole addresses, for players that know no other (MPlayer). Not immutable: the gate's address may change. */
  async absMultivariant({ reel, asker }) {
    const index = this.watch.base && await this.reels.current(reel, asker);
    const text = index && index.files.get('index.m3u8')?.toString();
    return text && file(new Based(Buffer.from(naming(text, '.abs.m3u8')), Buffer.from(`${this.watch.base}${reel}/`), 'attributes too'), PLAYLIST, SHORT);
  }

  async absMedia({ reel, generation, rendition, asker }) {
    const index = this.watch.base && await this.reels.having(reel, generation, asker);
    const text = index && index.files.get(`${generation}/${rendition}.m3u8`);
    return text && file(new Based(text, Buffer.from(`${this.watch.base}${reel}/${generation}/`), 'attributes too'), PLAYLIST, SHORT);
  }

  async poster({ reel, asker }) {
    const index = await this.reels.current(reel, asker);
    return index && file(index.files.get('poster.jpg'), 'image/jpeg', 'public, max-age=300');
  }

  async embedding({ reel, query, asker }) {
    const index = this.watch.base && await this.reels.current(reel, asker);
    if (!index) return null;
    return /(?:^|&)format=(?!json(?:&|$))/.test(query) ? reply(501) : file(oembed(`${this.watch.base}${reel}/`, index, query), 'application/json', SHORT);
  }

  async media({ reel, generation, rendition, asker }) {
    const index = await this.reels.having(reel, generation, asker);
    return index && file(index.files.get(`${generation}/${rendition}.m3u8`), PLAYLIST, IMMUTABLE);
  }

  async relayMedia({ reel, generation, rendition, asker }) {
    const index = this.relay && await this.reels.having(reel, generation, asker);
    const text = index && index.files.get(`${generation}/${rendition}.relay.m3u8`);
    // Not immutable: it names the relay, which may move or be switched off.
    return text && file(new Based(text, Buffer.from(`${this.relay}${reel}/${generation}/`)), PLAYLIST, SHORT);
  }

  async init({ reel, generation, rendition, asker }) {
    const index = await this.reels.having(reel, generation, asker);
    return index && file(index.files.get(`${generation}/${rendition}-init.mp4`), 'video/mp4', IMMUTABLE);
  }

  async chunk({ reel, generation, rendition, number, container, dead, asker }) {
    const index = await this.reels.having(reel, generation, asker);
    const listed = index?.generations.get(generation).renditions.get(rendition);
    const sha256 = listed?.container === container && listed.chunks.get(Number(number));
    const name = `zipreel-${reel}-${generation}-${rendition}-${number}`;
    const link = sha256 && await this.links.get(name, sha256, asker, { dead, first: number === '0001' });
    if (!link) return null;
    const age = Math.min(Math.max(link.end - this.now() - LINK_CLIENT_RESERVE, 0), LINK_CLIENT_MAX);
    return reply(302, { location: link.location, 'cache-control': `public, max-age=${Math.floor(age / SECOND)}` });
  }
}

const METHODS = 'GET, HEAD, OPTIONS';

function reply(status, headers = {}, body = '') {
  const type = body && { 'content-type': 'text/plain' };
  const all = { 'access-control-allow-origin': '*', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...type };
  return { status, headers: { ...all, ...headers }, body };
}

/** A multivariant playlist that names other media playlists. */
const naming = (text, ending) => text.replace(/\.m3u8(?="|\r?$)/gm, ending);

/** A playlist with `base` before each URI line, and before the URI of an attribute if `attributes`; in pieces: as a whole it may
 *  be longer than all indexes in memory. */
class Based {
  constructor(playlist, base, attributes) { Object.assign(this, { playlist, base, attributes }); }
  *[Symbol.iterator]() {
    const { playlist, base } = this;
    let piece = Buffer.allocUnsafeSlow(PIECE), used = 0, made = 0;
    for (let at = 0, end; at < playlist.length; at = end) {
      end = playlist.indexOf('\n', at) + 1 || playlist.length;
      if (used + base.length + end - at > PIECE) {
        yield piece.subarray(0, used);
        if ((made += used) > MUCH) made = collect({ type: 'minor' }) ?? 0;
        piece = Buffer.allocUnsafeSlow(Math.max(PIECE, base.length + end - at));
        used = 0;
      }
      const uri = this.#uri(at, end);
      if (uri >= 0) {
        used += playlist.copy(piece, used, at, uri);
        used += base.copy(piece, used);
      }
      used += playlist.copy(piece, used, Math.max(at, uri), end);
    }
    yield piece.subarray(0, used);
  }
  /** Where the URI of a line begins; -1 if it has none. */
  #uri(at, end) {
    if (this.playlist[at] !== HASH) return SPACES.includes(this.playlist[at]) ? -1 : at;
    const attribute = this.attributes ? this.playlist.subarray(at, end).indexOf('URI="') : -1;
    return attribute < 0 ? -1 : at + attribute + 'URI="'.length;
  }
}

const HASH = 0x23;
const SPACES = Buffer.from(' \t\r\n');

/** The parts of a body, in order: what is written at once is copied at once. */
function* parts(body) {
  if (!Buffer.isBuffer(body)) yield* typeof body === 'string' ? [body] : body;
  else for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE);
}

/** 200 with a body from the index, which is text, bytes or bytes in pieces; null (404) if it is not there. */
function file(body, type, cache, more = {}) {
  if (body === undefined) return null;
  const hash = createHash('sha256');
  let bytes = 0;
  for (const part of parts(body)) {
    hash.update(part);
    bytes += Buffer.byteLength(part);
  }
  const etag = `"${hash.digest('hex').slice(0, 32)}"`;
  const length = String(bytes);
  return reply(200, { 'content-type': type, 'content-length': length, 'cache-control': cache, etag, ...more }, body);
}

function preflight() {
  const rights = { 'access-control-allow-methods': METHODS, 'access-control-allow-headers': '*', 'access-control-max-age': '86400' };
  return reply(204, { allow: METHODS, ...rights, 'cache-control': 'public, max-age=86400' });
}

/** 304 if the client's copy is this one. */
function unlessKnown(answer, noneMatch) {
  const { 'content-type': _, 'content-length': __, ...kept } = answer.headers;
  const known = noneMatch?.split(',').some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === kept.etag);
  return known && answer.status === 200 ? { status: 304, headers: kept, body: '' } : answer;
}

// ---- the Lambda function --------------------------------------------------------------------------------------

/** What lies beside this file and is sent to browsers, by name. */
export function ofPackage() {
  const names = readdirSync(new URL('.', import.meta.url)).filter(name => /\.(html|js)$/.test(name));
  return new Map(names.map(name => [name, readFileSync(new URL(name, import.meta.url), 'utf8')]));
}

function fromEnvironment(env) {
  keepSmall();
  const functions = new Functions({ ask: getFunctionOverHttp(env) });
  return new Gate({
    reels: new Reels({ functions, download: downloadOverHttp }), links: new Links({ functions }),
    files: ofPackage(), base: baseUrl(env.ZIPREEL_GATE_URL), relay: baseUrl(env.ZIPREEL_RELAY_URL),
  });
}

// Made while Lambda starts the function, when the processor is fastest. Elsewhere (a simulation, a test) this is a library.
let made;
const gate = () => made ??= fromEnvironment(process.env);
if (process.env.AWS_LAMBDA_FUNCTION_NAME) gate();

/** A function URL's event (payload format 2.0) to the gate's answer. */
function handle({ rawPath, rawQueryString, headers, requestContext }) {
  const lower = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  // The address that AWS saw, never one that a header claims.
  const { method, sourceIp: address } = requestContext.http;
  return gate().answer({ method, path: rawPath, query: rawQueryString, headers: lower, address });
}

async function streamed(event, stream) {
  const { status, headers, body } = await handle(event);
  const out = globalThis.awslambda.HttpResponseStream.from(stream, { statusCode: status, headers });
  if (typeof body !== 'string') return pipeline(Readable.from(parts(body), { highWaterMark: 2 }), out);
  // Without a write, even an empty one, the status and the headers are lost.
  out.write(body);
  out.end();
}

async function buffered(event) {
  const { status, headers, body } = await handle(event);
  if (typeof body === 'string') return { statusCode: status, headers, body, isBase64Encoded: false };
  return { statusCode: status, headers, body: Buffer.concat([...parts(body)]).toString('base64'), isBase64Encoded: true };
}

export const handler = globalThis.awslambda ? globalThis.awslambda.streamifyResponse(streamed) : buffered;
