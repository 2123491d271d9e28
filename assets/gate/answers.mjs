// Of the gate: what an answer is made of, `{ status, headers, body }`. A body is text, bytes, or bytes in pieces.

import { createHash } from 'node:crypto';
import { blocks, gzipOf } from './gzip.mjs';
import { MUCH, collect } from './memory.mjs';

export const PLAYLIST = 'application/vnd.apple.mpegurl';
export const CUES = 'text/vtt; charset=utf-8';
export const SCRIPT = 'text/javascript; charset=utf-8';
export const IMMUTABLE = 'public, max-age=31536000, immutable';
export const SHORT = 'public, max-age=10';
/** What is written at once. */
const PIECE = 64 << 10;
/** How hard zlib tries where somebody waits: a twentieth of a playlist is left, for a third of the time. */
const QUICKLY = 3;

export const METHODS = 'GET, HEAD, OPTIONS';

export function reply(status, headers = {}, body = '') {
  const type = body && { 'content-type': 'text/plain' };
  const all = { 'access-control-allow-origin': '*', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...type };
  return { status, headers: { ...all, ...headers }, body };
}

/** A multivariant playlist that names other media playlists. */
export const naming = (text, ending) => text.replace(/\.m3u8(?="|\r?$)/gm, ending);

/** A playlist with `base` before each URI line, and before the URI of an attribute if `attributes`; in pieces: as a whole it may
 *  be longer than all indexes in memory. */
export class Based {
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
export function* parts(body) {
  if (!Buffer.isBuffer(body)) yield* typeof body === 'string' ? [body] : body;
  else for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE);
}

/** 200 with a body from the index, which is text, bytes or bytes in pieces; null (404) if it is not there. */
export function file(body, type, cache, more = {}) {
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

/** The file of an index, or what it was compressed to at publishing, for who takes that: each has an ETag of its own, and caches
 *  keep the two apart. An index may hold it as it is alone. */
export function fileOf(index, name, type, cache, gzip) {
  const compressed = index.files.get(`${name}.gz`);
  return compressed ? inTwo({ text: index.files.get(name), gzip: compressed }, type, cache, gzip) : file(index.files.get(name), type, cache);
}

/** A file that is there in two forms, `{ text, gzip }`; only the one that is sent is made. */
export function inTwo(forms, type, cache, gzip, more = {}) {
  const vary = 'accept-encoding';
  return gzip ? file(forms.gzip, type, cache, { vary, 'content-encoding': 'gzip', ...more }) : file(forms.text, type, cache, { vary, ...more });
}

/** A playlist that names where it is served: made for each answer, and compressed in its pieces for who takes that. */
export function playlistOf(body, gzip) {
  const compressed = function* () {
    for (const part of parts(body)) {
      const bytes = Buffer.from(part);
      yield { bytes, compressed: blocks(bytes, QUICKLY) };
    }
  };
  return inTwo({ text: body, get gzip() { return gzipOf(compressed()); } }, PLAYLIST, SHORT, gzip);
}

/** Whether a client would rather have gzip than the file as it is (RFC 9110, 12.5.3). What it does not name it may do without. */
export function takesGzip(acceptEncoding = '') {
  const weights = new Map();
  for (const item of acceptEncoding.toLowerCase().split(',')) {
    const [coding, ...parameters] = item.split(';').map(part => part.trim());
    const weight = parameters.length ? /^q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.exec(parameters.join(';'))?.[1] ?? 0 : 1;
    weights.set(coding.replace(/^x-gzip$/, 'gzip'), Number(weight));
  }
  const gzip = weights.get('gzip') ?? weights.get('*') ?? 0;
  return gzip > 0 && gzip >= (weights.get('identity') ?? 0);
}

export function preflight() {
  const rights = { 'access-control-allow-methods': METHODS, 'access-control-allow-headers': '*', 'access-control-max-age': '86400' };
  return reply(204, { allow: METHODS, ...rights, 'cache-control': 'public, max-age=86400' });
}

/** 304 if the client's copy is this one. */
export function unlessKnown(answer, noneMatch) {
  const { 'content-type': _, 'content-length': __, 'content-encoding': ___, ...kept } = answer.headers;
  const known = noneMatch?.split(',').some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === kept.etag);
  return known && answer.status === 200 ? { status: 304, headers: kept, body: '' } : answer;
}
