// Reads playlists with hls.js's own parser, the one that runs in browsers:
//
//   node parse.mjs PACKAGES < playlists.json
//
// PACKAGES is the folder with node_modules; the input is a list of { url, text }. Prints a list with { error },
// { variants } or { segments } for each.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// what a browser calls its global object
globalThis.self = globalThis;
const { M3U8Parser, PlaylistLevelType } = await import(pathToFileURL(join(process.argv[2], 'node_modules/hls.js/dist/hls.mjs')));

function parse({ url, text }) {
  if (!M3U8Parser.isMediaPlaylist(text)) {
    const { levels, playlistParsingError: error } = M3U8Parser.parseMasterPlaylist(text, url);
    if (error) return { error: error.message };
    return { variants: levels.map(({ url, bitrate }) => ({ url, bandwidth: bitrate })) };
  }
  const details = M3U8Parser.parseLevelPlaylist(text, url, 0, PlaylistLevelType.MAIN, 0, null);
  if (details.playlistParsingError) return { error: details.playlistParsingError.message };
  const segments = details.fragments.map(({ url, duration, byteRange: [first, end] }) => ({
    url, seconds: duration, range: first === undefined ? null : [first, end - first],
  }));
  return { segments, target: details.targetduration, ended: !details.live };
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(parse)));
