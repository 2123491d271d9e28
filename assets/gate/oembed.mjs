// Of the gate: what a page elsewhere, which was given a reel's link, needs to show its player there (oEmbed 1.0).

import { escapeHtml, sizeOf } from './page.mjs';

/** The size that a page has room for, of the same shape. */
function fitted({ width, height }, query = '') {
  const most = name => Number(new RegExp(`(?:^|&)max${name}=(\\d{1,5})(?:&|$)`).exec(query)?.[1] ?? Infinity);
  const share = Math.min(1, most('width') / width, most('height') / height);
  return { width: Math.max(1, Math.floor(width * share)), height: Math.max(1, Math.floor(height * share)) };
}

/** Width and height of a JPEG, from its frame header; undefined if it has none. */
function sizeOfJpeg(bytes) {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1];
    // The sixteen markers of frames, without those of tables that stand between them.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
  }
  return undefined;
}

/** As JSON; `page` is the URL of the watch page. */
export function oembed(page, index, query) {
  const { title, kind, files } = index, { width, height } = fitted(sizeOf(index), query);
  const allow = 'autoplay; fullscreen; picture-in-picture; clipboard-write';
  const html = `<iframe src="${page}" width="${width}" height="${height}" title="${escapeHtml(title)}" style="border: 0" allow="${allow}" loading="lazy"></iframe>`;
  const poster = files.get('poster.jpg'), [across, down] = (poster && sizeOfJpeg(poster)) ?? [];
  const thumbnail = across && { thumbnail_url: `${page}poster.jpg`, thumbnail_width: across, thumbnail_height: down };
  return JSON.stringify({ version: '1.0', type: kind === 'sound' ? 'rich' : 'video', title, width, height, html, ...thumbnail });
}
