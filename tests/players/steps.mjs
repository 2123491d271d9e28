// What every scenario of the watch page does: waits, plays, looks at the state.

import assert from 'node:assert/strict';

/** For one step; a browser on a busy machine without a GPU is slow. */
export const PATIENCE = 60_000;

export const state = page => page.evaluate(() => {
  const { currentTime, duration, paused, ended, readyState, volume, muted, playbackRate, error, buffered, played } = document.querySelector('video');
  const list = of => Array.from({ length: of.length }, (_, at) => [of.start(at), of.end(at)]);
  return { currentTime, duration, paused, ended, readyState, volume, muted, playbackRate, error: error && error.message, loaded: list(buffered), played: list(played) };
});

/** One stretch from the start to this time, within a frame or two. */
export function isWhole(what, found, seconds) {
  assert(found.length === 1 && found[0][0] < 0.3 && Math.abs(found[0][1] - seconds) < 0.3, `${what}: ${JSON.stringify(found)} of ${seconds} s`);
}

/** In the page: whether the browser holds all from one time to another. */
export const isLoaded = (video, from, to) => {
  const { buffered } = video;
  return Array.from({ length: buffered.length }, (_, at) => at).some(at => buffered.start(at) <= from && buffered.end(at) >= to);
};

/** What the page says is wrong; a page of others says nothing. */
export const trouble = page => page.evaluate(() => {
  const trouble = document.getElementById('trouble');
  return !trouble || trouble.hidden ? '' : trouble.innerText;
});

/** Asks again and again from outside: the page's policy lets nothing be evaluated inside. */
export async function until(opened, expression) {
  const over = Date.now() + PATIENCE;
  const { page, said } = opened;
  while (!await page.evaluate(`(video => ${expression})(document.querySelector('video'))`)) {
    if (Date.now() > over) assert.fail(`never: ${expression}; ${JSON.stringify(await state(page))}; ${await trouble(page)}; ${said.join('; ')}`);
    await new Promise(done => setTimeout(done, 50));
  }
}

/** The colours of a few points of the picture that is shown: other at another time, never all black. */
export const pictureOf = page => page.evaluate(() => {
  const video = document.querySelector('video'), canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [16, 9];
  const drawing = canvas.getContext('2d');
  drawing.drawImage(video, 0, 0, 16, 9);
  return Array.from(drawing.getImageData(0, 0, 16, 9).data).join();
});

export const segmentsLoaded = page => page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => /\/\d+\.(ts|mp4)$/.test(name)).length);

/** The page stands, with its poster and its controls; nothing of the video is loaded. */
export async function stands(opened) {
  await until(opened, 'document.querySelector("media-controller:defined") && video.readyState === 0 && video.paused');
  assert.equal(await segmentsLoaded(opened.page), 0, 'nothing is loaded before someone plays');
}

/** Plays from this time on, wherever it was before. */
export async function goesOn(opened, from) {
  if ((await state(opened.page)).paused) await opened.page.keyboard.press(' ');
  await until(opened, `video.currentTime >= ${from} && !video.seeking && video.readyState >= 2`);
  await playsOn(opened, from, 2);
}

export async function playsOn(opened, from, seconds) {
  await until(opened, `video.currentTime > ${from + seconds} && (!video.paused || video.ended)`);
}

/** What comes next may take its time on a busy machine: nothing plays to its end meanwhile. */
export async function standsStill(opened) {
  await opened.page.keyboard.press(' ');
  await until(opened, 'video.paused && !video.ended');
}

/** Jumps by a digit's key while it stands still, and plays on from there. */
export async function playsFrom(opened, tenth, seconds = 2) {
  const { page } = opened, to = (await state(page)).duration * tenth / 10;
  await page.keyboard.press(`${tenth}`);
  await until(opened, `video.paused && Math.abs(video.currentTime - ${to}) < 0.5 && !video.seeking && video.readyState >= 2`);
  await page.keyboard.press(' ');
  await playsOn(opened, to, seconds);
}
