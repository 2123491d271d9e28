// What page and player take from others: scripts, each by its address and its hash. Behind a CDN the gate has them too, so that a
// browser asks one host alone; where that does not answer, the address is asked.
//
//   await ZipreelLibraries.load(HLS_JS, HLS_JS_INTEGRITY, 'https://cdn.example/')
(() => {
'use strict';
/** Milliseconds until a script has come. */
const PATIENCE = 6000;

/** What the gate calls it, by the first four bytes of its hash. */
function nameOf(integrity) {
  const bytes = [...atob(integrity.slice('sha384-'.length)).slice(0, 4)];
  return `library-${bytes.map(byte => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')}.js`;
}

async function script(src, integrity) {
  const element = Object.assign(document.createElement('script'), { src, integrity, crossOrigin: 'anonymous' });
  const failure = () => new Error(src);
  const loaded = new Promise((done, failed) => Object.assign(element, { onload: done, onerror: () => failed(failure()) }));
  const late = new Promise((_, failed) => setTimeout(() => failed(failure()), PATIENCE));
  document.head.append(element);
  try { await Promise.race([loaded, late]); } catch (error) { element.remove(); throw error; }
}

/** `host`: base URL of a gate that is asked first, or empty. */
async function load(address, integrity, host) {
  if (host) try { return await script(new URL(nameOf(integrity), host).href, integrity); } catch { /* where it is published there is another */ }
  return script(address, integrity);
}

window.ZipreelLibraries = { load };
})();
