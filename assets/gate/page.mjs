// Of the gate: the watch page, which is watch.html with the player in it, filled for a reel, and the policy that it is sent with;
// and the player by itself, for the pages of others.

import { sha256 } from './functions.mjs';

/** Of a video whose size is not known, and of sound alone, which is shown as its controls and a cover. */
const SIZES = { video: { width: 1280, height: 720 }, sound: { width: 640, height: 360 } };
const PLAYER = /^player(?:-[0-9a-f]{8})?\.js$/;

export const escapeHtml = text => text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

/** Of files by name, the players that pages elsewhere name by hash: this version's, and each that an earlier one served. */
export class Players {
  #texts = new Map();
  constructor(files) {
    for (const [name, text] of files) if (PLAYER.test(name)) this.#texts.set(sha256(text, 'hex').slice(0, 8), text);
  }
  get(hash) { return this.#texts.get(hash); }
}

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
  /** `html` is watch.html, `player` the player's text; `base` and `relay` are base URLs or empty. */
  constructor({ html, player, base, relay }) {
    // As a function: the player's text may hold what `replace` reads as a pattern.
    const page = html.replace('/*player*/', () => player);
    Object.assign(this, { html: page, base, relay });
    const [, inline] = /<script>([^]*?)<\/script>/.exec(page);
    const libraries = [...inline.matchAll(/const [A-Z]+_JS = '(https:[^' ;,]+)'/g)].map(([, url]) => ` ${url}`).join('');
    // Styles: the controls are elements that carry theirs in their own markup, which no hash can name.
    this.policy = [
      "default-src 'none'", `script-src 'sha256-${sha256(inline, 'base64')}'${libraries} 'self'`,
      "style-src 'unsafe-inline'", `connect-src 'self'${relay && ` ${new URL(relay).origin}`}`, "img-src 'self' data:",
      'media-src * blob: data:', 'worker-src blob:', "base-uri 'none'", "form-action 'none'", 'frame-ancestors *',
    ].join('; ');
  }

  fill(reel, index) {
    const { title, kind, duration, published, current } = index, { width, height } = sizeOf(index);
    const base = this.base || '../', page = `${base}${reel}/`;
    const lines = index.size ? [`${Math.min(width, height)}p`] : [];
    const description = [kind === 'sound' ? 'Sound' : 'Video', clock(duration), ...lines].join(', ');
    const linked = {
      '@context': 'https://schema.org', '@type': kind === 'sound' ? 'AudioObject' : 'VideoObject', name: title, description,
      thumbnailUrl: `${page}poster.jpg`, uploadDate: published, duration: isoDuration(duration), contentUrl: `${page}index.m3u8`, embedUrl: page,
      ...(kind === 'video' && { width, height }),
    };
    const values = {
      title: escapeHtml(title), reel, base, relay: this.relay, generation: current, kind, duration: String(duration),
      width: String(width), height: String(height), description, robots: index.robots, chapters: index.chapters ?? '',
      jsonld: JSON.stringify(linked).replaceAll('<', '\\u003c'),
    };
    // One pass: a title that reads like a placeholder stays text.
    return this.html.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]);
  }
}
