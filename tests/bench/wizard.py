"""The wizard in a pseudo-terminal: time to its first frame, from a key to the screen, and the processor it takes."""

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import termios
import time
from pathlib import Path

from ground import Bench, Peak, StandIn

ROWS, COLUMNS = 30, 100
ENTER = "\r"
DOWN = "\x1b[B"
KEYS = 200
READ = 0.5


class Screen:
    """As much of a terminal as the wizard's own frames need: the cursor is set, text is written, areas are cleared."""

    SEQUENCE = re.compile(r"\x1b(?:\[([0-9;?]*)([A-Za-z])|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|_[^\x1b]*\x1b\\|[78=>])")

    def __init__(self):
        self.cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0
        self.rest = ""

    def write(self, text: str) -> None:
        text, at = self.rest + text, 0
        while at < len(text):
            if text[at] == "\x1b":
                found = self.SEQUENCE.match(text, at)
                if not found:
                    break
                self.obey(found.group(1) or "", found.group(2))
                at = found.end()
                continue
            if text[at] >= " " and self.row < ROWS and self.column < COLUMNS:
                self.cells[self.row][self.column] = text[at]
                self.column += 1
            at += 1
        # a sequence that is not whole yet waits for its end
        self.rest = text[at:]

    def obey(self, numbers: str, letter: str | None) -> None:
        values = [int(value) for value in numbers.split(";") if value.isdigit()]
        if letter == "H":
            self.row, self.column = (values + [1, 1])[0] - 1, (values + [1, 1])[1] - 1 if len(values) > 1 else 0
        elif letter == "J":
            self.cells = [[" "] * COLUMNS for _ in range(ROWS)]

    def text(self) -> str:
        return "\n".join("".join(row) for row in self.cells)


class Wizard:
    def __init__(self, bench: Bench, folder: Path, **environment: str):
        self.started = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.chdir(folder)
            os.execve(bench.zipreel, [str(bench.zipreel)], bench.environment(folder) | environment)
        self.screen = Screen()

    def wait(self, what: str, holds, seconds: float = 60) -> float:
        """Seconds until the screen holds; answers meanwhile, as every terminal does, that it is there."""
        start = time.monotonic()
        while not holds(self.screen.text()):
            if time.monotonic() - start > seconds or not self.read(0.2):
                if time.monotonic() - start > seconds:
                    raise SystemExit(f"waited in vain until {what}; the screen shows:\n{self.screen.text()}")
        return time.monotonic() - start

    def read(self, seconds: float) -> bool:
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        output = os.read(self.terminal, 65536)
        if b"\x1b[5n" in output:
            self.keys("\x1b[0n")
        self.screen.write(output.decode(errors="replace"))
        return True

    def keys(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def time_key(self, key: str, what: str, holds) -> float:
        self.keys(key)
        return self.wait(what, holds)

    def share_of_a_core(self, seconds: float) -> float:
        """While its output is read, as a terminal would."""
        before, end = processor_seconds(self.pid), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)
        return (processor_seconds(self.pid) - before) / seconds

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + 15
        while time.monotonic() < end and os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            try:
                self.read(0.1)
            except OSError:
                time.sleep(0.05)
        os.close(self.terminal)


def processor_seconds(pid: int) -> float:
    """Of the process alone, all its threads, without ffmpeg."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def measure(bench: Bench, _runs: int) -> None:
    print("wizard, 100 by 30")
    first_frames(bench)
    publishing(bench)


def first_frames(bench: Bench) -> None:
    folder, frames = bench.scratch("wizard"), []
    for _ in range(15):
        wizard = Wizard(bench, folder)
        wizard.wait("the first frame", lambda text: "Publish a video" in text)
        frames.append((time.monotonic() - wizard.started) * 1000)
        if len(frames) < 15:
            wizard.kill()
    print(f"  start to first frame: median {statistics.median(frames):.0f} ms, longest {max(frames):.0f} ms")
    # what the start still does in the background is over
    wizard.share_of_a_core(3)
    print(f"  idle: {100 * wizard.share_of_a_core(20):.2f} % of a core", flush=True)
    wizard.kill()


def publishing(bench: Bench) -> None:
    folder = bench.scratch("wizard")
    (folder / "clip.mkv").symlink_to(bench.video(450))
    with StandIn(bench, folder, "--faults", "uplink=100mbit"):
        wizard = Wizard(bench, folder, ZIPREEL_PARALLEL="8", ZIPREEL_CHUNK_MIB="16")
        peak = Peak(wizard.pid)
        for words in ("Publish a video", "ready: copied", "✔ not taken", "⏎ publish"):
            wizard.wait(f"`{words}`", lambda text, words=words: words in text)
            # what starts something counts once it was there long enough to be read
            wizard.share_of_a_core(READ)
            wizard.keys(ENTER)
        wizard.wait("uploads run", lambda text: "MiB/s" in text)
        share, times = wizard.share_of_a_core(4), []
        for _ in range(KEYS // 2):
            times.append(wizard.time_key("?", "the help opens", lambda text: "─ Keys ─" in text) * 1000)
            times.append(wizard.time_key("\x1bOP", "the help closes", lambda text: "─ Keys ─" not in text) * 1000)
        print(f"  while 8 uploads run at 100 Mbit/s: {100 * share:.0f} % of a core; key to screen: "
              f"median {statistics.median(times):.1f} ms, p99 {percentile(times, 0.99):.1f} ms; "
              f"peak memory {peak.mib:.1f} MiB", flush=True)
        wizard.kill()
        peak.end()
