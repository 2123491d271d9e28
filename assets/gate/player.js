// The player: one video element, and the reel that it shows. The watch page has it in itself; a <video> of another page
// loads it from the gate, by its hash. It gives up only what nobody can play: trouble of the network is waited out, with
// place, speed, volume and tracks kept, and what is loaded goes on playing meanwhile.
//
//   new ZipreelPlayer(video, { reel: 'https://…/name/', relay: true, start: 0 })
//
// It loads nothing before someone plays. States, told by the event `state`: idle, loading, playing, waiting (for data),
// reconnecting, stuck (reconnecting for so long that one may want to press a button), and failed, with a reason: absent,
// undecodable, unsupported, blocked.
'use strict';
(() => {
// Two ways to play. Native HLS follows the gate's redirects to a bucket that answers without CORS; hls.js reads the same
// segments through the relay, whose answers carry CORS.
const HLS_JS = 'https://cdn.jsdelivr.net/npm/hls.js@1.7.4/dist/hls.min.js';
const HLS_JS_INTEGRITY = 'sha384-p9vgU/7IYJWd3I4STrtqxqR/2cAQlhIX7D/HrTnIMEjjcUox165b7se7sxmm3zDg';

/** Seconds before the next attempt, by the number of failures; half of each is drawn at random. */
const WAITS = [1, 2, 4, 6];
/** Milliseconds of trouble after which someone may want to press a button, and after which attempts become rare. */
const LONG = 60_000, VERY_LONG = 15 * 60_000;
const RARELY = 30;
/** Milliseconds. No answer has begun: with the wait after it, that is found out and tried again within ten seconds. */
const FIRST_BYTE = 7000, WHOLE = 120_000, SCRIPT = 8000;
/** A server may ask for a longer wait than ours, in seconds. */
const RETRY_AFTER_MAX = 30;
/** Seconds that are loaded ahead: few until someone has watched for a while, since each byte costs the reel's owner. */
const AHEAD_FIRST = 20, AHEAD = 60, AHEAD_SAVING = 10, WATCHED = 60;
/** Milliseconds in which the decoder may fail so often before it is believed. */
const REPAIRS = 3, REPAIRS_WITHIN = 60_000;
/** Seconds without a byte and without a picture, after which what plays is begun anew. */
const IDLE = 20;
/** Seconds without a picture where there is one to show: a browser lost its way, and finds it by a small jump. */
const STUCK = 5;

const chromium = /Chrom(e|ium)\//.test(navigator.userAgent);
const later = ms => new Promise(done => setTimeout(done, ms));

/** A script of a CDN by its hash. */
async function script(src, integrity) {
  const element = Object.assign(document.createElement('script'), { src, integrity, crossOrigin: 'anonymous' });
  const loaded = new Promise((done, failed) => Object.assign(element, { onload: done, onerror: () => failed(new Error(src)) }));
  document.head.append(element);
  try { await Promise.race([loaded, later(SCRIPT).then(() => Promise.reject(new Error(src)))]); } catch (error) { element.remove(); throw error; }
}

function isLoaded({ buffered }, time) {
  return Array.from({ length: buffered.length }, (_, i) => i).some(i => buffered.start(i) <= time && time < buffered.end(i));
}

class Player extends EventTarget {
  state = 'idle';
  reason = '';
  hls = null;
  #wanted = false; // someone pressed play, and nobody pressed pause since
  #way = -1;
  #at; // where to go on
  #failures = 0;
  #since = 0; // of the trouble
  #attempt = null; // the timer of the next one
  #repairs = [];
  #absent = 0;
  #gap = null; // a piece that is not there, and is passed over when its time comes
  #watched = 0;
  #shown = { time: 0, at: 0 }; // the last picture
  #came = { bytes: 0, at: 0 }; // the last byte
  #nudges = 0;

  constructor(video, { reel, relay = true, start = 0 }) {
    super();
    Object.assign(this, { video, reel, start, runs: new Runs(video) });
    this.playlist = new URL('index.m3u8', reel).href;
    this.relayPlaylist = new URL('index.relay.m3u8', reel).href;
    this.#at = start;
    // Chromium says "maybe" for HLS too, then refuses byte ranges of a host without CORS: its word is not enough.
    const says = video.canPlayType('application/vnd.apple.mpegurl');
    const redirects = says && (/^Apple/.test(navigator.vendor) || /Android.*Firefox\//.test(navigator.userAgent));
    this.ways = redirects ? [() => this.#native(this.playlist)] : [];
    if (relay && (window.MediaSource || window.ManagedMediaSource)) this.ways.push(() => this.#viaHlsJs());
    if (relay && says && !redirects) this.ways.push(() => this.#native(this.relayPlaylist, 'anonymous'));
    if (!this.ways.length) return this.#fail('unsupported');
    this.#listen();
  }

  /** Starts what play starts, without a press of it. */
  begin() {
    if (this.#way >= 0 || this.state === 'failed') return;
    this.#at = this.video.currentTime || this.start;
    this.#next();
  }

  play() {
    this.#wanted = true;
    this.begin();
    this.video.play().catch(error => { if (error.name === 'NotAllowedError') this.#wanted = false; });
  }

  /** Now, and not after the wait. */
  tryAgain() {
    if (this.state === 'failed') {
      Object.assign(this, { state: 'idle', reason: '' });
      this.#way = -1;
      return this.#next();
    }
    this.#again();
  }

  #listen() {
    const { video } = this, on = (name, act) => video.addEventListener(name, act);
    on('play', () => { this.#wanted = true; this.begin(); });
    on('pause', () => { if (video.readyState) this.#wanted = false; });
    on('ratechange', () => { if (video.readyState) video.defaultPlaybackRate = video.playbackRate; });
    on('loadedmetadata', () => {
      if (!this.hls && this.#at && Math.abs(video.currentTime - this.#at) > 1) video.currentTime = this.#at;
      if (this.#wanted) this.play();
    });
    on('seeking', () => {
      this.#at = video.currentTime;
      if (!this.#gap) return;
      this.#gap = null;
      if (this.hls) this.hls.startLoad(this.#at);
    });
    on('timeupdate', () => this.#onTime());
    on('waiting', () => {
      this.#say(this.#attempt ? this.state : 'waiting');
      this.#overGap();
    });
    on('playing', () => this.#say(this.#attempt ? this.state : 'playing'));
    on('error', () => { if (!this.hls && this.#way >= 0) this.#onNativeError(); });
    addEventListener('online', () => this.#again());
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.#again(); });
    let ticked = Date.now();
    setInterval(() => {
      const slept = Date.now() - ticked > 20_000; // no timer ran: the machine was asleep, or the page was frozen
      ticked = Date.now();
      if (slept) this.#again();
      this.#watch(slept);
    }, 1000);
  }

  #say(state, reason = '') {
    if (this.state === 'failed' || (state === this.state && reason === this.reason)) return;
    Object.assign(this, { state, reason });
    this.dispatchEvent(new CustomEvent('state', { detail: { state, reason } }));
  }

  #fail(reason) {
    this.#calm();
    this.#close();
    this.#say('failed', reason);
  }

  #close() {
    if (this.hls) this.hls.destroy();
    this.hls = null;
  }

  /** The next way; what it can't play, none can. */
  #next(why = 'undecodable') {
    this.#repairs = [];
    if (++this.#way >= this.ways.length) return this.#fail(why);
    this.#renew();
  }

  /** What plays is begun anew, at its place. */
  #renew() {
    this.#close();
    this.#say('loading');
    this.ways[this.#way]();
  }

  // ---- time that passes ----

  #onTime() {
    const { video } = this, passed = video.currentTime - this.#shown.time;
    if (!video.readyState) return;
    if (passed > 0 && passed < 2) {
      this.#watched += passed;
      if (!video.seeking) this.#nudges = 0;
    }
    if (!video.seeking) this.#at = video.currentTime;
    if (passed) this.#shown = { time: video.currentTime, at: performance.now() };
    if (this.hls) Object.assign(this.hls.config, this.#ahead());
    this.#overGap();
    if (!this.#attempt && !video.paused && video.readyState > 2) this.#say('playing');
  }

  #ahead() {
    const saving = navigator.connection && navigator.connection.saveData;
    const seconds = saving ? AHEAD_SAVING : this.#watched < WATCHED ? AHEAD_FIRST : AHEAD;
    return { maxBufferLength: seconds, maxMaxBufferLength: seconds };
  }

  /** For what no event tells: a decoder or a connection that is dead after a sleep, and says nothing. */
  #watch(slept) {
    const { video, hls } = this, now = performance.now(), bytes = this.loading ? this.loading.stats.loaded : 0;
    if (bytes !== this.#came.bytes) this.#came = { bytes, at: now };
    if (slept || !this.#wanted || video.ended || this.#attempt || this.#way < 0 || this.state === 'failed') {
      this.#shown.at = this.#came.at = now;
      return;
    }
    const still = now - this.#shown.at;
    if (still > STUCK * 1000 && isLoaded(video, video.currentTime + .5)) return this.#nudge();
    if (Math.min(still, now - this.#came.at) < IDLE * 1000) return;
    this.#shown.at = this.#came.at = now;
    if (hls && hls.levels.length) return hls.startLoad(this.#at);
    this.#renew();
  }

  /** WebKitGTK now and then stands still after a jump over a small hole, with all that it needs. */
  #nudge() {
    this.#shown.at = performance.now();
    if (++this.#nudges > 2) {
      this.#nudges = 0;
      return this.#renew();
    }
    this.video.currentTime += .1;
  }

  // ---- trouble ----

  /** Waits and tries again: `act` is the attempt. `after`: seconds that the server asked for. */
  #trouble(act, after = 0) {
    if (this.#attempt) return;
    const now = performance.now();
    this.#since ||= now;
    const long = now - this.#since;
    const most = long > VERY_LONG ? RARELY : WAITS[Math.min(this.#failures++, WAITS.length - 1)];
    const seconds = Math.max(most * (1 + Math.random()) / 2, Math.min(after, RETRY_AFTER_MAX) * (1 + Math.random() / 8));
    const run = () => { clearTimeout(this.#attempt.timer); this.#attempt = null; act(); };
    this.#attempt = { run, timer: setTimeout(run, seconds * 1000) };
    this.#say(long > LONG ? 'stuck' : 'reconnecting');
  }

  #again() { if (this.#attempt) this.#attempt.run(); }

  /** All is well again. */
  #calm() {
    if (this.#attempt) clearTimeout(this.#attempt.timer);
    this.#attempt = null;
    const was = this.#since;
    [this.#failures, this.#since, this.#absent] = [0, 0, 0];
    if (was) this.#say(this.video.paused || this.video.readyState > 2 ? 'playing' : 'waiting');
  }

  /** What the gate says of a playlist now: 200, 404, 503 …, or 0. Native players tell no status. */
  async #ask(playlist) {
    try {
      const answer = await fetch(playlist, { cache: 'no-store', signal: AbortSignal.timeout && AbortSignal.timeout(FIRST_BYTE) });
      return { status: answer.status, after: +answer.headers.get('retry-after') || 0, text: answer.ok ? await answer.text() : '' };
    } catch { return { status: 0, after: 0, text: '' }; }
  }

  /** One instance of the gate may not know of it yet: absent is what is absent three times. */
  #absence(act) {
    if (++this.#absent < 3) return this.#trouble(act);
    this.#fail('absent');
  }

  // ---- the browser's own HLS ----

  #native(source, crossOrigin = null) {
    const { video } = this;
    this.source = source;
    video.crossOrigin = crossOrigin;
    video.src = source;
    if (this.#wanted) video.play().catch(() => {});
    video.addEventListener('loadeddata', () => this.#calm(), { once: true });
  }

  async #onNativeError() {
    const { source } = this, { status, after } = await this.#ask(source);
    if (source !== this.source || this.hls || this.state === 'failed') return;
    const anew = () => this.#renew();
    if (status === 404) return this.#absence(anew);
    if (status !== 200) return this.#trouble(anew, after);
    if (this.#repaired()) return this.#trouble(anew);
    this.#next();
  }

  /** Whether the decoder may be given another chance. */
  #repaired() {
    const now = performance.now();
    this.#repairs = [...this.#repairs.filter(time => now - time < REPAIRS_WITHIN), now];
    return this.#repairs.length <= REPAIRS;
  }

  // ---- hls.js through the relay ----

  async #viaHlsJs() {
    const { video } = this, way = this.#way;
    if (!video.currentSrc.startsWith('blob:')) video.removeAttribute('src');
    try {
      if (!window.Hls) await script(HLS_JS, HLS_JS_INTEGRITY);
    } catch {
      if (way !== this.#way || this.state === 'failed') return;
      const { status, after } = await this.#ask(this.relayPlaylist);
      // where playlists come and no script does, a network blocks it
      if (status === 200 && this.#failures > 1) return this.#next('blocked');
      return this.#trouble(() => this.#viaHlsJs(), after);
    }
    if (way !== this.#way || this.state === 'failed') return;
    if (!Hls.isSupported()) return this.#next('unsupported');
    const once = (first, whole) => ({ default: { maxTimeToFirstByteMs: first, maxLoadTimeMs: whole, timeoutRetry: null, errorRetry: null } });
    const { runs } = this;
    this.hls = new Hls({
      startPosition: this.#at || -1, backBufferLength: BACK_SECONDS, ...this.#ahead(),
      manifestLoadPolicy: once(FIRST_BYTE, WHOLE), playlistLoadPolicy: once(FIRST_BYTE, WHOLE), fragLoadPolicy: once(FIRST_BYTE, WHOLE),
      ...chromium && { bufferController: runs.bufferController() },
    });
    runs.follow(this.hls);
    this.hls.on(Hls.Events.ERROR, (_, error) => this.#onHlsError(error));
    this.hls.on(Hls.Events.BUFFER_APPENDED, () => runs.jumpAgain());
    this.hls.on(Hls.Events.FRAG_LOADING, (_, { frag }) => { this.loading = frag; });
    this.hls.on(Hls.Events.FRAG_LOADED, () => this.#calm());
    this.hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.dispatchEvent(new CustomEvent('levels'));
      if (this.#wanted) this.play();
    });
    this.hls.loadSource(this.relayPlaylist);
    this.hls.attachMedia(video);
  }

  #onHlsError(error) {
    const { hls } = this;
    if (!error.fatal || !hls) return;
    const { type, details, frag, response, networkDetails } = error, status = response ? response.code : 0;
    const header = networkDetails && networkDetails.getResponseHeader && networkDetails.getResponseHeader('retry-after');
    if (type === Hls.ErrorTypes.NETWORK_ERROR || details === Hls.ErrorDetails.MANIFEST_PARSING_ERROR) {
      const isManifest = /^manifest/.test(details), anew = () => { if (hls === this.hls) isManifest ? hls.loadSource(this.relayPlaylist) : hls.startLoad(this.#at); };
      if (details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) return this.#next();
      if (status === 404 && isManifest) return this.#absence(anew);
      if (status === 404) return this.#onAbsent(frag, anew);
      return this.#trouble(anew, +header || 0);
    }
    if (details === Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR || details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR) return this.#next();
    if (!this.#repaired()) return this.#next();
    if (this.#repairs.length > 1) return this.#renew();
    hls.recoverMediaError();
  }

  /** A piece is not there: asked for once more; then either the reel was replaced, or that piece is passed over. */
  async #onAbsent(frag, anew) {
    if (!this.#absent++) return this.#trouble(anew);
    const { hls } = this, { status, after, text } = await this.#ask(this.relayPlaylist);
    if (hls !== this.hls) return;
    if (status === 404) return this.#fail('absent');
    if (status !== 200) return this.#trouble(anew, after);
    const served = text.split('\n').find(line => line && !line.startsWith('#')), known = hls.levels.map(level => level.url[0]);
    if (served && !known.includes(new URL(served, this.relayPlaylist).href)) return this.#renew();
    this.#absent = 0;
    if (!frag) return this.#trouble(anew);
    this.#gap = { from: frag.start, to: frag.end };
    this.#overGap();
  }

  /** At a piece that is not there: on behind it. What is loaded before it is played first. */
  #overGap() {
    const { video, hls } = this, gap = this.#gap, now = video.currentTime || this.#at;
    if (!gap || !hls || now < gap.from - .4 && isLoaded(this.video, now + .4)) return;
    this.#gap = null;
    this.dispatchEvent(new CustomEvent('missing', { detail: gap }));
    if (gap.to > hls.latestLevelDetails?.totalduration - .2) return video.pause();
    this.#at = gap.to + .05;
    video.currentTime = this.#at;
    hls.startLoad(this.#at);
  }
}

// ---- Open GOPs in Chromium: keyframes that are no IDR pictures.
// Firefox and WebKit begin to decode at any keyframe. Chromium looks into the pictures and begins at IDR pictures only
// (148; later versions at recovery points too), and its decoder takes it for an error when a picture gives up a reference
// that it never had: a jump would wait forever and load all the rest meanwhile, or end in an error. So where a segment
// does not go on from the one before, its first picture is made a place to begin: a run begins.

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

// ---- a <video data-zipreel="https://…/name/"> of another page ----

window.ZipreelPlayer = Player;
for (const video of document.querySelectorAll('video[data-zipreel]')) {
  const reel = video.dataset.zipreel, player = new Player(video, { reel });
  video.removeAttribute('data-zipreel');
  const link = Object.assign(document.createElement('a'), { href: reel, textContent: video.getAttribute('aria-label') });
  if (player.state === 'failed') video.replaceWith(link);
  player.addEventListener('state', ({ detail }) => { if (detail.state === 'failed') video.replaceWith(link); });
  if (video.autoplay) player.play();
}
})();
