"""The library of a large account: 300 reels in 6,000 functions, listed 50 a page and shown as they come."""

import copy
import json
import re
import time
from pathlib import Path

from ground import Bench, Run, StandIn
from wizard import DOWN, ENTER, Wizard

REELS = 300
CHUNKS_EACH = 19


def fill(bench: Bench, folder: Path, reels: int, chunks_each: int) -> None:
    """Publishes one reel and multiplies its records: made one call at a time, they would take ten minutes."""
    with StandIn(bench, folder):
        Run(bench, folder, bench.video(45), "--name", "reel-000")
    functions = folder / "data" / "functions"
    index = json.loads((functions / "zipreel-reel-000-index.json").read_text())
    chunk = json.loads(next(functions.glob("zipreel-reel-000-*-src-0001.json")).read_text())
    for reel in range(reels):
        name = f"reel-{reel:03}"
        described = index["settings"]["description"].replace("reel-000", name)
        described = re.sub(r"\d+ chunks", f"{chunks_each} chunks", described)
        write(functions, index, f"zipreel-{name}-index", described)
        for number in range(1, chunks_each + 1):
            own = chunk["name"].replace("reel-000", name).replace("-0001", f"-{number:04}")
            described = chunk["settings"]["description"].replace("reel-000", name).replace(" 0001", f" {number:04}")
            write(functions, chunk, own, described)


def write(functions: Path, like: dict, name: str, description: str) -> None:
    function = copy.deepcopy(like) | {"name": name}
    function["settings"]["description"] = description
    (functions / f"{name}.json").write_text(json.dumps(function))


def open_it(wizard: Wizard) -> float:
    """When it was asked for."""
    wizard.wait("the first frame", lambda text: "Publish a video" in text)
    wizard.keys(DOWN)
    wizard.wait("the library is chosen", lambda text: "▌ Library" in text)
    start = time.monotonic()
    wizard.keys(ENTER)
    return start


def is_complete(text: str) -> bool:
    return "reel-000" in text and "looking…" not in text


def measure(bench: Bench, _runs: int) -> None:
    folder = bench.scratch("library")
    fill(bench, folder, REELS, CHUNKS_EACH)
    with StandIn(bench, folder):
        wizard = Wizard(bench, folder)
        start = open_it(wizard)
        wizard.wait("the first reel", lambda text: "reel-000" in text)
        first = time.monotonic() - start
        wizard.wait("the list is complete", is_complete)
        every = time.monotonic() - start
        wizard.kill()
    functions = REELS * (CHUNKS_EACH + 1)
    print(f"library of {REELS} reels, {functions} functions: first reel after {first:.2f} s, all after {every:.1f} s "
          f"({functions // 50} calls, 10 a second)", flush=True)
