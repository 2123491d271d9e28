// One scenario in one browser, from its start to its end; the last line of output is what was seen, as JSON.

/** `scenarios` by name; `values` are the arguments, of which `browser` and `scenario` choose. */
export async function play(scenarios, values) {
  const { launch } = await import(`./${values.browser}.mjs`);
  const browser = await launch(values);
  try {
    const seen = await scenarios[values.scenario](browser);
    console.log(JSON.stringify({ player: browser.version, ...seen }));
  } finally {
    await browser.close();
  }
  process.exit(0);
}
