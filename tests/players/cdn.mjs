// What the watch page takes from its CDN, out of the npm packages of the same versions: the page's integrity checks stay on.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = ['hls.js/dist/hls.min.js', 'media-chrome/dist/iife/all.js', 'qrcode-generator/dist/qrcode.js'];

/** A function that gives the file at an address (`…/npm/<package>@<version>/<path>`), or nothing. */
export function playCdn(packages) {
  const kept = new Map(FILES.map(file => [file, readFileSync(join(packages, 'node_modules', file))]));
  return url => {
    const [, name, path] = /\/npm\/([^/@]+)@[^/]+\/(.+)$/.exec(url) ?? [];
    return kept.get(`${name}/${path}`);
  };
}
