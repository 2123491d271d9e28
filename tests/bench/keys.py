"""From a key to the screen where there is much of something: files in the folder, reels in the library."""

import statistics

import library
from ground import Bench, StandIn
from wizard import DOWN, ENTER, KEYS, Wizard, percentile

FILES = 10_000
REELS = 3_000
BACKSPACE = "\x7f"


def measure(bench: Bench, _runs: int) -> None:
    in_a_large_folder(bench)
    in_a_large_library(bench)


def in_a_large_folder(bench: Bench) -> None:
    folder = bench.scratch("wizard")
    for number in range(FILES):
        (folder / f"clip-{number:05}.mp4").touch()
    wizard = Wizard(bench, folder)
    wizard.wait("the first frame", lambda text: "Publish a video" in text)
    wizard.keys(ENTER)
    wizard.wait("the folder is read", lambda text: "clip-00000" in text)
    say(f"in a folder of {FILES} files, a row down", moves(wizard))
    wizard.keys("/")
    wizard.wait("the filter is open", lambda text: "filter" in text.splitlines()[-3])
    times = []
    for _ in range(KEYS // 2):
        times.append(wizard.time_key("7", "fewer match", lambda text: "filter 7" in text))
        times.append(wizard.time_key(BACKSPACE, "all are shown", lambda text: "filter 7" not in text))
    say(f"in a folder of {FILES} files, a letter of the filter", times)
    wizard.kill()


def in_a_large_library(bench: Bench) -> None:
    folder = bench.scratch("wizard")
    library.fill(bench, folder, REELS, 1)
    with StandIn(bench, folder):
        wizard = Wizard(bench, folder)
        library.open_it(wizard)
        wizard.wait("the list is complete", library.is_complete, 120)
        say(f"in a library of {REELS} reels, a row down", moves(wizard))
        wizard.kill()


def moves(wizard: Wizard) -> list[float]:
    times = []
    for _ in range(KEYS):
        before = pointed_at(wizard.screen.text())
        times.append(wizard.time_key(DOWN, "the next row", lambda text: pointed_at(text) not in ("", before)))
    return times


def pointed_at(text: str) -> str:
    """The row of the list that the cursor is on."""
    return next((line[:46] for line in text.splitlines() if line.startswith(" ▌")), "")


def say(where: str, seconds: list[float]) -> None:
    times = [1000 * value for value in seconds]
    print(f"  {where}: median {statistics.median(times):.1f} ms, p99 {percentile(times, 0.99):.1f} ms", flush=True)
