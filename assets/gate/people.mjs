// Of the gate: what people see of a 404 or a 503, who come with a browser. Players and scripts get a word of text, or nothing.

import { sha256 } from './sign.mjs';

const STYLE = 'body{margin:0;min-height:100svh;display:grid;place-content:center;text-align:center;font:16px/1.5 system-ui,sans-serif;background:#faf9f7;color:#1b1a18}'
  + 'h1{margin:0;font-size:1.65rem;line-height:1.25}p{margin:.5rem 1.25rem;color:#6b665e}@media (prefers-color-scheme:dark){body{background:#0e0d0c;color:#f3f0ec}p{color:#a09a90}}';
const WORDS = {
  404: ['There is nothing here', 'The link may be mistyped, or what it led to is no longer published.'],
  503: ['One moment', 'Too much is asked of this place right now. This page tries again by itself.'],
};
const POLICY = `default-src 'none'; style-src 'sha256-${sha256(STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors *`;

/** A browser that goes to a page names its type; `*\/*` names none. */
const isPerson = accept => /(^|[\s,])text\/html($|[\s,;])/i.test(accept ?? '');

/** The refusal as a page for whoever can read one: by what is accepted, or by the path where that is all that is known, since
 *  what people open ends in a slash and what players and scripts ask for does not. */
export function forPeople({ status, headers, body }, { accept, path }) {
  const varied = path === undefined ? { ...headers, vary: 'accept' } : headers;
  if (!(path?.endsWith('/') ?? isPerson(accept))) return { status, headers: varied, body };
  const [title, text] = WORDS[status];
  const again = headers['retry-after'] && `<meta http-equiv="refresh" content="${headers['retry-after']}">`;
  const html = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    + `<meta name="robots" content="noindex">${again ?? ''}<title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1><p>${text}</p></main></body></html>\n`;
  const page = { 'content-type': 'text/html; charset=utf-8', 'content-length': String(Buffer.byteLength(html)), 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' };
  return { status, headers: { ...varied, ...page }, body: html };
}
