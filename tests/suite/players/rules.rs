//! What RFC 8216 demands of a server whose videos are complete, as a table: a rule is the section that it stands in, a
//! check, and a change that breaks it. Reads playlists by itself: neither the program's code nor a parser's is used.

use super::{
    checks::*,
    packets::{PACKET, counters_run_on, made_of_packets, tables_are_there},
    playlists::{
        Kind::{self, Media, Multivariant},
        Served,
    },
};

pub(crate) struct Rule {
    /// Of RFC 8216.
    pub(crate) section: &'static str,
    pub(crate) demands: &'static str,
    /// The kind of playlist that it speaks of; `None`: of both.
    pub(crate) of: Option<Kind>,
    keeps: fn(&Served) -> bool,
    /// Changes nothing where there is nothing to break.
    pub(crate) breaks: fn(&mut Served),
}

impl Rule {
    pub(crate) fn holds(&self, playlist: &Served) -> bool {
        self.of.is_some_and(|kind| kind != playlist.kind) || (self.keeps)(playlist)
    }
}

/// The rules that a playlist does not keep.
pub(crate) fn broken(playlist: &Served) -> Vec<String> {
    let unkept = RULES.iter().filter(|rule| !rule.holds(playlist));
    unkept.map(|rule| format!("{}: {}", rule.section, rule.demands)).collect()
}

const fn rule(
    section: &'static str,
    of: Option<Kind>,
    demands: &'static str,
    keeps: fn(&Served) -> bool,
    breaks: fn(&mut Served),
) -> Rule {
    Rule { section, demands, of, keeps, breaks }
}

pub(crate) const RULES: &[Rule] = &[
    rule("3", Some(Media), "counters of packets run on from segment to segment", counters_run_on, |playlist| {
        playlist.segments.swap(1, 2);
    }),
    rule("3.2", Some(Media), "a segment has one program, its PAT and its PMT", tables_are_there, |playlist| {
        playlist.segments[1].bytes.drain(..2 * PACKET);
    }),
    rule("3.2", Some(Media), "a segment is made of transport stream packets", made_of_packets, |playlist| {
        playlist.segments[0].bytes.pop();
    }),
    rule("3.3", Some(Media), "segments of fragmented MP4 have their EXT-X-MAP", mapped, |playlist| {
        edit(playlist, |text| text.replace(".ts\n", ".mp4\n"));
    }),
    rule("4", None, "known by the path's ending or by the media type", is_known, |playlist| {
        playlist.url = playlist.url.replace(".m3u8", ".txt");
        playlist.content_type = "text/plain".to_owned();
    }),
    rule(
        "4",
        None,
        "UTF-8",
        |playlist| std::str::from_utf8(&playlist.bytes).is_ok(),
        |playlist| {
            playlist.bytes.insert(8, 0xe9);
        },
    ),
    rule(
        "4",
        None,
        "no byte order mark",
        |playlist| !playlist.bytes.starts_with(b"\xef\xbb\xbf"),
        |playlist| {
            playlist.bytes.splice(..0, *b"\xef\xbb\xbf");
        },
    ),
    rule("4", None, "no control characters but line ends", no_controls, |playlist| {
        edit(playlist, |text| text.replacen(":", ":\u{7}", 1));
    }),
    rule("4.1", None, "lines end with LF or CR LF", lines_end_well, |playlist| {
        edit(playlist, |text| text.replace('\n', "\r"));
    }),
    rule("4.1", None, "no white space", no_white_space, |playlist| {
        edit(playlist, |text| text.replacen(':', ": ", 1));
    }),
    rule("4.1", None, "lines that are no tags are URIs", uris_are_uris, |playlist| {
        edit(playlist, |text| text.replace("src", "sré"));
    }),
    rule("4.2", None, "attributes have their form, each at most once", attributes_are_well_formed, |playlist| {
        edit(playlist, |text| text.replacen("BANDWIDTH=", "BANDWIDTH=1,BANDWIDTH=", 1));
    }),
    rule(
        "4.3.1.1",
        None,
        "EXTM3U is the first line",
        |playlist| first_line(playlist) == "#EXTM3U",
        |playlist| {
            edit(playlist, |text| format!("\n{text}"));
        },
    ),
    rule(
        "4.3.1.2",
        None,
        "at most one EXT-X-VERSION",
        |playlist| count(playlist, "EXT-X-VERSION") < 2,
        |playlist| {
            twice(playlist, "#EXT-X-VERSION");
        },
    ),
    rule(
        "4.3.2",
        Some(Multivariant),
        "no tag of a segment",
        |playlist| !has_any(playlist, &OF_SEGMENTS),
        |playlist| {
            add_line(playlist, "#EXTINF:2,");
        },
    ),
    rule("4.3.2.1", Some(Media), "EXTINF for every segment", every_segment_has_extinf, |playlist| {
        edit(playlist, |text| without_line(text, "#EXTINF"));
    }),
    rule("4.3.2.1", Some(Media), "EXTINF is a decimal number and a comma", extinf_is_well_formed, |playlist| {
        edit(playlist, |text| text.replacen(",\n", "\n", 1));
    }),
    rule(
        "4.3.2.2",
        Some(Media),
        "EXT-X-BYTERANGE is <n>[@<o>] in decimal integers",
        ranges_are_well_formed,
        |playlist| {
            edit(playlist, |text| text.replacen('@', "@-", 1));
        },
    ),
    rule(
        "4.3.2.2",
        Some(Media),
        "a range without offset follows one of the same resource",
        offsets_are_known,
        |playlist| {
            edit(playlist, |text| match text.split_once('@') {
                Some((before, after)) => format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit())),
                None => text.to_owned(),
            });
        },
    ),
    rule("4.3.3", Some(Media), "each tag of a media playlist at most once", each_once, |playlist| {
        twice(playlist, "#EXT-X-PLAYLIST-TYPE");
    }),
    rule(
        "4.3.3",
        Some(Multivariant),
        "no tag of a media playlist",
        |playlist| !has_any(playlist, &OF_MEDIA),
        |playlist| {
            add_line(playlist, "#EXT-X-TARGETDURATION:2");
        },
    ),
    rule(
        "4.3.3.1",
        Some(Media),
        "EXT-X-TARGETDURATION is there, an integer",
        |playlist| target(playlist).is_some(),
        |playlist| {
            edit(playlist, |text| without_line(text, "#EXT-X-TARGETDURATION"));
        },
    ),
    rule("4.3.3.1", Some(Media), "no EXTINF, rounded, exceeds the target duration", target_is_kept, |playlist| {
        edit(playlist, |text| text.replacen("TARGETDURATION:2", "TARGETDURATION:1", 1));
    }),
    rule("4.3.3.5", Some(Media), "EXT-X-PLAYLIST-TYPE is EVENT or VOD", type_is_known, |playlist| {
        edit(playlist, |text| text.replacen("TYPE:VOD", "TYPE:LIVE", 1));
    }),
    rule(
        "4.3.4",
        Some(Media),
        "no tag of a multivariant playlist",
        |playlist| !has_any(playlist, &OF_MULTIVARIANT),
        |playlist| {
            add_line(playlist, "#EXT-X-STREAM-INF:BANDWIDTH=1");
        },
    ),
    rule("4.3.4.2", Some(Multivariant), "EXT-X-STREAM-INF is followed by its URI", uri_follows, |playlist| {
        edit(playlist, |text| text.split_inclusive('\n').filter(|line| line.starts_with('#')).collect());
    }),
    rule(
        "4.3.4.2",
        Some(Multivariant),
        "BANDWIDTH is there, an integer",
        |playlist| number_of(playlist, "BANDWIDTH").is_some(),
        |playlist| {
            edit(playlist, |text| text.replacen(":BANDWIDTH=", ":BANDWIDTH=about-", 1));
        },
    ),
    rule("4.3.4.2", Some(Multivariant), "BANDWIDTH is the peak segment bit rate", bandwidth_is_the_peak, |playlist| {
        edit(playlist, |text| text.replacen(":BANDWIDTH=", ":BANDWIDTH=1", 1));
    }),
    rule(
        "4.3.4.2",
        Some(Multivariant),
        "AVERAGE-BANDWIDTH is the average segment bit rate",
        average_is_the_average,
        |playlist| {
            edit(playlist, |text| text.replacen("AVERAGE-BANDWIDTH=", "AVERAGE-BANDWIDTH=1", 1));
        },
    ),
    rule(
        "4.3.4.2",
        Some(Multivariant),
        "CODECS is a quoted string",
        |playlist| is_quoted(playlist, "CODECS"),
        |playlist| {
            edit(playlist, |text| text.replacen("CODECS=\"avc1.", "CODECS=avc1.", 1));
        },
    ),
    rule("4.3.4.2", Some(Multivariant), "RESOLUTION is <width>x<height>", resolution_is_well_formed, |playlist| {
        edit(playlist, |text| text.replacen("RESOLUTION=640x", "RESOLUTION=640:", 1));
    }),
    rule("4.3.4.2", Some(Multivariant), "FRAME-RATE has three decimals", frame_rate_has_three_decimals, |playlist| {
        edit(playlist, |text| text.replacen("FRAME-RATE=30.000", "FRAME-RATE=30", 1));
    }),
    rule(
        "4.3.5",
        None,
        "tags of either kind at most once",
        |playlist| count(playlist, "EXT-X-INDEPENDENT-SEGMENTS") < 2,
        |playlist| {
            twice(playlist, "#EXT-X-INDEPENDENT-SEGMENTS");
        },
    ),
    rule(
        "6.2.1",
        Some(Media),
        "EXT-X-ENDLIST where the last segment is there",
        |playlist| count(playlist, "EXT-X-ENDLIST") == 1,
        |playlist| {
            edit(playlist, |text| without_line(text, "#EXT-X-ENDLIST"));
        },
    ),
    rule("7", Some(Media), "EXT-X-VERSION is high enough for what is used", version_is_enough, |playlist| {
        edit(playlist, |text| text.replacen("VERSION:4", "VERSION:2", 1));
    }),
];

fn edit(playlist: &mut Served, change: impl Fn(&str) -> String) {
    playlist.bytes = change(playlist.text()).into_bytes();
}

fn add_line(playlist: &mut Served, line: &str) {
    edit(playlist, |text| text.replacen('\n', &format!("\n{line}\n"), 1));
}

/// The first line that begins so, twice.
fn twice(playlist: &mut Served, start: &str) {
    let line = lines(playlist).find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    if !line.is_empty() {
        add_line(playlist, &line);
    }
}

fn without_line(text: &str, start: &str) -> String {
    let mut left = 1;
    let stays = |line: &&str| {
        let goes = left > 0 && line.starts_with(start);
        left -= usize::from(goes);
        !goes
    };
    text.split_inclusive('\n').filter(stays).collect()
}
