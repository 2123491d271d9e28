// What page and player take from others: scripts, each by its address and its hash. Behind a CDN the gate has them too, so that a
// browser asks one host alone; where that does not answer, the address is asked.
//
//   await ZipreelLibraries.load(HLS_JS, HLS_JS_INTEGRITY, { host: 'https://cdn.example/' })
(() => {
'use strict';
/** Milliseconds until the address is asked as well as the host. */
const PATIENCE = 6000;

/** What the gate calls it, by the first four bytes of its hash. */
function nameOf(integrity) {
  const bytes = [...atob(integrity.slice('sha384-'.length)).slice(0, 4)];
  return `library-${bytes.map(byte => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')}.js`;
}

const script = (src, integrity) => new Promise((done, failed) => {
  const element = Object.assign(document.createElement('script'), { src, integrity, crossOrigin: 'anonymous', onload: done });
  element.onerror = () => { element.remove(); failed(new Error(src)); };
  document.head.append(element);
});

const late = (ms, src) => new Promise((_, failed) => setTimeout(() => failed(new Error(src)), ms));

/** `host`: base URL of a gate behind a CDN, or empty; `patience`: milliseconds after which nobody waits any more, if not for ever.
 *  A script that was asked for comes, however late: whichever comes first is what was waited for. */
async function load(address, integrity, { host = '', patience = 0 } = {}) {
  const asked = [];
  if (host) {
    asked.push(script(new URL(nameOf(integrity), host).href, integrity));
    try { return await Promise.race([asked[0], late(PATIENCE, host)]); } catch { /* where it is published there is another */ }
  }
  asked.push(script(address, integrity));
  return Promise.race([Promise.any(asked), ...patience ? [late(patience, address)] : []]);
}

window.ZipreelLibraries = { load };
})();
