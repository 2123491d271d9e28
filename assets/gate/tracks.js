// Of the player: what the menus of a page with controls choose from, which is qualities, languages of the sound, captions
// and chapters; and what a viewer chose last, on any reel of this place.
(() => {
'use strict';

/** What is remembered in this browser; nothing in a frame without that right, or in a private window. */
const memory = {
  get(name) { try { return localStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { localStorage.setItem(name, value); } catch { /* then this page alone knows it */ } },
};

/** A list of hls.js in the shape that media-chrome reads. It is filled when the player says that hls.js has one. */
class Tracks extends EventTarget {
  list = [];
  constructor(player, filled) {
    super();
    this.player = player;
    player.addEventListener(filled, () => this.fill());
  }
  *[Symbol.iterator]() { yield* this.list; }
  get length() { return this.list.length; }
  say(event, more) { this.dispatchEvent(Object.assign(new Event(event), more)); }
}

/** The qualities, as the video element's `videoRenditions`. */
class Renditions extends Tracks {
  constructor(player) { super(player, 'levels'); }
  get selectedIndex() { return this.player.hls ? this.player.hls.manualLevel : -1; }
  set selectedIndex(at) {
    if (this.player.hls) this.player.hls.nextLevel = at;
    this.say('change');
  }
  fill() {
    const { levels } = this.player.hls;
    const rendition = ({ width, height, bitrate, frameRate, codecSet }, at) => ({ id: String(at), width, height, bitrate, frameRate, codec: codecSet });
    this.list = levels.length < 2 ? [] : levels.map(rendition);
    Object.assign(this, this.list);
    this.say('addrendition', { rendition: this.list[0] });
  }
}

/** Sound tracks, as `audioTracks` of a browser that has it. */
class Languages extends Tracks {
  constructor(player) {
    super(player, 'languages');
    player.language = memory.get(LANGUAGE);
    let followed;
    player.addEventListener('levels', () => {
      const { hls } = player;
      if (followed === hls) return;
      followed = hls;
      hls.on('hlsFragBuffered', (_, { frag }) => { if (frag.type === 'main') flushOther(hls); });
    });
  }
  fill() {
    const { player } = this, { hls } = player;
    this.list = hls.audioTracks.map(({ name, lang }, at) => ({
      id: String(at), kind: at ? 'alternative' : 'main', label: name, language: lang,
      get enabled() { return hls.audioTrack === at; },
      set enabled(on) {
        if (!on || hls.audioTrack === at) return;
        hls.audioTrack = at;
        flushOther(hls);
        player.language = lang;
        memory.set(LANGUAGE, lang);
      },
    }));
    for (const event of ['addtrack', 'change']) this.say(event, { track: this.list[0] });
  }
}
const LANGUAGE = 'zipreel:language';

/** Where there is no picture, hls.js takes the first language for the main stream, and plays on what it has of that though another is chosen. */
function flushOther(hls) {
  const track = hls.audioTracks[hls.audioTrack];
  const isOther = track && hls.levels.every(({ uri, videoCodec }) => !videoCodec && uri !== track.url);
  if (isOther) hls.trigger('hlsBufferFlushing', { startOffset: 0, endOffset: Infinity, type: 'audio' });
}

/** Captions and subtitles of a video element: shown where its viewer chose so, and above the controls. */
class Captions {
  #player;
  #video;
  /** `language|label`, empty for none, null where nobody chose. */
  #wish = memory.get(CAPTIONS);
  /** The time before which it is the browser that changes modes, not a person. */
  #settled = Infinity;
  constructor(player, video) {
    this.#player = player;
    this.#video = video;
    if (this.#wish) player.captions = this.#wished.language;
    video.textTracks.addEventListener('addtrack', ({ track }) => { if (isText(track)) this.#begin(track); });
    video.textTracks.addEventListener('change', () => { if (performance.now() >= this.#settled) this.#chosen(); });
    // Firefox takes tracks away when a page is left
    for (const leaving of ['beforeunload', 'pagehide']) addEventListener(leaving, () => { this.#settled = Infinity; });
  }
  get tracks() { return [...this.#video.textTracks].filter(isText); }
  get #wished() {
    const [language, label] = this.#wish.split('|');
    return { language, label };
  }
  #begin(track) {
    if (/Firefox\//.test(navigator.userAgent)) track.addEventListener('cuechange', () => [...track.activeCues || []].forEach(cue => this.#raise(cue)));
    this.#settled = performance.now() + 1500;
    if (this.#wish !== null) setTimeout(() => this.#showWished(), 100);
    else if (!this.#player.hls?.subtitleTracks.some(track => track.default)) {
      // a mode once given keeps Chromium from showing, unasked, what is in its own language
      track.mode = 'hidden';
      track.mode = 'disabled';
    }
  }
  #showWished() {
    const { language, label } = this.#wished, all = this.tracks;
    const wished = all.find(track => track.language === language && track.label === label);
    if (wished || !this.#wish) all.forEach(track => { track.mode = track === wished ? 'showing' : 'disabled'; });
  }
  #chosen() {
    const shown = this.tracks.find(({ mode }) => mode === 'showing');
    this.#wish = shown ? `${shown.language}|${shown.label}` : '';
    this.#player.captions = shown && shown.language;
    memory.set(CAPTIONS, this.#wish);
  }
  /** Above the controls, where no style sheet moves it. Lines count from below, each about a nineteenth of the picture. */
  #raise(cue) {
    if (cue.line !== 'auto') return;
    const controls = Math.min(Math.ceil(19 * 72 / this.#video.clientHeight), 5);
    cue.line = -cue.text.split('\n').length - controls;
  }
}
const CAPTIONS = 'zipreel:captions';
const isText = ({ kind }) => kind === 'subtitles' || kind === 'captions';

/** Chapters on the bar: a track of the video element, made anew after each playlist that hls.js loads. */
function showChapters(player, video, src) {
  let track;
  const show = () => {
    if (track) track.remove();
    track = Object.assign(document.createElement('track'), { kind: 'chapters', src, default: true });
    video.append(track);
  };
  player.addEventListener('levels', show);
  video.addEventListener('loadedmetadata', () => { if (!player.hls) show(); });
}

window.ZipreelTracks = { Renditions, Languages, Captions, showChapters };
})();
