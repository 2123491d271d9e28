"""Peak memory of the publishing process: by uploads side by side, and by the length of the video."""

from ground import Bench, Run, StandIn


def measure(bench: Bench, _runs: int) -> None:
    print("peak memory of the publishing process, MiB")
    video = bench.video(1024)
    for parallel in (1, 4, 8, 16):
        folder = bench.scratch("memory")
        # slow enough that all of them are under way at once
        with StandIn(bench, folder, "--keep-hashes", "--faults", "uplink=1gbit"):
            arguments = ["--name", "bench", "--segment-seconds", "2", "--chunk-mib", "48"]
            run = Run(bench, folder, video, *arguments, "--parallel", str(parallel), until="index")
        print(f"  {parallel} uploads of 48 MiB chunks: {run.peak.mib:.1f} (at once: {run.most_at_once()})", flush=True)
    for mib in (102, 1024, 8192):
        video = bench.video(mib)
        folder = bench.scratch("memory")
        with StandIn(bench, folder, "--keep-hashes"):
            arguments = ["--name", "bench", "--parallel", "8", "--backlog-gib", "1"]
            run = Run(bench, folder, video, *arguments, until="index")
        speed = run.zipped_bytes() / 1e6 / run.seconds
        print(f"  {mib / 1024:.1f} GiB of video: {run.peak.mib:.1f} ({run.seconds:.0f} s, {speed:.0f} MB/s)", flush=True)
    # too large to be kept for the next time
    video.unlink()
