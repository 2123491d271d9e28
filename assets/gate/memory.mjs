// Of gate and relay: how they stay within their memory.
//
// Lambda ends an instance that takes more than its memory, and Node.js has half of that before the first request. An index
// may be 12 MiB, and what lies outside V8's heap neither makes V8 collect nor goes back to the system when malloc gets it:
// so indexes lie in pages of their own, which do go back, and garbage is collected here where much of it arises.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export let collect = () => {};

/** Garbage of this size is worth collecting. */
export const MUCH = 1 << 20;

/** Only in Lambda's function: these flags are the whole process's. */
export function keepSmall() {
  setFlagsFromString('--expose-gc');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-opt'); // it may take 15 MiB while it compiles, and this code waits for others most of the time
  collect = runInNewContext('gc');
}

/** Memory that can be made smaller, and is then given back at once. */
export const pages = bytes => Buffer.from(new ArrayBuffer(bytes, { maxByteLength: bytes }));
