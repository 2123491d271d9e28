// Of the gate: gzip that is put together from parts.

import { constants, crc32, deflateRawSync } from 'node:zlib';

const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
const STORED_MOST = 0xffff;
const LAST_BLOCK = Buffer.from([1, 0, 0, 0xff, 0xff]);

/** Blocks of deflate (RFC 1951) that stand by themselves, wherever they are put. */
export const blocks = (text, level = 9) => deflateRawSync(text, { level, finishFlush: constants.Z_FULL_FLUSH });

/** The same, not compressed. */
function stored(bytes) {
  const made = [];
  for (let at = 0; at < bytes.length; at += STORED_MOST) {
    const part = bytes.subarray(at, at + STORED_MOST), head = Buffer.alloc(5);
    head.writeUInt16LE(part.length, 1);
    head.writeUInt16LE(part.length ^ 0xffff, 3);
    made.push(head, part);
  }
  return made;
}

/** A gzip file (RFC 1952) of `{ bytes, compressed }` in turn: what was compressed before is put in as it is. */
export function gzipOf(parts) {
  const made = [GZIP_HEAD];
  let sum = 0, length = 0;
  for (const { bytes, compressed } of parts) {
    made.push(...compressed ? [compressed] : stored(bytes));
    sum = crc32(bytes, sum);
    length += bytes.length;
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(sum, 0);
  tail.writeUInt32LE(length, 4);
  return Buffer.concat([...made, LAST_BLOCK, tail]);
}
