// The player: one video element, and the reel that it shows. The watch page has it in itself, behind libraries.js,
// open-gops.js and tracks.js; a <video> of another page loads the four as one from the gate, by their hash. It gives up only what nobody can
// play: trouble of the network is waited out, with place, speed, volume and tracks kept, and what is loaded goes on playing
// meanwhile.
//
//   new ZipreelPlayer(video, { reel: 'https://…/name/', relay: true, whole: false, start: 0 })
//
// `whole`: there is a CDN, from which a browser's own HLS gets whole segments without a redirect, too, as Apple asks. `libraries`:
// base URL of a gate that has hls.js, too, or empty.
// It loads nothing before someone plays. States, told by the event `state`: idle, loading, playing, waiting (for data),
// reconnecting, stuck (reconnecting for so long that one may want to press a button), and failed, with a reason: absent,
// undecodable, unsupported, blocked, ceiling (the relay sent as much this month as it may; `anew` says when it goes on).
(() => {
'use strict';
const { Runs, BACK_SECONDS, isLoaded } = window.ZipreelOpenGops;

// Two ways to play. Native HLS follows the gate's redirects to a bucket that answers without CORS; hls.js reads the same
// segments through the relay, whose answers carry CORS.
const HLS_JS = 'https://cdn.jsdelivr.net/npm/hls.js@1.7.4/dist/hls.min.js';
const HLS_JS_INTEGRITY = 'sha384-p9vgU/7IYJWd3I4STrtqxqR/2cAQlhIX7D/HrTnIMEjjcUox165b7se7sxmm3zDg';

/** Seconds before the next attempt, by the number of failures; half of each is drawn at random. */
const WAITS = [1, 2, 3, 4];
/** Of these, how many count after an attempt that nobody answered, which was a wait already. */
const WAITS_AFTER_SILENCE = 2;
/** Milliseconds of trouble after which someone may want to press a button, and after which attempts become rare. */
const LONG = 60_000, VERY_LONG = 15 * 60_000;
const RARELY = 30;
/** Milliseconds until an answer has begun. The gate answers within eight seconds, if only that it is busy. Of a segment, silence is
 *  found out and tried again within seven. */
const PLAYLIST_BEGINS = 9000, SEGMENT_BEGINS = 5000, WHOLE = 120_000, SCRIPT = 6000;
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

class Player extends EventTarget {
  state = 'idle';
  reason = '';
  hls = null;
  captions = null; // the language in which they are wished for
  language = null; // of the sound that was chosen
  anew = ''; // the day on which the relay goes on, beyond its ceiling
  #wanted = false; // someone pressed play, and nobody pressed pause since
  #way = -1;
  #at; // where to go on
  #failures = 0;
  #since = 0; // of the trouble
  #attempt = null; // the timer of the next one
  #repairs = [];
  #absent = 0;
  #scriptless = 0; // times in a row in which a playlist came and the script did not
  #gap = null; // a piece that is not there, and is passed over when its time comes
  #watched = 0;
  #shown = { time: 0, at: 0 }; // the last picture
  #came = { bytes: 0, at: 0 }; // the last byte
  #nudges = 0;
  #idles = 0; // one after the other

  constructor(video, { reel, relay = true, whole = false, libraries = '', start = 0 }) {
    super();
    Object.assign(this, { video, reel, start, whole, libraries, runs: new Runs(video) });
    this.playlist = new URL('index.m3u8', reel).href;
    this.relayPlaylist = new URL('index.relay.m3u8', reel).href;
    this.#at = start;
    // Chromium says "maybe" for HLS too, then refuses byte ranges of a host without CORS: its word is not enough.
    const says = video.canPlayType('application/vnd.apple.mpegurl');
    const redirects = says && (/^Apple/.test(navigator.vendor) || /Android.*Firefox\//.test(navigator.userAgent));
    this.ways = redirects ? [() => this.#native(this.whole ? this.relayPlaylist : this.playlist)] : [];
    if (relay && (window.MediaSource || window.ManagedMediaSource)) this.beginsWithHlsJs = this.ways.push(() => this.#viaHlsJs()) === 1;
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

  /** What play needs beside the video: for a page that is there to be watched, as soon as it has nothing else to do. */
  async prepare() { try { if (this.beginsWithHlsJs) await this.#hlsJs(); } catch { /* it is tried again when someone plays */ } }

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
      this.anew = '';
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
      this.#atCeiling();
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
    if (passed) [this.#shown, this.#idles] = [{ time: video.currentTime, at: performance.now() }, 0];
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
    if (this.anew) return this.#atCeiling();
    if (slept || !this.#wanted || video.ended || this.#attempt || this.#way < 0 || this.state === 'failed') {
      this.#shown.at = this.#came.at = now;
      return;
    }
    const still = now - this.#shown.at;
    if (still > STUCK * 1000 && isLoaded(video, video.currentTime + .5)) return this.#nudge();
    if (Math.min(still, now - this.#came.at) < IDLE * 1000) return;
    this.#shown.at = this.#came.at = now;
    // where that has not helped, nothing less than a new one does: at the end it may be all loaded, and not told so
    if (hls && hls.levels.length && !this.#idles++) return hls.startLoad(this.#at);
    this.#idles = 0;
    // from the very end hls.js would begin at the beginning
    if (video.duration) this.#at = Math.max(0, Math.min(this.#at, video.duration - 1));
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

  /** Waits and tries again: `act` is the attempt. `after`: seconds that the server asked for; `silent`: nobody answered. */
  #trouble(act, { status = 0, after = 0, silent = false } = {}) {
    if (status === 429 && after) return this.#beyondCeiling(after);
    if (this.#attempt) return;
    const now = performance.now();
    this.#since ||= now;
    const long = now - this.#since;
    const waits = silent ? WAITS_AFTER_SILENCE : WAITS.length;
    const most = long > VERY_LONG ? RARELY : WAITS[Math.min(this.#failures++, waits - 1)];
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
      const answer = await fetch(playlist, { cache: 'no-store', signal: AbortSignal.timeout && AbortSignal.timeout(PLAYLIST_BEGINS) });
      return { status: answer.status, after: +answer.headers.get('retry-after') || 0, silent: false, text: answer.ok ? await answer.text() : '' };
    } catch (error) { return { status: 0, after: 0, silent: error.name === 'TimeoutError', text: '' }; }
  }

  /** The relay sent as much this month as it may, and goes on after so many seconds. What is loaded is played. AWS itself says 429,
   *  too, where too many ask at once, but not until when. */
  #beyondCeiling(after) {
    if (this.hls) this.hls.stopLoad();
    else if (this.whole && this.source) {
      // who follows redirects by itself needs no relay
      this.whole = false;
      return this.#renew();
    }
    // a clock that is hours off names the same day
    const day = new Date(Date.now() + (after + 12 * 3600) * 1000);
    this.anew = day.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' });
    this.#atCeiling();
  }

  #atCeiling() {
    const { video } = this;
    if (this.anew && !isLoaded(video, (video.currentTime || this.#at) + .5)) this.#fail('ceiling');
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
    const { source } = this, answer = await this.#ask(source), { status } = answer;
    if (source !== this.source || this.hls || this.state === 'failed') return;
    const anew = () => this.#renew();
    if (status === 404) return this.#absence(anew);
    if (status !== 200) return this.#trouble(anew, answer);
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

  /** As whole as it is, or as it comes. */
  #hlsJs() {
    const { script: coming } = this;
    return window.Hls ? null : coming ?? (this.script = ZipreelLibraries.load(HLS_JS, HLS_JS_INTEGRITY, { host: this.libraries, patience: SCRIPT }).finally(() => { this.script = null; }));
  }

  async #viaHlsJs() {
    const { video } = this, way = this.#way;
    if (!video.currentSrc.startsWith('blob:')) video.removeAttribute('src');
    try {
      await this.#hlsJs();
    } catch {
      if (way !== this.#way || this.state === 'failed') return;
      const answer = await this.#ask(this.relayPlaylist);
      // where playlists come and no script does, again and again, a network blocks it
      this.#scriptless = answer.status === 200 ? this.#scriptless + 1 : 0;
      if (this.#scriptless > 2) return this.#next('blocked');
      return this.#trouble(() => this.#viaHlsJs(), answer);
    }
    if (way !== this.#way || this.state === 'failed') return;
    if (!Hls.isSupported()) return this.#next('unsupported');
    const once = (first, whole) => ({ default: { maxTimeToFirstByteMs: first, maxLoadTimeMs: whole, timeoutRetry: null, errorRetry: null } });
    const { runs } = this;
    this.hls = new Hls({
      startPosition: this.#at || -1, backBufferLength: BACK_SECONDS, ...this.#ahead(),
      manifestLoadPolicy: once(PLAYLIST_BEGINS, WHOLE), playlistLoadPolicy: once(PLAYLIST_BEGINS, WHOLE), fragLoadPolicy: once(SEGMENT_BEGINS, WHOLE),
      ...this.language && { audioPreference: { lang: this.language } },
      ...this.captions && { subtitlePreference: { lang: this.captions } },
      ...chromium && { bufferController: runs.bufferController() },
    });
    runs.follow(this.hls);
    this.hls.on(Hls.Events.ERROR, (_, error) => this.#onHlsError(error));
    this.hls.on(Hls.Events.BUFFER_APPENDED, () => runs.jumpAgain());
    this.hls.on(Hls.Events.FRAG_LOADING, (_, { frag }) => { this.loading = frag; });
    this.hls.on(Hls.Events.FRAG_LOADED, () => this.#calm());
    for (const event of ['AUDIO_TRACKS_UPDATED', 'AUDIO_TRACK_SWITCHED']) this.hls.on(Hls.Events[event], () => this.dispatchEvent(new CustomEvent('languages')));
    this.hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.dispatchEvent(new CustomEvent('levels'));
      if (this.#wanted) this.play();
    });
    this.hls.loadSource(this.relayPlaylist);
    this.hls.attachMedia(video);
  }

  #onHlsError(error) {
    const { hls } = this, { networkDetails } = error;
    if (!hls || this.anew) return;
    const header = networkDetails && networkDetails.getResponseHeader && networkDetails.getResponseHeader('retry-after');
    // hls.js would try another quality first
    if (error.response && error.response.code === 429 && +header) return this.#beyondCeiling(+header);
    if (!error.fatal) return;
    // a film without its captions is better than none
    if (/^subtitle/.test(error.details) || error.frag && error.frag.type === 'subtitle') {
      hls.subtitleTrack = -1;
      return hls.startLoad(this.#at);
    }
    const { type, details, frag, response } = error, status = response ? response.code : 0;
    // a browser whose own HLS has other decoders than this was asked for that first
    if (details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) return this.#fail('undecodable');
    if (type === Hls.ErrorTypes.NETWORK_ERROR || details === Hls.ErrorDetails.MANIFEST_PARSING_ERROR) {
      const isManifest = /^manifest/.test(details), anew = () => { if (hls === this.hls) isManifest ? hls.loadSource(this.relayPlaylist) : hls.startLoad(this.#at); };
      if (status === 404 && isManifest) return this.#absence(anew);
      if (status === 404) return this.#onAbsent(frag, anew);
      const silent = /TimeOut$/.test(details) && !(frag && frag.stats.loading.first);
      return this.#trouble(anew, { after: +header || 0, silent });
    }
    if (details === Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR || details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR) return this.#next();
    if (!this.#repaired()) return this.#next();
    if (this.#repairs.length > 1) return this.#renew();
    hls.recoverMediaError();
  }

  /** A piece is not there: asked for once more; then either the reel was replaced, or that piece is passed over. */
  async #onAbsent(frag, anew) {
    if (!this.#absent++) return this.#trouble(anew);
    const { hls } = this, answer = await this.#ask(this.relayPlaylist), { status, text } = answer;
    if (hls !== this.hls) return;
    if (status === 404) return this.#fail('absent');
    if (status !== 200) return this.#trouble(anew, answer);
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

// ---- what menus choose from, in the form that media-chrome asks for ----

// ---- a <video data-zipreel="https://…/name/"> of another page ----

/** What stands in the place of such a video beyond the ceiling. */
function sentence({ video, playlist, anew }) {
  const words = document.createElement('p'), link = Object.assign(document.createElement('a'), { href: playlist, textContent: playlist });
  words.style.cssText = `${video.style.cssText}; box-sizing: border-box; margin: 0; padding: 1rem; display: grid; place-content: center; text-align: center; color: #fff; font: 1rem/1.5 system-ui, sans-serif`;
  link.style.cssText = 'color: inherit; overflow-wrap: anywhere';
  words.append(`This month’s allowance for playing in browsers is used up. It begins anew on ${anew}. Players go on:`, link);
  return words;
}

window.ZipreelPlayer = Player;
for (const video of document.querySelectorAll('video[data-zipreel]')) {
  const reel = video.dataset.zipreel, player = new Player(video, { reel });
  video.removeAttribute('data-zipreel');
  const link = Object.assign(document.createElement('a'), { href: reel, textContent: video.getAttribute('aria-label') });
  if (player.state === 'failed') video.replaceWith(link);
  player.addEventListener('state', ({ detail }) => { if (detail.state === 'failed') video.replaceWith(player.anew ? sentence(player) : link); });
  if (video.autoplay) player.play();
}
})();
