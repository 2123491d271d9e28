// Of the player: open GOPs in Chromium, whose keyframes are no IDR pictures.
// Firefox and WebKit begin to decode at any keyframe. Chromium looks into the pictures and begins at IDR pictures only
// (148; later versions at recovery points too), and its decoder takes it for an error when a picture gives up a reference
// that it never had: a jump would wait forever and load all the rest meanwhile, or end in an error. So where a segment
// does not go on from the one before, its first picture is made a place to begin: a run begins.
(() => {
'use strict';
/** After so long a new run begins, where one can without a change to what pictures refer to. */
const RUN_SECONDS = 10;
/** A jump within what is loaded decodes from where its run begins; from farther away, loading anew is faster. */
const FAR_SECONDS = 30;
const BACK_SECONDS = 60;

class Runs {
  hls = null;
  #last = null;
  #starts = [];
  #open = false;
  #jump = null;

  constructor(video) {
    this.video = video;
    video.addEventListener('seeking', () => this.#onSeeking());
  }

  /** All begins anew with this one. */
  follow(hls) {
    this.hls = hls;
    [this.#last, this.#starts, this.#open, this.#jump] = [null, [], false, null];
  }

  /** hls.js's buffer controller, which sees each segment before it is appended; a class of the pinned version. */
  bufferController() {
    const runs = this;
    return class extends Hls.DefaultConfig.bufferController {
      onBufferAppending(event, chunk) {
        if (chunk.type === 'video' && isFragment(chunk.data)) runs.#settle(chunk.data, chunk.frag);
        super.onBufferAppending(event, chunk);
      }
      onBufferFlushing(event, range) {
        runs.#break(range.startOffset, range.endOffset);
        super.onBufferFlushing(event, range);
      }
      onMediaAttaching(...event) { runs.#break(0, Infinity); super.onMediaAttaching(...event); }
    };
  }

  /** These seconds go from the buffer. */
  #break(from, to) {
    if (to <= this.video.currentTime) return;
    this.#starts = this.#starts.filter(start => start < from - .2);
    if (this.#last && from < this.#last.end - .1) this.#last = null;
  }

  #runOf(time) { return Math.max(...this.#starts.filter(start => start <= time)); }

  #settle(data, { sn, level, start, end }) {
    const last = this.#last, goesOn = last && last.level === level && (sn === last.sn || sn === last.sn + 1);
    const group = openGroup(data);
    this.#last = { sn, level, end };
    if (!group) { this.#starts.push(start); return; }
    this.#open = true;
    const begins = !goesOn || start - this.#runOf(start) >= RUN_SECONDS && group.isRead && !group.changes.length;
    // The parameter set of the first picture, which the init section has too, becomes a second access unit delimiter. That leaves
    // Chromium undecided what the picture is, and the fragment's word counts: a keyframe.
    if (begins) {
      data[group.set] = 9;
      for (const [from, bits] of group.changes) write(data, from, bits);
      this.#starts.push(start);
    }
    // elsewhere no recovery point, so that no version begins there: it becomes filler
    for (const note of begins ? group.others : [...group.notes, ...group.others]) data[note] = 12;
    // what is taken away from a run takes away all of it
    if (end - this.#runOf(start) > BACK_SECONDS - RUN_SECONDS) this.hls.config.backBufferLength = Infinity;
  }

  #onSeeking() {
    const to = this.video.currentTime;
    if (!this.#open || to === this.#jump || !this.hls.media) return;
    this.#jump = null;
    if (!isLoaded(this.video, to)) { this.#last = null; return; }
    if (to - this.#runOf(to) < FAR_SECONDS) return;
    this.#jump = to;
    this.hls.currentLevel = this.hls.manualLevel; // empties the buffer; the segment comes from the browser's cache
  }

  /** Chromium had begun to decode what is gone, and does not look for what came instead unless asked again. */
  jumpAgain() {
    if (this.video.currentTime !== this.#jump) this.#jump = null; // it went on, or elsewhere
    if (this.#jump !== null && isLoaded(this.video, this.#jump)) this.video.currentTime = this.#jump;
  }
}

const wordAt = (data, at) => (data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]) >>> 0;
const isFragment = data => data.length > 16 && wordAt(data, 4) === 0x6d6f6f66; // "moof"

/**
 * Goes over the NAL units of a fragment (ITU-T H.264, 7.3.1; hls.js makes one moof and one mdat). Null if it begins with an
 * IDR picture; else where the first picture's parameter set and notes (SEI) are, those of other keyframes, and what has to
 * change so that a decoder can begin.
 */
function openGroup(data) {
  const group = { set: 0, notes: [], others: [], changes: [], isRead: true };
  let sequence, picture, set = 0, notes = [], kept = null, ended = false;
  for (let at = wordAt(data, 0) + 8; at + 5 <= data.length;) {
    const end = at + 4 + wordAt(data, at), header = data[at + 4], type = header & 31, bits = () => new Bits(data, at + 5, end);
    if (type === 9) [set, notes] = [0, []];
    if (type === 6) notes.push(at + 4);
    if (type === 7) { set = at + 4; sequence = attempt(() => sequenceParameters(bits())); }
    if (type === 8) picture = attempt(() => pictureParameters(bits()));
    if (type === 5 && !group.set) return null;
    if (type === 5) ended = true;
    if (type === 1) {
      if (!group.set && !set) return null; // no keyframe: nothing can begin
      if (!group.set) Object.assign(group, { set, notes });
      else if (set) group.others.push(...notes);
      const next = !ended && header & 0x60 && (sequence && picture && attempt(() => keep(bits(), sequence, picture, kept, group.changes)));
      if (next) kept = next;
      else if (!ended && header & 0x60) [group.isRead, ended] = [false, true];
      set = 0;
    }
    at = end;
  }
  return group.set ? group : null;
}

/** Null for a stream that uses more of H.264 than is read here: its references stay as they are. */
function attempt(read) { try { return read(); } catch (error) { if (error instanceof RangeError) return null; throw error; } }

/** Bits of a NAL unit, without emulation prevention bytes. */
class Bits {
  constructor(data, at, end) { Object.assign(this, { data, place: at * 8, end: end * 8 }); }
  u(count) {
    let value = 0;
    for (; count > 0; count--) {
      if (this.place >= this.end) throw new RangeError('the NAL unit ends');
      const { data, place } = this;
      value = value * 2 + (data[place >> 3] >> (7 - (place & 7)) & 1);
      this.place++;
      const next = this.place >> 3;
      if (!(this.place & 7) && data[next] === 3 && !data[next - 1] && !data[next - 2]) this.place += 8;
    }
    return value;
  }
  /** Exp-Golomb, unsigned; what is signed is as long. */
  ue() {
    let zeros = 0;
    while (!this.u(1)) if (++zeros > 31) throw new RangeError('no number');
    return 2 ** zeros - 1 + this.u(zeros);
  }
  skip(numbers) { while (numbers-- > 0) this.ue(); }
}

function sequenceParameters(bits) {
  const profile = bits.u(8);
  let chroma = 1, planes = 0;
  bits.u(16);
  bits.ue();
  if ([100, 110, 122, 244, 44, 83, 86, 118, 128].includes(profile)) {
    chroma = bits.ue();
    if (chroma === 3) planes = bits.u(1);
    bits.skip(2);
    bits.u(1);
    if (bits.u(1)) throw new RangeError('scaling lists');
  }
  const frameBits = bits.ue() + 4, order = bits.ue(), orderBits = order === 0 ? bits.ue() + 4 : 0;
  if (order === 1) throw new RangeError('picture order by cycles');
  const room = Math.max(bits.ue(), 1);
  bits.u(1);
  bits.skip(2);
  return { weighs: chroma && !planes, planes, frameBits, orderBits, room, fields: !bits.u(1) };
}

function pictureParameters(bits) {
  bits.skip(2);
  bits.u(1);
  const bottom = bits.u(1);
  if (bits.ue()) throw new RangeError('slice groups');
  const active = [bits.ue() + 1, bits.ue() + 1], weighted = bits.u(1), both = bits.u(2);
  bits.skip(3);
  bits.u(2);
  return { bottom, active, weighted, both, redundant: bits.u(1) };
}

/** "No long-term frames are kept", which is true anyway, in as many bits as what it takes the place of. */
const NOTHING = { 6: '001011', 8: '00101010', 10: '0010100100', 12: '001011001011', 14: '00101100101010' };

/**
 * Reads a slice's header (7.3.3) up to which reference frames it gives up, and follows which there are, newest first. `kept`: of the
 * picture, or slice, before. A decoder that begins here has stand-ins for the last frames before (8.2.5.2). What is to be
 * given up and isn't there becomes a stand-in, or nothing, in the same number of bits.
 */
function keep(bits, sequence, picture, kept, changes) {
  const modulus = 2 ** sequence.frameBits, first = bits.ue();
  const type = bits.ue() % 5, isB = type === 1, lists = type === 2 || type === 4 ? 0 : isB ? 2 : 1;
  bits.ue();
  if (sequence.planes) bits.u(2);
  const frame = bits.u(sequence.frameBits);
  if (sequence.fields && bits.u(1)) throw new RangeError('fields');
  bits.u(sequence.orderBits);
  if (sequence.orderBits && picture.bottom) bits.ue();
  if (picture.redundant) bits.ue();
  if (isB) bits.u(1);
  const active = lists && bits.u(1) ? [bits.ue() + 1, isB ? bits.ue() + 1 : 0] : picture.active;
  for (let list = 0; list < lists; list++) if (bits.u(1)) while (bits.ue() !== 3) bits.ue();
  if (isB ? picture.both === 1 : lists && picture.weighted) {
    bits.skip(sequence.weighs ? 2 : 1);
    for (let i = 0, count = active[0] + (isB ? active[1] : 0); i < count; i++) {
      if (bits.u(1)) bits.skip(2);
      if (sequence.weighs && bits.u(1)) bits.skip(4);
    }
  }
  const standIns = Array.from({ length: Math.min(frame, sequence.room) }, (_, i) => ({ frame: frame - 1 - i, standsIn: true }));
  // each slice of a picture gives up the same
  const before = !kept ? standIns : first ? kept.before : kept.after;
  let left = before;
  const back = other => (frame - other.frame - 1 + modulus) % modulus;
  if (!bits.u(1)) left = left.slice(0, sequence.room - 1);
  else for (;;) {
    const from = bits.place, operation = bits.ue();
    if (!operation) break;
    const value = operation === 5 ? 0 : bits.ue(), length = 2 * Math.floor(Math.log2(value + 1)) + 1;
    if (operation === 3) bits.ue();
    if (operation !== 1 || bits.place - from !== length + 3) continue;
    let given = left.find(other => back(other) === value);
    if (!given) {
      given = left.findLast(other => other.standsIn && (back(other) + 1).toString(2).length * 2 - 1 === length);
      changes.push([from, given ? '010' + (back(given) + 1).toString(2).padStart(length, '0') : NOTHING[length + 3] ?? '']);
    }
    left = left.filter(other => other !== given);
  }
  return { before, after: [{ frame }, ...left] };
}

function write(data, from, bits) {
  for (let i = 0; i < bits.length; i++) {
    const at = from + i >> 3, mask = 128 >> (from + i & 7);
    data[at] = bits[i] === '1' ? data[at] | mask : data[at] & ~mask;
  }
}

function isLoaded({ buffered }, time) {
  return Array.from({ length: buffered.length }, (_, i) => i).some(i => buffered.start(i) <= time && time < buffered.end(i));
}

window.ZipreelOpenGops = { Runs, BACK_SECONDS, isLoaded };
})();
