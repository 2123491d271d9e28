"""Whole runs against the recipe of 2019, step for step, and against the floor: what ffmpeg and the uplink alone take.

The recipe: ffmpeg's segment muxer, `zip -0`, one `aws lambda create-function` after another, offsets looked up in the
zips, playlist rewritten. Both sides upload the same video in segments of 30 s, one a chunk, to the same stand-in.
"""

import os
import statistics
import subprocess
import time
import zipfile
from pathlib import Path

from ground import Bench, Run, StandIn, timed

SEGMENT_SECONDS = "30"
UPLINK_BITS = 200_000_000
ROLE = "arn:aws:iam::123456789012:role/zipreel-chunk"


def recipe(folder: Path, video: Path, stand_in: StandIn) -> dict[str, float]:
    """Seconds of each step and of the whole; the runtime's name alone is another, for AWS took the old one away."""
    folder.mkdir()
    start = time.monotonic()
    split = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", video, "-codec", "copy", "-bsf:v", "h264_mp4toannexb"]
    split += ["-map", "0", "-f", "segment", "-segment_time", SEGMENT_SECONDS, "-segment_format", "mpegts"]
    split += ["-segment_list", "reel.m3u8", "-segment_list_type", "m3u8", "reel-%d.ts"]
    steps = {"split": timed(split, cwd=folder)}
    segments = range(len(list(folder.glob("reel-*.ts"))))
    zips = [timed(["zip", "-q", "-r", "-0", f"reel-{at}.zip", f"reel-{at}.ts"], cwd=folder) for at in segments]
    steps["zip"] = sum(zips)
    keys = {"AWS_ACCESS_KEY_ID": stand_in.access_key, "AWS_SECRET_ACCESS_KEY": stand_in.secret_key}
    environment = os.environ | keys | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
    create = ["aws", "lambda", "create-function", "--endpoint-url", stand_in.api, "--runtime", "provided.al2023"]
    create += ["--role", ROLE, "--handler", "none"]
    uploads = [
        timed([*create, "--function-name", f"reel-{at}", "--zip-file", f"fileb://reel-{at}.zip"],
              cwd=folder, env=environment)
        for at in segments
    ]
    steps["upload"] = sum(uploads)
    rewrite(folder, "http://gate.invalid")
    steps["all"] = time.monotonic() - start
    return steps


def rewrite(folder: Path, gate: str) -> None:
    lines = []
    for line in (folder / "reel.m3u8").read_text().splitlines():
        if line.endswith(".ts"):
            at = line.removeprefix("reel-").removesuffix(".ts")
            entry = zipfile.ZipFile(folder / f"reel-{at}.zip").infolist()[0]
            with open(folder / f"reel-{at}.zip", "rb") as file:
                file.seek(entry.header_offset + 26)
                lengths = int.from_bytes(file.read(2), "little") + int.from_bytes(file.read(2), "little")
            lines.append(f"#EXT-X-BYTERANGE:{entry.file_size}@{entry.header_offset + 30 + lengths}")
            line = f"{gate}/{at}"
        lines.append(line)
    (folder / "reel-out.m3u8").write_text("\n".join(lines) + "\n")


def split_alone(folder: Path, video: Path) -> float:
    """The muxer that zipreel uses, with nobody reading what it makes."""
    folder.mkdir()
    split = ["ffmpeg", "-v", "error", "-nostdin", "-i", video, "-codec", "copy", "-f", "hls", "-hls_list_size", "0"]
    split += ["-hls_time", SEGMENT_SECONDS, "-hls_segment_filename", "piece%08d.ts", "list.m3u8"]
    seconds = timed(split, cwd=folder)
    subprocess.run(["rm", "-r", folder], check=True)
    return seconds


def measure(bench: Bench, runs: int) -> None:
    video = bench.video(450)
    print(f"whole runs: {video.stat().st_size / 1e6:.0f} MB, segments of {SEGMENT_SECONDS} s, one a chunk; seconds")
    # the cache of the file system is as warm for the first run as for the last
    timed(["cat", video])
    for name, faults, times in [("no latency", "", runs), ("60 ms, 200 Mbit/s", "latency=60ms,uplink=200mbit", 1)]:
        rows = [one(bench, video, faults) for _ in range(times)]
        middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        wire = middle["bytes"] * 4 / 3 * 8 / UPLINK_BITS if faults else 0
        floor = max(middle["split alone"], wire)
        steps = ", ".join(f"{step} {middle[step]:.1f}" for step in ("split", "zip", "upload"))
        print(f"  {name}: recipe {middle['recipe']:.1f} ({steps}); zipreel {middle['zipreel']:.2f}: "
              f"{middle['recipe'] / middle['zipreel']:.1f} times as fast; first upload begins after "
              f"{middle['first upload']:.2f}")
        print(f"    floor {floor:.2f} (split alone {middle['split alone']:.2f}, wire {wire:.2f}): "
              f"zipreel takes {100 * (middle['zipreel'] / floor - 1):.0f} % longer", flush=True)


def one(bench: Bench, video: Path, faults: str) -> dict[str, float]:
    folder = bench.scratch("recipe")
    with StandIn(bench, folder, *(["--faults", faults] if faults else [])) as stand_in:
        arguments = ["--name", "bench", "--segment-seconds", SEGMENT_SECONDS]
        run = Run(bench, folder, video, *arguments)
        alone = split_alone(folder / "alone", video)
        steps = recipe(folder / "by-hand", video, stand_in)
    return {
        "zipreel": run.seconds,
        "first upload": run.first(event="job", job="chunk src/0001", state="started"),
        "bytes": run.zipped_bytes(),
        "split alone": alone,
        "recipe": steps.pop("all"),
        **steps,
    }
