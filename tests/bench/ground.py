"""What every measurement stands on: videos, a stand-in of its own, runs of zipreel that are watched from outside.

Knows nothing of what is measured. Nothing of the person who runs it is read or written: all folders are below one.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MIB = 1024 * 1024


class Bench:
    """The program under test, a folder to work in, and the clips in it."""

    def __init__(self, zipreel: Path, folder: Path, videos: Path):
        self.zipreel, self.folder, self.videos = zipreel, folder, videos

    def environment(self, folder: Path) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not re.match(r"AWS_|ZIPREEL_(?!FF)", name)}
        return own | {
            "HOME": str(folder / "home"),
            "XDG_CONFIG_HOME": str(folder / "home/config"),
            "ZIPREEL_DATA": str(folder / "data"),
            "ZIPREEL_STATE_DIR": str(folder / "state"),
            "ZIPREEL_WORK_DIR": str(folder / "work"),
            "ZIPREEL_PORT": "0",
            "TERM": "xterm-256color",
        }

    def scratch(self, name: str) -> Path:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "home").mkdir(parents=True)
        return folder

    def video(self, mib: int) -> Path:
        """720p of about so many MiB: the sample, copied end to end as often as that takes."""
        path = self.videos / f"{mib}-mib.mkv"
        if path.exists():
            return path
        sample = self.videos / "minute.mp4"
        subprocess.run([HERE.parent / "tools" / "sample", sample], check=True)
        loops = max(round(mib * MIB / sample.stat().st_size), 1) - 1
        part = path.with_suffix(".part")
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-stream_loop", str(loops), "-i", sample]
        subprocess.run([*command, "-c", "copy", "-f", "matroska", part], check=True)
        part.rename(path)
        return path


class StandIn:
    """`zipreel local` as a process of its own; its memory and time are not the publisher's."""

    def __init__(self, bench: Bench, folder: Path, *arguments: str):
        command = [bench.zipreel, "local", *arguments]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        note = folder / "data" / "running.json"
        self.process = subprocess.Popen(command, env=bench.environment(folder), **streams)
        wait_until(note.exists, "the stand-in listens")
        self.api = json.loads(note.read_text())["api"]
        keys = json.loads((folder / "data" / "keys.json").read_text())["caller"]
        self.access_key, self.secret_key = keys["id"], keys["secret"]

    def __enter__(self) -> "StandIn":
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait()


class Run:
    """One `zipreel publish --json`, timed from its start to its end, verification included."""

    def __init__(self, bench: Bench, folder: Path, video: Path, *arguments: str, until: str = "published"):
        """With `until` naming a job, the run is interrupted once that has succeeded."""
        command = [bench.zipreel, "publish", "--json", "--yes", *arguments, "--", video]
        self.started = time.monotonic()
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, env=bench.environment(folder), **pipes)
        self.peak = Peak(process.pid)
        self.events: list[tuple[float, dict]] = []
        for line in process.stdout:
            event = json.loads(line)
            self.events.append((time.monotonic() - self.started, event))
            if event["event"] == "job" and (event["job"], event["state"]) == (until, "succeeded"):
                process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        process.wait()
        self.seconds = time.monotonic() - self.started
        self.peak.end()
        last = self.events[-1][1] if self.events else {}
        ended = "published" if until == "published" else "cancelled"
        if last.get("event") != ended:
            raise SystemExit(f"zipreel did not publish {video}: {last}\n{errors}")

    def first(self, **wanted: object) -> float:
        """Seconds until the first event with these fields."""
        return next(at for at, event in self.events if wanted.items() <= event.items())

    def zipped_bytes(self) -> int:
        return sum(event["bytes"] for _, event in self.events if event["event"] == "chunk-packed")

    def most_at_once(self) -> int:
        """Uploads that ran side by side, at most."""
        now = most = 0
        for _, event in self.events:
            if event["event"] == "job" and event["job"].startswith("chunk "):
                now += (event["state"] == "started") - (event["state"] in ("succeeded", "failed", "cancelled"))
                most = max(most, now)
        return most


class Peak(threading.Thread):
    """Most memory that a process ever had resident: its own high-water mark, read until it ends."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid, self.kib, self.over = pid, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.02):
            self.kib = max(self.kib, self.read())

    def read(self) -> int:
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
            return int(next(re.finditer(r"VmHWM:\s+(\d+)", status)).group(1))
        except (OSError, StopIteration):
            # no Linux: what is resident now, often enough to meet the peak
            listed = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], stdout=subprocess.PIPE, text=True)
            return int(listed.stdout.strip() or 0)

    def end(self) -> None:
        self.over.set()
        self.join()

    @property
    def mib(self) -> float:
        return self.kib / 1024


def wait_until(holds, what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(0.005)


def timed(command: list, **options) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return time.monotonic() - start
