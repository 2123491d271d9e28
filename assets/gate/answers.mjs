// Of the gate: what an answer is made of, `{ status, headers, body }`. A body is text, bytes, or bytes in pieces.

import { createHash } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
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
/** Of Brotli: as small as gzip at its best, or half of it, in some milliseconds; what is longer than this takes too long. */
const BROTLI_QUALITY = 5;
const BROTLI_MOST = 1 << 20;
/** In bits: with the usual window it takes more memory than most files are long. */
const BROTLI_WINDOW = 18;

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
 *  keep them apart. An index may hold it as it is alone. */
export function fileOf(index, name, type, cache, codings) {
  const text = index.files.get(name), gzip = index.files.get(`${name}.gz`);
  return text && gzip ? inForms({ text, gzip }, type, cache, codings) : file(text, type, cache);
}

/** A file that is there in several forms, `{ text, gzip }`, and can be sent with Brotli; only the one that is sent is made. */
export function inForms(forms, type, cache, codings, more = {}) {
  const sent = { vary: 'accept-encoding', ...more };
  for (const coding of codings) {
    const compressed = coding === 'br' ? brotliOf(forms.text) : forms[coding];
    if (compressed) return file(compressed, type, cache, { 'content-encoding': coding, ...sent });
  }
  return file(forms.text, type, cache, sent);
}

/** A playlist that names where it is served: made for each answer, and compressed in its pieces for who takes gzip. */
export function playlistOf(body, codings) {
  const compressed = function* () {
    for (const part of parts(body)) {
      const bytes = Buffer.from(part);
      yield { bytes, compressed: blocks(bytes, QUICKLY) };
    }
  };
  return inForms({ text: body, get gzip() { return gzipOf(compressed()); } }, PLAYLIST, SHORT, codings);
}

/** Compressed with Brotli; null where that would take too long. */
function brotliOf(text) {
  const all = [];
  let length = 0;
  for (const part of parts(text)) {
    if ((length += Buffer.byteLength(part)) > BROTLI_MOST) return null;
    all.push(Buffer.from(part));
  }
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [BROTLI_PARAM_LGWIN]: BROTLI_WINDOW, [BROTLI_PARAM_SIZE_HINT]: length };
  return brotliCompressSync(Buffer.concat(all), { params });
}

/** The codings that a client would rather have than the file as it is (RFC 9110, 12.5.3), the best first. What it does not name it
 *  may do without. Brotli is for a CDN, which asks once for many: all else was compressed with gzip before. */
export function codingsOf(acceptEncoding = '', edge = false) {
  const weights = new Map();
  for (const item of acceptEncoding.toLowerCase().split(',')) {
    const [coding, ...parameters] = item.split(';').map(part => part.trim());
    const weight = parameters.length ? /^q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.exec(parameters.join(';'))?.[1] ?? 0 : 1;
    weights.set(coding.replace(/^x-gzip$/, 'gzip'), Number(weight));
  }
  const weigh = coding => weights.get(coding) ?? weights.get('*') ?? 0, identity = weights.get('identity') ?? 0;
  const taken = (edge ? ['br', 'gzip'] : ['gzip']).filter(coding => weigh(coding) > 0 && weigh(coding) >= identity);
  return taken.sort((one, other) => weigh(other) - weigh(one));
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
