# Plays a reel with GStreamer and prints what reaches its sinks decoded, as one JSON object: the hash of every picture, and how
# many buffers of sound.
#
#   gstreamer.py playbin|playbin3 URL [SECONDS]
#   gstreamer.py --version
#
# With SECONDS it seeks there first, and tells what comes after.

import hashlib
import json
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

PATIENCE = 120 * Gst.SECOND


def digest(buffer):
    # A sink that knows no strides gets the planes one after the other, as `-f framemd5` of ffmpeg takes them; rows are padded
    # where their length is no multiple of 4.
    return hashlib.md5(buffer.extract_dup(0, buffer.get_size())).hexdigest()


def sink(take):
    made = Gst.ElementFactory.make("fakesink")
    made.set_property("sync", False)
    made.set_property("signal-handoffs", True)
    made.connect("handoff", lambda _, buffer, pad: take(buffer))
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
    pictures, sound = [], []
    player = Gst.ElementFactory.make(factory)
    player.set_property("uri", url)
    player.set_property("video-sink", sink(lambda buffer: pictures.append(digest(buffer))))
    player.set_property("audio-sink", sink(lambda buffer: sound.append(buffer.get_size())))
    bus = player.get_bus()
    player.set_state(Gst.State.PAUSED)
    until(bus, Gst.MessageType.ASYNC_DONE)
    if seconds is not None:
        player.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, int(float(seconds) * Gst.SECOND))
        until(bus, Gst.MessageType.ASYNC_DONE)
        pictures.clear()
        sound.clear()
    player.set_state(Gst.State.PLAYING)
    until(bus, Gst.MessageType.EOS)
    player.set_state(Gst.State.NULL)
    print(json.dumps({"video": pictures, "audio": len(sound)}))


if sys.argv[1] == "--version":
    print(".".join(map(str, Gst.version()[:3])))
else:
    main(*sys.argv[1:])
