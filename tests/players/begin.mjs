// What the player makes of segments with which a run begins in Chromium (see there): each segment of a reel's relay
// playlist, as an H.264 byte stream before and after, for a decoder to judge.
//
//   node begin.mjs --player open-gops.js --page URL --into DIR
//
// Writes N.before.h264 and N.after.h264; the last line of output is a JSON list of how many changes each segment took, null
// where it begins with an IDR picture.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import vm from 'node:vm';

const { values } = parseArgs({ options: Object.fromEntries(['player', 'page', 'into'].map(name => [name, { type: 'string' }])) });
const PACKET = 188, VIDEO = 0x100;

/** The player's functions that know H.264; they need nothing of a browser. */
function fromThePlayer() {
  const text = readFileSync(values.player, 'utf8');
  const [from, to] = ['const wordAt =', 'function isLoaded('].map(words => text.indexOf(words));
  assert(from > 0 && to > from, 'the functions are where they were');
  return vm.runInNewContext(`${text.slice(from, to)}; ({ openGroup, write })`, { RangeError });
}

async function text(url) {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return answer.text();
}

const links = async url => (await text(url)).split('\n').filter(line => line && !line.startsWith('#')).map(line => new URL(line, url).href);

/** The video of a transport stream as NAL units. */
function units(stream) {
  const payloads = [];
  for (let packet = 0; packet < stream.length; packet += PACKET) {
    const [, high, low, control] = stream.subarray(packet, packet + 4);
    if (((high & 31) << 8 | low) !== VIDEO) continue;
    let at = packet + 4;
    if (control & 0x20) at += 1 + stream[at];
    if (high & 0x40) at += 9 + stream[at + 8];
    payloads.push(stream.subarray(at, packet + PACKET));
  }
  const video = Buffer.concat(payloads), starts = [];
  for (let at = video.indexOf('000001', 0, 'hex'); at >= 0; at = video.indexOf('000001', at + 3, 'hex')) starts.push(at);
  return starts.map((start, i) => {
    let end = starts[i + 1] ?? video.length;
    while (video[end - 1] === 0) end--;
    return video.subarray(start + 3, end);
  });
}

const length = bytes => { const word = Buffer.alloc(4); word.writeUInt32BE(bytes); return word; };

/** As hls.js has it: a moof, of which only the size matters here, and a mdat. */
const fragment = nals => new Uint8Array(Buffer.concat([length(8), Buffer.from('moof'), length(0), Buffer.from('mdat'), ...nals.flatMap(nal => [length(nal.length), nal])]));

function byteStream(data) {
  const bytes = Buffer.from(data), parts = [];
  for (let at = 16; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) parts.push(Buffer.from([0, 0, 0, 1]), bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  return Buffer.concat(parts);
}

const { openGroup, write } = fromThePlayer();
const [media] = await links(new URL('index.relay.m3u8', values.page).href);
const counts = [];
for (const [number, url] of (await links(media)).entries()) {
  const data = fragment(units(Buffer.from(await (await fetch(url)).arrayBuffer())));
  writeFileSync(join(values.into, `${number}.before.h264`), byteStream(data));
  const group = openGroup(data);
  assert(!group || group.isRead, `segment ${number} is read to its end`);
  group?.changes.forEach(([from, bits]) => write(data, from, bits));
  writeFileSync(join(values.into, `${number}.after.h264`), byteStream(data));
  counts.push(group && group.changes.length);
}
console.log(JSON.stringify(counts));
