// zipreel's gate: a public function URL, or an HTTP API, that serves the playlists of every reel in this account and Region and turns
// the stable link of a chunk into a fresh download link of the Lambda function whose zip holds it.
//
// What it may do: lambda:GetFunction on functions named zipreel-*, and write its own log. It runs nobody's code,
// stores nothing, and asks for no function but `zipreel-<reel>-index` and the chunks that a reel's index lists.
// This file: what paths mean, and which answer each gets. The rest lies beside it: README.md has a line a file.
// What it answers: README.md, too; tests/suite/contract.rs holds both implementations to it.
//
// No dependency: GetFunction is one signed GET. Start-up is billed and the SDK would be most of it: up to its first call
// this file takes 29 ms, @aws-sdk/client-lambda 3.1162.0 85 ms (medians of 5 on Node.js 24.21, a 2-core machine); compressing
// the page adds 3 ms to it, once an instance.

import { readFileSync, readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Based, CUES, IMMUTABLE, METHODS, PLAYLIST, SCRIPT, SHORT, file, fileOf, inTwo, naming, parts, playlistOf, preflight, reply, takesGzip, unlessKnown } from './answers.mjs';
import { RelaysCeiling, beyond, ceilingOf } from './ceiling.mjs';
import { Functions, Links, getFunctionOverHttp, warn } from './functions.mjs';
import { Busy, Refused, SECOND, clientOf } from './guesses.mjs';
import { Libraries, downloadFrom } from './libraries.mjs';
import { keepSmall } from './memory.mjs';
import { oembed } from './oembed.mjs';
import { Players, WatchPage } from './page.mjs';
import { forPeople } from './people.mjs';
import { Reels, downloadOverHttp } from './reels.mjs';

/** Clients may keep a redirect until this long before the link's end, and never longer than LINK_CLIENT_MAX. */
const LINK_CLIENT_RESERVE = 180 * SECOND;
const LINK_CLIENT_MAX = 300 * SECOND;
/** A request is answered within this, if only by a 503. */
const PATIENCE = 8 * SECOND;
/** So long a busy AWS is asked again for a player before that is sent to where it is once more, with a count in the query: to
 *  players a 503 is the end of the video (VLC), or a segment less. Every time but the last, when it has the rest of its patience. */
const HOLD = 2 * SECOND;
/** The longest body of an answer that is handed over whole: Lambda takes 6 MB of JSON, in which bytes are base64, and 16 KiB are
 *  enough for status and headers. */
const WHOLE_MAX = ((6 << 20) - (16 << 10)) / 4 * 3;
/** What the CDN sends to gate and relay; its value is the relay's concern. */
const EDGE_HEADER = 'x-zipreel-edge';
/** VLC follows one such redirect for a chunk; for a playlist every player follows two. */
const AGAIN = {
  chunk: 1, multivariant: 2, relayMultivariant: 2, absMultivariant: 2, seekMultivariant: 2,
  media: 2, relayMedia: 2, absMedia: 2, seekMedia: 2, piecesMedia: 2, track: 2, absTrack: 2,
};

// ---- names and paths ------------------------------------------------------------------------------------------

const REEL = '[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?';
const INSIDE = '([0-9a-f]{8})/([a-z0-9]{1,4})';
const TRACK = '([0-9a-f]{8})/([a-z0-9]{1,4}-[0-9a-f]{8})';
const ROUTES = [
  ['player', /^\/player-([0-9a-f]{8})\.js$/],
  ['library', /^\/library-([0-9a-f]{8})\.js$/],
  ['bare', new RegExp(`^/(${REEL})$`)],
  ['page', new RegExp(`^/(${REEL})/$`)],
  ['multivariant', new RegExp(`^/(${REEL})/index\\.m3u8$`)],
  ['relayMultivariant', new RegExp(`^/(${REEL})/index\\.relay\\.m3u8$`)],
  ['absMultivariant', new RegExp(`^/(${REEL})/index\\.abs\\.m3u8$`)],
  ['seekMultivariant', new RegExp(`^/(${REEL})/index\\.seek\\.m3u8$`)],
  ['absMedia', new RegExp(`^/(${REEL})/${INSIDE}\\.abs\\.m3u8$`)],
  ['poster', new RegExp(`^/(${REEL})/poster\\.jpg$`)],
  ['embedding', new RegExp(`^/(${REEL})/oembed\\.json$`)],
  ['media', new RegExp(`^/(${REEL})/${INSIDE}\\.m3u8$`)],
  ['relayMedia', new RegExp(`^/(${REEL})/${INSIDE}\\.relay\\.m3u8$`)],
  ['seekMedia', new RegExp(`^/(${REEL})/${INSIDE}\\.seek\\.m3u8$`)],
  ['piecesMedia', new RegExp(`^/(${REEL})/${INSIDE}\\.pieces\\.m3u8$`)],
  ['init', new RegExp(`^/(${REEL})/${INSIDE}-init\\.mp4$`)],
  // Through the relay too: what lies in the index comes from the gate in any case.
  ['track', new RegExp(`^/(${REEL})/${TRACK}(?:\\.relay)?\\.m3u8$`)],
  ['absTrack', new RegExp(`^/(${REEL})/${TRACK}\\.abs\\.m3u8$`)],
  ['subtitles', new RegExp(`^/(${REEL})/${TRACK}/(0|[1-9][0-9]{0,5})\\.vtt$`)],
  ['chapters', new RegExp(`^/(${REEL})/${TRACK}\\.(vtt|json)$`)],
  ['chunk', new RegExp(`^/(${REEL})/${INSIDE}/([0-9]{4})\\.(ts|mp4)$`)],
];

/** The meaning of a path, or null. What passes here is safe in a function's name; nothing is ever decoded. */
export function route(path) {
  for (const [kind, pattern] of ROUTES) {
    const [whole, ...names] = pattern.exec(path) ?? [];
    const [reel, generation, rendition, number, container] = names;
    if (whole !== undefined) return kind === 'player' || kind === 'library' ? { kind, hash: reel } : { kind, reel, generation, rendition, number, container };
  }
  return null;
}

// ---- answers --------------------------------------------------------------------------------------------------

/** A base URL from the configuration, ending in a slash; empty if there is none. */
function baseUrl(text) {
  return text ? new URL(text.endsWith('/') ? text : `${text}/`).href : '';
}

export class Gate {
  /** `files` are watch.html and the player of every version, by name; `base`, `relay` and `cdn` are base URLs or empty; `ceiling` is the relay's, if it has one;
   *  `download` fetches a library. */
  constructor({ reels, links, files, base, relay, cdn = '', ceiling = null, download = downloadFrom(''), now = Date.now, random = Math.random }) {
    const watch = new WatchPage({ html: files.get('watch.html'), player: files.get('player.js'), base, relay, cdn });
    const libraries = cdn && new Libraries({ script: watch.script, download, now });
    Object.assign(this, { reels, links, relay, ceiling, now, random, watch, players: new Players(files), libraries, base });
  }

  /** `{ method, path, query, headers, address }` (header names in lower case) to `{ status, headers, body }`. */
  async answer({ method, path, query, headers, address }) {
    if (method === 'OPTIONS') return preflight();
    if (method !== 'GET' && method !== 'HEAD') return reply(405, { allow: METHODS });
    let answer;
    // A CDN keeps an answer for all who ask for that path, if only for a second. So no query counts behind it, and nobody is sent
    // to where they are: they would meet the same answer there.
    const edge = EDGE_HEADER in headers, plain = edge ? undefined : query;
    const asked = route(path), again = edge ? 0 : AGAIN[asked?.kind] ?? 0;
    const times = Math.min(Number(/^busy=([12])$/.exec(plain)?.[1] ?? 0), again);
    try {
      const dead = /(^|[\s,])no-cache($|[\s,])/i.test(headers['cache-control']);
      const now = this.now(), deadline = now + PATIENCE - times * HOLD;
      const asker = { client: clientOf(address), deadline, hold: times < again ? now + HOLD : deadline };
      answer = (asked && await this[asked.kind]({ ...asked, query: plain, edge, dead, asker, gzip: takesGzip(headers['accept-encoding']) })) || reply(404, {}, 'not found\n');
    } catch (error) {
      if (!(error instanceof Busy)) warn(`${error.name}: ${error.message}`);
      answer = times < again && error instanceof Busy && !(error instanceof Refused) ? reply(302, { location: `${path}?busy=${times + 1}` }) : this.busy(error.after);
    }
    if (answer.status === 404 || answer.status === 503) answer = forPeople(answer, edge ? { path } : { accept: headers.accept });
    answer = unlessKnown(answer, headers['if-none-match']);
    return method === 'HEAD' ? { ...answer, body: '' } : answer;
  }

  /** For so many seconds; else spread out, so that those sent away do not come back at once. */
  busy(after = 2 + Math.floor(this.random() * 6)) {
    return reply(503, { 'retry-after': String(after), 'access-control-expose-headers': 'retry-after' });
  }

  bare({ reel, query }) {
    const kept = /^[\w.&=%-]{1,100}$/.test(query ?? '') ? `?${query}` : '';
    return reply(301, { location: `/${reel}/${kept}`, 'cache-control': 'public, max-age=300' });
  }

  async page({ reel, asker, gzip }) {
    const index = await this.reels.current(reel, asker);
    if (!index) return null;
    const policy = { 'content-security-policy': this.watch.policy, 'referrer-policy': 'no-referrer' };
    return inTwo(this.watch.fill(reel, index), 'text/html; charset=utf-8', SHORT, gzip, policy);
  }

  player({ hash, gzip }) {
    const found = this.players.get(hash);
    return found && inTwo(found, SCRIPT, IMMUTABLE, gzip);
  }

  /** For a CDN alone, which asks once for all: others are better served where it is published, which costs nobody here. */
  async library({ hash, gzip, edge }) {
    const found = edge && this.libraries && await this.libraries.get(hash);
    return found && inTwo(found, SCRIPT, IMMUTABLE, gzip);
  }

  async multivariant({ reel, asker, gzip }) {
    const index = await this.reels.current(reel, asker);
    return index && fileOf(index, 'index.m3u8', PLAYLIST, SHORT, gzip);
  }

  /** Of pieces, where an index has them. */
  async relayMultivariant(asked) {
    const index = this.relay && await this.reels.current(asked.reel, asked.asker);
    if (!index) return null;
    const pieces = index.files.get('index.seek.m3u8')?.toString().replaceAll('.seek.m3u8', '.pieces.m3u8');
    const text = pieces ?? naming(index.files.get('index.m3u8')?.toString() ?? '', '.relay.m3u8');
    return this.#belowCeiling(text && (() => playlistOf(text, asked.gzip)));
  }

  /** Where every segment is one piece, there is one playlist for both. */
  async seekMultivariant({ reel, asker, gzip }) {
    const index = await this.reels.current(reel, asker);
    return index && fileOf(index, index.files.has('index.seek.m3u8') ? 'index.seek.m3u8' : 'index.m3u8', PLAYLIST, SHORT, gzip);
  }

  /** With whole addresses, for players that know no other (MPlayer). Not immutable: the gate's address may change. */
  async absMultivariant({ reel, asker, gzip }) {
    const index = this.base && await this.reels.current(reel, asker);
    const text = index && index.files.get('index.m3u8')?.toString();
    return text && playlistOf(new Based(Buffer.from(naming(text, '.abs.m3u8')), Buffer.from(`${this.base}${reel}/`), 'attributes too'), gzip);
  }

  async absMedia({ reel, generation, rendition, asker, gzip }) {
    const index = this.base && await this.reels.having(reel, generation, asker);
    const text = index && index.files.get(`${generation}/${rendition}.m3u8`);
    return text && playlistOf(new Based(text, Buffer.from(`${this.base}${reel}/${generation}/`), 'attributes too'), gzip);
  }

  async poster({ reel, asker }) {
    const index = await this.reels.current(reel, asker);
    return index && file(index.files.get('poster.jpg'), 'image/jpeg', 'public, max-age=300');
  }

  async embedding({ reel, query, asker }) {
    const base = this.watch.public, index = base && await this.reels.current(reel, asker);
    if (!index) return null;
    return /(?:^|&)format=(?!json(?:&|$))/.test(query) ? reply(501) : file(oembed(`${base}${reel}/`, index, query), 'application/json', SHORT);
  }

  async media({ reel, generation, rendition, asker, gzip }, ending = '.m3u8') {
    const index = await this.reels.having(reel, generation, asker);
    return index && fileOf(index, `${generation}/${rendition}${ending}`, PLAYLIST, IMMUTABLE, gzip);
  }

  seekMedia(asked) { return this.media(asked, '.seek.m3u8'); }

  piecesMedia(asked) { return this.relayMedia(asked, '.pieces.m3u8'); }

  async relayMedia({ reel, generation, rendition, asker, gzip }, ending = '.relay.m3u8') {
    const index = this.relay && await this.reels.having(reel, generation, asker);
    const text = index && index.files.get(`${generation}/${rendition}${ending}`);
    // Not immutable: it names the relay, which may move or be switched off.
    return this.#belowCeiling(text && (() => playlistOf(new Based(text, Buffer.from(`${this.relay}${reel}/${generation}/`)), gzip)));
  }

  /** What leads browsers to the relay, unless that has sent as much this month as it may. */
  async #belowCeiling(make) {
    if (!make) return null;
    if (!await this.ceiling?.isReached()) return make();
    const { status, headers, body } = beyond(this.now());
    return reply(status, headers, body);
  }

  async init({ reel, generation, rendition, asker }) {
    const index = await this.reels.having(reel, generation, asker);
    return index && file(index.files.get(`${generation}/${rendition}-init.mp4`), 'video/mp4', IMMUTABLE);
  }

  /** The index that has this file of subtitles or chapters. A generation may get others: what is not in the index that is known may be in a newer one. */
  async #having({ reel, generation, asker }, name) {
    const known = await this.reels.having(reel, generation, asker);
    return !known || known.files.has(name) ? known : this.reels.current(reel, asker);
  }

  async #served(asked, name, type) {
    const index = await this.#having(asked, name);
    return index && fileOf(index, name, type, IMMUTABLE, asked.gzip);
  }

  track(asked) { return this.#served(asked, `${asked.generation}/${asked.rendition}.m3u8`, PLAYLIST); }

  async absTrack(asked) {
    const { reel, generation, rendition, gzip } = asked, name = `${generation}/${rendition}.m3u8`;
    const index = this.base && await this.#having(asked, name);
    const text = index && index.files.get(name);
    return text && playlistOf(new Based(text, Buffer.from(`${this.base}${reel}/${generation}/`), 'attributes too'), gzip);
  }

  subtitles(asked) { return this.#served(asked, `${asked.generation}/${asked.rendition}/${asked.number}.vtt`, CUES); }

  chapters(asked) {
    const { generation, rendition, number: ending } = asked;
    return this.#served(asked, `${generation}/${rendition}.${ending}`, ending === 'vtt' ? CUES : 'application/json');
  }

  async chunk({ reel, generation, rendition, number, container, dead, asker }) {
    const index = await this.reels.listing(reel, generation, asker);
    const listed = index?.generations.get(generation).renditions.get(rendition);
    const sha256 = listed?.container === container && listed.chunks.get(Number(number));
    const name = `zipreel-${reel}-${generation}-${rendition}-${number}`;
    const link = sha256 && await this.links.get(name, sha256, asker, { dead, first: number === '0001' });
    if (!link) return null;
    const age = Math.min(Math.max(link.end - this.now() - LINK_CLIENT_RESERVE, 0), LINK_CLIENT_MAX);
    return reply(302, { location: link.location, 'cache-control': `public, max-age=${Math.floor(age / SECOND)}` });
  }
}

// ---- the Lambda function --------------------------------------------------------------------------------------

/** What lies beside this file and is sent to browsers, by name; the parts of this version's player as one. */
export function ofPackage() {
  const names = readdirSync(new URL('.', import.meta.url)).filter(name => /\.(html|js)$/.test(name));
  const files = new Map(names.map(name => [name, readFileSync(new URL(name, import.meta.url), 'utf8')]));
  return files.set('player.js', ['libraries.js', 'open-gops.js', 'tracks.js', 'player.js'].map(part => files.get(part)).join(''));
}

function fromEnvironment(env) {
  keepSmall();
  const functions = new Functions({ ask: getFunctionOverHttp(env) }), relay = baseUrl(env.ZIPREEL_RELAY_URL);
  return new Gate({
    reels: new Reels({ functions, download: downloadOverHttp }), links: new Links({ functions }),
    files: ofPackage(), base: baseUrl(env.ZIPREEL_GATE_URL), relay, cdn: baseUrl(env.ZIPREEL_CDN_URL),
    ceiling: relay && ceilingOf(env) ? new RelaysCeiling({ relay }) : null, download: downloadFrom(baseUrl(env.ZIPREEL_LIBRARIES_URL)),
  });
}

// Made while Lambda starts the function, when the processor is fastest. Elsewhere (a simulation, a test) this is a library.
let made;
const gate = () => made ??= fromEnvironment(process.env);
if (process.env.AWS_LAMBDA_FUNCTION_NAME) gate();

/** A function URL's or an HTTP API's event (payload format 2.0) to the gate's answer. */
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

/** Whole, in payload format 2.0: what an HTTP API takes. An answer of `handler` is a stream there, which it can't read. */
export async function buffered(event) {
  let { status, headers, body } = await handle(event);
  if (typeof body !== 'string' && Number(headers['content-length']) > WHOLE_MAX) {
    warn(`${event.rawPath}: ${headers['content-length']} bytes are more than an answer may have`);
    ({ status, headers, body } = reply(500, {}, 'too long to be sent whole\n'));
  }
  if (typeof body === 'string') return { statusCode: status, headers, body, isBase64Encoded: false };
  return { statusCode: status, headers, body: Buffer.concat([...parts(body)]).toString('base64'), isBase64Encoded: true };
}

export const handler = globalThis.awslambda ? globalThis.awslambda.streamifyResponse(streamed) : buffered;
