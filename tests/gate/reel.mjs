// A small reel made by hand for the tests of the gate's JavaScript: an index zip as the engine lays it out, and names.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const GENERATION = '0123abcd';
export const digest = text => createHash('sha256').update(text).digest('base64');
export const indexName = reel => `zipreel-${reel}-index`;
export const chunkName = (reel, number, generation = GENERATION) => `zipreel-${reel}-${generation}-src-${String(number).padStart(4, '0')}`;

/** A store-only zip of `[name, text]` entries. */
export function zip(entries) {
  const parts = [], directory = [];
  let at = 0;
  for (const [name, text] of entries) {
    const data = Buffer.from(text);
    const local = Buffer.alloc(30), central = Buffer.alloc(46);
    local.writeUInt32LE(0x04034b50, 0);
    central.writeUInt32LE(0x02014b50, 0);
    for (const [header, sum, nameLength] of [[local, 14, 26], [central, 16, 28]]) {
      header.writeUInt32LE(crc32(data), sum);
      header.writeUInt32LE(data.length, sum + 4);
      header.writeUInt32LE(data.length, sum + 8);
      header.writeUInt16LE(name.length, nameLength);
    }
    central.writeUInt32LE(at, 42);
    parts.push(local, Buffer.from(name), data);
    directory.push(central, Buffer.from(name));
    at += 30 + name.length + data.length;
  }
  const central = Buffer.concat(directory), end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}

/** One generation of `index.json`, one segment a chunk. */
export function generation(id, chunks) {
  const one = number => ({ number, bytes: 200, sha256: digest(`${id} ${number}`), segments: [{ offset: 66, bytes: 100, duration_us: 6e6, crc32: 0 }] });
  return {
    generation: id, duration_ms: 6000 * chunks, segment_seconds: 6, chunk_limit_bytes: 1000,
    renditions: { src: { container: 'ts', chunks: Array.from({ length: chunks }, (_, i) => one(i + 1)) } },
  };
}

/** The zip of an index function: `current`, `retired` and `more` as in index.json, and `files` besides. */
export function indexZip(reel, current, retired = [], more = {}, files = []) {
  const json = { format: 1, reel, title: 'A reel', published: '2026-01-01T00:00:00Z', ...more, current, retired };
  const entries = [...files, ['index.json', JSON.stringify(json)], ['index.m3u8', `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${current.generation}/src.m3u8\n`]];
  for (const { generation: id, renditions } of [current, ...retired]) {
    const lines = renditions.src.chunks.map(({ number }) => `#EXTINF:6,\n#EXT-X-BYTERANGE:100@66\nsrc/${String(number).padStart(4, '0')}.ts\n`);
    entries.push([`${id}/src.m3u8`, `#EXTM3U\n${lines.join('')}#EXT-X-ENDLIST\n`]);
    entries.push([`${id}/src.relay.m3u8`, `#EXTM3U\n${lines.map((_, i) => `#EXTINF:6,\nsrc/${i}.ts\n`).join('')}#EXT-X-ENDLIST\n`]);
  }
  return zip(entries);
}

/** A presigned link as AWS shapes it, made at `now`. */
export function link(name, now, seconds = 600) {
  const date = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '');
  return `https://bucket.example/${name}?X-Amz-Date=${date}&X-Amz-Expires=${seconds}&X-Amz-Signature=none`;
}
