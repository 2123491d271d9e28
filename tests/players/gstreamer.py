# Plays a reel with GStreamer and counts every decoded buffer that reaches a sink, as one JSON object:
#
#   gstreamer.py playbin|playbin3 URL [SECONDS]
#   gstreamer.py --version
#
# With SECONDS it seeks there first, and counts what comes after.

import json
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

PATIENCE = 120 * Gst.SECOND


def count(counts, kind):
    counts[kind] += 1


def sink(counts, kind):
    made = Gst.ElementFactory.make("fakesink")
    made.set_property("sync", False)
    made.set_property("signal-handoffs", True)
    made.connect("handoff", lambda *_: count(counts, kind))
    return made


def until(bus, *kinds):
    """The next message of these kinds; an error or a long silence ends the program."""
    kind = Gst.MessageType.ERROR
    for wanted in kinds:
        kind |= wanted
    message = bus.timed_pop_filtered(PATIENCE, kind)
    if message is None:
        sys.exit("nothing more happens")
    if message.type == Gst.MessageType.ERROR:
        sys.exit(" ".join(map(str, message.parse_error())))
    return message


def main(factory, url, seconds=None):
    Gst.init(None)
    counts = {"video": 0, "audio": 0}
    player = Gst.ElementFactory.make(factory)
    player.set_property("uri", url)
    for kind in counts:
        player.set_property(f"{kind}-sink", sink(counts, kind))
    bus = player.get_bus()
    player.set_state(Gst.State.PAUSED)
    until(bus, Gst.MessageType.ASYNC_DONE)
    if seconds is not None:
        player.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, int(float(seconds) * Gst.SECOND))
        until(bus, Gst.MessageType.ASYNC_DONE)
        counts.update(video=0, audio=0)
    player.set_state(Gst.State.PLAYING)
    until(bus, Gst.MessageType.EOS)
    player.set_state(Gst.State.NULL)
    print(json.dumps(counts))


if sys.argv[1] == "--version":
    print(".".join(map(str, Gst.version()[:3])))
else:
    main(*sys.argv[1:])
