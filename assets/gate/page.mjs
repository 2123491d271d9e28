// Of the gate: the watch page, which is watch.html with the player in it, filled for a reel, and the policy that it is sent with;
// and the player by itself, for the pages of others.

import { gzipSync } from 'node:zlib';
import { blocks, gzipOf } from './gzip.mjs';
import { librariesOf } from './libraries.mjs';
import { sha256 } from './sign.mjs';

/** Of a video whose size is not known, and of sound alone, which is shown as its controls and a cover. */
const SIZES = { video: { width: 1280, height: 720 }, sound: { width: 640, height: 360 } };
const PLAYER = /^player(?:-[0-9a-f]{8})?\.js$/;

export const escapeHtml = text => text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

/** Of files by name, the players that pages elsewhere name by hash: this version's, and each that an earlier one served. */
export class Players {
  #texts = new Map();
  #compressed = new Map();
  constructor(files) {
    for (const [name, text] of files) if (PLAYER.test(name)) this.#texts.set(sha256(text, 'hex').slice(0, 8), text);
  }
  /** `{ text, gzip }`, compressed when it is first asked for. */
  get(hash) {
    const text = this.#texts.get(hash);
    if (text === undefined) return null;
    const compressed = this.#compressed;
    const compress = () => compressed.set(hash, gzipSync(text, { level: 9 })).get(hash);
    return { text, get gzip() { return compressed.get(hash) ?? compress(); } };
  }
}

/** Less than this is not worth a block of its own. */
const LEAST_COMPRESSED = 1024;

const two = number => String(number).padStart(2, '0');

/** Whole seconds as people read them: 1:02, 1:01:02. */
function clock(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Whole seconds in ISO 8601: PT1M2S. */
function isoDuration(seconds) {
  const parts = [[Math.floor(seconds / 3600), 'H'], [Math.floor(seconds / 60) % 60, 'M'], [seconds % 60, 'S']];
  return `PT${parts.filter(([number]) => number).map(part => part.join('')).join('') || '0S'}`;
}

/** Width and height of a player that shows the reel. */
export const sizeOf = ({ kind, size }) => size ?? SIZES[kind];

export class WatchPage {
  /** `html` is watch.html, `player` the player's text; `base`, `relay` and `cdn` are base URLs or empty. */
  constructor({ html, player, base, relay, cdn }) {
    // As a function: the player's text may hold what `replace` reads as a pattern.
    const page = html.replace('/*player*/', () => player);
    // Where people are sent is `public`; players are sent to the gate itself, where a redirect costs least.
    Object.assign(this, { base, relay, cdn, public: cdn || base });
    // Texts and names of placeholders in turn. What is long is compressed here, once.
    this.parts = page.split(/\{\{(\w+)\}\}/).map((text, i) => i % 2 ? { name: text } : { text, bytes: Buffer.from(text), compressed: text.length >= LEAST_COMPRESSED && blocks(text) });
    const [, inline] = /<script>([^]*?)<\/script>/.exec(page);
    this.script = inline;
    const libraries = librariesOf(inline).map(({ address }) => ` ${address}`).join('');
    // Styles: the controls are elements that carry theirs in their own markup, which no hash can name.
    this.policy = [
      "default-src 'none'", `script-src 'sha256-${sha256(inline, 'base64')}'${libraries} 'self'`,
      "style-src 'unsafe-inline'", `connect-src 'self'${relay && ` ${new URL(relay).origin}`}`, "img-src 'self' data:",
      'media-src * blob: data:', 'worker-src blob:', "base-uri 'none'", "form-action 'none'", 'frame-ancestors *',
    ].join('; ');
  }

  /** `{ text, gzip }` */
  fill(reel, index) {
    const { title, kind, duration, published, current } = index, { width, height } = sizeOf(index);
    const base = this.public || '../', gate = this.base || '../', page = `${base}${reel}/`;
    const lines = index.size ? [`${Math.min(width, height)}p`] : [];
    const description = [kind === 'sound' ? 'Sound' : 'Video', clock(duration), ...lines].join(', ');
    const linked = {
      '@context': 'https://schema.org', '@type': kind === 'sound' ? 'AudioObject' : 'VideoObject', name: title, description,
      thumbnailUrl: `${page}poster.jpg`, uploadDate: published, duration: isoDuration(duration), contentUrl: `${gate}${reel}/index.m3u8`, embedUrl: page,
      ...(kind === 'video' && { width, height }),
    };
    const values = {
      title: escapeHtml(title), reel, base, gate, cdn: this.cdn, relay: this.relay, generation: current, kind, duration: String(duration),
      width: String(width), height: String(height), description, robots: index.robots, chapters: index.chapters ?? '', jumps: index.jumps ?? '',
      jsonld: JSON.stringify(linked).replaceAll('<', '\\u003c'),
    };
    const parts = this.parts.map(part => part.name ? { text: values[part.name], bytes: Buffer.from(values[part.name]) } : part);
    return { get text() { return parts.map(({ text }) => text).join(''); }, get gzip() { return gzipOf(parts); } };
  }
}
