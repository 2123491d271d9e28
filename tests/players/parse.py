# Reads playlists with the Python package m3u8 in its strict mode:
#
#   parse.py < playlists.json
#
# The input is a list of {url, text}. Prints a list with {error}, {variants} or {segments} for each.

import json
import sys

import m3u8


def span(segment):
    if segment.byterange is None:
        return None
    length, offset = segment.byterange.split("@")
    return [int(offset), int(length)]


def parse(url, text):
    m3u8.parser.parse(text, strict=True)
    found = m3u8.loads(text, uri=url)
    if found.is_variant:
        variants = [{"url": one.absolute_uri, "bandwidth": one.stream_info.bandwidth} for one in found.playlists]
        return {"variants": variants}
    segments = [{"url": one.absolute_uri, "seconds": one.duration, "range": span(one)} for one in found.segments]
    return {"segments": segments, "target": found.target_duration, "ended": found.is_endlist}


def result(playlist):
    try:
        return parse(**playlist)
    except Exception as error:  # its strict mode raises no class of its own
        return {"error": f"{type(error).__name__}: {error}"}


print(json.dumps([result(playlist) for playlist in json.load(sys.stdin)]))
