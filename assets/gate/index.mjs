// An index function's zip: what zipreel wrote is read, anything else is refused.

/** Beginnings of the names that CODECS has for sound. */
const SOUND = ['mp4a', 'Opus', 'fLaC', 'alac', 'ac-3', 'ec-3'];

/** Entries of a store-only zip by name. Strict: what is not laid out exactly as zipreel writes it is refused. */
export function readZip(zip) {
  const refuse = why => { throw new Error(`index zip: ${why}`); };
  const end = zip.length - 22;
  if (end < 0 || zip.readUInt32LE(end) !== 0x06054b50) refuse('no end record');
  const count = zip.readUInt16LE(end + 10), size = zip.readUInt32LE(end + 12), start = zip.readUInt32LE(end + 16);
  if (zip.readUInt32LE(end + 4) !== 0 || zip.readUInt16LE(end + 8) !== count || start + size !== end) refuse('end record');
  const files = new Map();
  let at = start, past = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || zip.readUInt32LE(at) !== 0x02014b50) refuse('central directory');
    const flags = zip.readUInt16LE(at + 8), method = zip.readUInt16LE(at + 10);
    const bytes = zip.readUInt32LE(at + 20), header = zip.readUInt32LE(at + 42);
    const nameBytes = zip.readUInt16LE(at + 28);
    const name = zip.toString('latin1', at + 46, at + 46 + nameBytes);
    if (flags & ~0x0800 || method !== 0 || zip.readUInt32LE(at + 24) !== bytes) refuse('an entry is not stored');
    if (!/^[a-z0-9./-]{1,64}$/.test(name) || files.has(name)) refuse('an entry name');
    if (header < past || header + 30 > start || zip.readUInt32LE(header) !== 0x04034b50) refuse('a local header');
    const data = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
    if (data + bytes > start) refuse('an entry reaches past the data');
    past = data + bytes;
    files.set(name, zip.subarray(data, past));
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  if (at !== end) refuse('central directory');
  return files;
}

/** index.json as an object, segments and pieces left out if that can be done: they are most of it, and only checks want them. */
function readJson(json) {
  const parts = [], find = (key, from) => ({ key, at: json.indexOf(key, from) });
  let from = 0, lists = ['"segments":[', '"pieces":['].map(key => find(key, 0));
  for (;;) {
    lists = lists.filter(({ at }) => at >= 0).sort((one, other) => one.at - other.at);
    if (from < 0 || !lists.length) break;
    const end = lists[0].at + lists[0].key.length;
    parts.push(json.toString('utf8', from, end));
    from = json.indexOf(']', end);
    lists = lists.map(list => list.at < from ? find(list.key, from) : list);
  }
  try {
    return JSON.parse(parts.join('') + json.toString('utf8', from));
  } catch {
    return JSON.parse(json.toString());
  }
}

/** The files moved to the front of the zip's memory, if it can be made smaller, and the rest of that given back. */
function compact(zip, files) {
  if (!zip.buffer.resizable) return files;
  let end = 0;
  const places = [...files].map(([name, { byteOffset, length }]) => {
    zip.copyWithin(end, byteOffset, byteOffset + length);
    return [name, (end += length) - length, length];
  });
  zip.buffer.resize(end);
  return new Map(places.map(([name, at, length]) => [name, Buffer.from(zip.buffer, at, length)]));
}

/** Width and height of the largest picture, if any rendition says its own. */
function largest(renditions) {
  const sizes = Object.values(renditions).map(({ resolution }) => resolution).filter(Array.isArray);
  const [size] = sizes.sort(([width, height], [otherWidth, otherHeight]) => otherWidth * otherHeight - width * height || otherWidth - width);
  return size && { width: Number(size[0]), height: Number(size[1]) };
}

/** In UTC and whole seconds; what is no moment is long over. */
function momentOf(text) {
  const time = Date.parse(text);
  return new Date(Number.isNaN(time) ? 0 : time).toISOString().replace(/\.\d{3}/, '');
}

/** Of index.json: an index of the second has subtitles or chapters. */
const FORMATS = [1, 2];

/** What the gate needs of an index function's zip, checked. The zip is used up. */
export function readIndex(reel, zip) {
  const files = readZip(zip), bytes = zip.length;
  const json = readJson(files.get('index.json') ?? Buffer.from('null'));
  if (!FORMATS.includes(json?.format) || json.reel !== reel) throw new Error(`index zip: not an index of ${reel} in format ${FORMATS.join(' or ')}`);
  files.delete('index.json');
  const generations = new Map();
  for (const generation of [json.current, ...(json.retired ?? [])]) {
    const until = generation === json.current ? Infinity : Date.parse(generation.until);
    const renditions = new Map();
    for (const [id, { container, chunks }] of Object.entries(generation.renditions)) {
      renditions.set(id, { container, chunks: new Map(chunks.map(({ number, sha256 }) => [number, sha256])) });
    }
    if (!generations.has(generation.generation)) generations.set(generation.generation, { until, renditions });
  }
  const { generation, duration_ms } = json.current;
  const isSound = ({ codecs }) => typeof codecs === 'string' && codecs.split(',').every(codec => SOUND.some(sound => codec.trim().startsWith(sound)));
  const kind = Object.values(json.current.renditions).every(isSound) ? 'sound' : 'video';
  const about = { title: String(json.title), kind, duration: Math.round(duration_ms / 1000), size: largest(json.current.renditions) };
  const track = String(json.current.chapters?.track);
  about.chapters = /^[a-z0-9]{1,4}-[0-9a-f]{8}$/.test(track) ? `${generation}/${track}.vtt` : '';
  const { segment, piece } = json.current.largest ?? {};
  // Seconds that a jump takes at most by each of the two playlists, at 20 Mbit/s.
  about.jumps = segment >= 0 && piece >= 0 ? [segment, piece].map(bytes => (Math.ceil(bytes / 250_000) / 10).toFixed(1)).join(' ') : '';
  about.published = momentOf(json.published);
  about.robots = json.robots === 'index' ? 'all' : 'noindex';
  return { ...about, current: generation, generations, files: compact(zip, files), bytes };
}
