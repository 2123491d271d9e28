//! Files that are not whole, and files that are none.

use std::path::{Path, PathBuf};

use super::{
    Row, all_right,
    make::{A, C, V, X, base, base_ts, ffmpeg, patched},
    patch, row,
};
use crate::publish::sandbox::Sandbox;

const FRAGMENTS: &str = "-i {base} -c copy -movflags frag_keyframe+empty_moov+default_base_moof fragments.mp4";

fn unreadable(row: Row, cause: &str) -> Row {
    row.refused("permanent", "could not read the video `{file}`", Some(cause))
}

fn written(name: &'static str, content: &'static [u8]) -> Row {
    row(name, move |folder| {
        let path = folder.join("video.mp4");
        std::fs::write(&path, content).unwrap();
        path
    })
}

fn none_at_all() -> Vec<Row> {
    vec![
        unreadable(written("a file of no bytes", b""), "it is empty"),
        unreadable(written("a text", b"this is no video at all\n"), "it is no video that ffmpeg knows"),
        unreadable(
            written("a playlist", b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n#EXT-X-ENDLIST\n"),
            "it is a picture, a playlist or a list of other files",
        ),
        unreadable(
            written("subtitles", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nYou\n"),
            "it is of a format that holds no video of its own, such as subtitles",
        ),
        unreadable(
            row("a name that quotes ffmpeg", |folder| {
                let path = folder.join("moov atom not found: Permission denied, Format not on whitelist.mp4");
                std::fs::write(&path, "this is no video at all\n").unwrap();
                path
            }),
            "it is no video that ffmpeg knows",
        ),
        unreadable(
            row("damaged from the beginning", |folder| {
                patched(folder, &ffmpeg(folder, "-i {base} -c copy base.mkv"), "broken.mkv", |bytes| {
                    bytes[30..].fill(0);
                })
            }),
            "ffmpeg can't read it, though it begins as a file of Matroska or WebM",
        ),
        unreadable(
            row("cut off before its table", |folder| {
                patched(folder, &base(), "cut.mp4", |bytes| bytes.truncate(300_000))
            }),
            "it is cut off: the table of its contents (`moov`) is missing",
        ),
        unreadable(
            row("cut off in its table", |folder| {
                patched(folder, &ffmpeg(folder, FRAGMENTS), "cut.mp4", |bytes| bytes.truncate(700))
            }),
            "it is cut off inside the table of its contents (`moov`)",
        ),
        unreadable(
            row("a segment without its head", |folder| {
                patched(folder, &ffmpeg(folder, FRAGMENTS), "segment.mp4", |bytes| {
                    bytes.drain(..bytes.windows(4).position(|window| window == b"moof").unwrap() - 4);
                })
            }),
            "it is a segment of a stream without the stream's head (`moov`)",
        ),
        row("a head without segments", |folder| {
            patched(folder, &ffmpeg(folder, FRAGMENTS), "init.mp4", |bytes| {
                bytes.truncate(bytes.windows(4).position(|window| window == b"moof").unwrap() - 4);
            })
        })
        .refused(
            "permanent",
            "could not plan the reel: the file holds no pictures, only the description of a video stream",
            None,
        ),
    ]
}

fn half(bytes: &mut [u8]) -> usize {
    bytes.len() / 188 / 2 * 188
}

/// What is lost does not stop the rest from being published.
fn lost() -> Vec<Row> {
    vec![
        row("overwritten packets", |folder| {
            patched(folder, &base_ts(), "zeros.ts", |bytes| {
                let middle = half(bytes);
                bytes[middle..middle + 30 * 188].fill(0);
            })
        })
        .said("data of the file is lost from 6 s to 6.2 s"),
        row("60.5 packets cut out", |folder| {
            patched(folder, &base_ts(), "cut.ts", |bytes| {
                let middle = half(bytes);
                bytes.drain(middle..middle + 60 * 188 + 94);
            })
        })
        .said("data of the file is lost from 6 s to 6.3 s"),
        row("sound that is noise", |folder| {
            patched(folder, &base_ts(), "noise.ts", |bytes| {
                patch::packets(bytes, |pid, packet| {
                    if pid == 0x101 {
                        packet[60..].fill(0);
                    }
                });
            })
        })
        .said("the sound can't be read (#1 audio"),
    ]
}

const OGG: &str = "-i {base} -c:v libtheora -c:a libvorbis";

/// The first half of what ffmpeg makes with these words.
fn halved(folder: &Path, words: &str) -> PathBuf {
    let whole = ffmpeg(folder, words);
    let name = format!("cut.{}", whole.extension().unwrap().display());
    patched(folder, &whole, &name, |bytes| bytes.truncate(bytes.len() / 2))
}

type Cut = fn(&Path) -> PathBuf;
/// Names of the rows that are refused and accepted, the file, what is said of it, and flags besides.
type Kind = (&'static str, &'static str, Cut, String, &'static str);

const LAST_FRAME: &str = "the file is cut off: what came after its last whole frame is missing";

fn share(seconds: &str) -> String {
    format!("the file is cut off: about {seconds} s are missing at its end")
}

fn copied() -> [Kind; 5] {
    let piped: Cut = |folder| {
        let piped = ffmpeg(folder, "-i {base} -c copy -live 1 piped.mkv");
        patched(folder, &piped, "cut.mkv", |bytes| bytes.truncate(300_000))
    };
    let finished: Cut = |folder| {
        let finished = ffmpeg(folder, "-i {base} -c copy finished.mkv");
        patched(folder, &finished, "cut.mkv", |bytes| bytes.truncate(300_000))
    };
    let table_first: Cut = |folder| {
        let first = ffmpeg(folder, "-i {base} -c copy -movflags faststart first.mp4");
        patched(folder, &first, "cut.mp4", |bytes| bytes.truncate(300_000))
    };
    let flv: Cut = |folder| {
        let whole = ffmpeg(folder, "-i {base} -c copy whole.flv");
        patched(folder, &whole, "cut.flv", |bytes| bytes.truncate(300_000))
    };
    let between_tags: Cut = |folder| {
        let whole = ffmpeg(folder, "-i {base} -c copy whole.flv");
        patched(folder, &whole, "cut.flv", |bytes| {
            let mut at = 13;
            // the size that follows each tag is whole, too
            while at < bytes.len() * 6 / 10 {
                at += 15 + u32::from_be_bytes([0, bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
            }
            bytes.truncate(at);
        })
    };
    [
        ("cut off, from a pipe", "cut off, from a pipe, accepted", piped, LAST_FRAME.into(), ""),
        ("cut off, Matroska", "cut off, Matroska, accepted", finished, share("4.8 s of 12"), ""),
        ("cut off, table first", "cut off, table first, accepted", table_first, share("4.9 s of 12"), ""),
        ("cut off, FLV", "cut off, FLV, accepted", flv, share("5 s of 12.1"), ""),
        ("cut off, FLV, between tags", "cut off, FLV, between tags, accepted", between_tags, share("5 s of 12.1"), ""),
    ]
}

fn re_encoded() -> [Kind; 11] {
    let avi: Cut = |folder| halved(folder, "-i {base} -c:v mpeg4 -c:a copy whole.avi");
    // the only chunk of its pictures begins at its beginning
    let endless: Cut = |folder| {
        let first = ffmpeg(folder, "-i {base} -an -c copy -movflags faststart first.mp4");
        patched(folder, &first, "cut.mp4", |bytes| {
            let at = bytes.windows(4).position(|window| window == b"mdat").unwrap() - 4;
            bytes[at..at + 4].fill(0);
            bytes.truncate(bytes.len() - 10_000);
        })
    };
    let ogg: Cut = |folder| halved(folder, &format!("{OGG} whole.ogv"));
    let after_page: Cut = |folder| {
        patched(folder, &ffmpeg(folder, &format!("{OGG} whole.ogv")), "cut.ogv", |bytes| {
            let half = bytes.len() / 2;
            bytes.truncate(half + bytes[half..].windows(4).position(|window| window == b"OggS").unwrap());
        })
    };
    let wmv: Cut = |folder| halved(folder, "-i {base} -c:v wmv2 -c:a wmav2 whole.wmv");
    let flac: Cut = |folder| halved(folder, &format!("{A} -t 12 -c:a flac whole.flac"));
    // in the middle of a block, of which each lasts a second
    let wavpack: Cut = |folder| {
        let whole = ffmpeg(folder, &format!("{A} -t 12 -c:a wavpack whole.wv"));
        patched(folder, &whole, "cut.wv", |bytes| bytes.truncate(bytes.len() * 13 / 24))
    };
    let tta: Cut = |folder| halved(folder, &format!("{A} -t 12 -c:a tta whole.tta"));
    let ivf: Cut = |folder| halved(folder, "-i {base} -an -c:v libvpx -b:v 300k whole.ivf");
    let nut: Cut = |folder| halved(folder, "-i {base} -c:v mpeg4 -c:a copy whole.nut");
    // its pictures are of whole blocks
    let real: Cut = |folder| halved(folder, "-i {base} -vf scale=192:112 -c:v rv10 -c:a ac3 whole.rm");
    [
        ("cut off, AVI", "cut off, AVI, accepted", avi, share("6 s of 12"), "--transcode auto"),
        ("cut off, Ogg", "cut off, Ogg, accepted", ogg, LAST_FRAME.into(), "--transcode auto"),
        (
            "cut off, Ogg, after a page",
            "cut off, Ogg, after a page, accepted",
            after_page,
            LAST_FRAME.into(),
            "--transcode auto",
        ),
        ("cut off, WMV", "cut off, WMV, accepted", wmv, share("6 s of 12"), "--transcode auto"),
        ("cut off, FLAC", "cut off, FLAC, accepted", flac, share("6.2 s of 12"), "--container ts --transcode auto"),
        ("cut off, WavPack", "cut off, WavPack, accepted", wavpack, share("6 s of 12"), "--transcode auto"),
        ("cut off, TTA", "cut off, TTA, accepted", tta, share("6 s of 12"), "--transcode auto"),
        ("cut off, IVF", "cut off, IVF, accepted", ivf, share("6 s of 12"), "--transcode auto"),
        ("cut off, NUT", "cut off, NUT, accepted", nut, LAST_FRAME.into(), "--transcode auto"),
        ("cut off, RealMedia", "cut off, RealMedia, accepted", real, share("6 s of 12"), "--transcode auto"),
        ("cut off, endless box", "cut off, endless box, accepted", endless, share("0.3 s of 12"), ""),
    ]
}

/// Refused, since nobody can be asked; `accept` publishes what is there, and says what is not.
fn cut_off() -> Vec<Row> {
    let fragments: Cut =
        |folder| patched(folder, &ffmpeg(folder, FRAGMENTS), "cut.mp4", |bytes| bytes.truncate(298_624));
    // in whose order they are shown: what is whole ends with the last whole picture
    let in_order: Cut = |folder| {
        let words = format!("{V} {A} -t 12 {X} -bf 0 {C} -movflags frag_keyframe+empty_moov+default_base_moof");
        patched(folder, &ffmpeg(folder, &format!("{words} fragments.mp4")), "cut.mp4", |bytes| bytes.truncate(298_624))
    };
    let what = "could not publish the video `{file}`";
    let refused = row("cut off in a fragment", fragments).refused("permanent", what, Some(LAST_FRAME));
    let warned = format!("\"warnings\":[\"{LAST_FRAME}");
    let accepted = row("cut off in a fragment, accepted", in_order).args("--on-damage accept").said(&warned);
    let rows = copied().into_iter().chain(re_encoded()).flat_map(|(name, accepted, recipe, sentence, args)| {
        [
            row(name, recipe).args(args).refused("permanent", what, Some(&sentence)),
            row(accepted, recipe).args(args).args("--on-damage accept").said(&format!("\"warnings\":[\"{sentence}")),
        ]
    });
    rows.chain([refused, accepted]).collect()
}

pub(super) fn all() -> Vec<Row> {
    [none_at_all(), lost(), cut_off(), unfinished_and_strict(), nothing_missing()].into_iter().flatten().collect()
}

/// Ends that nobody wrote are no reason to refuse; `fail` refuses whatever is wrong.
fn unfinished_and_strict() -> Vec<Row> {
    vec![
        row("never finished by its recorder", |folder| {
            let live = ffmpeg(folder, "-i {base} -c copy -live 1 live.mkv");
            patched(folder, &live, "unfinished.mkv", |bytes| {
                // the last cluster's size was never written, and of its last block not all of it
                let cluster = bytes.windows(4).rposition(|window| window == [0x1f, 0x43, 0xb6, 0x75]).unwrap();
                let width = bytes[cluster + 4].leading_zeros() as usize + 1;
                bytes[cluster + 4..cluster + 4 + width].fill(0xff);
                bytes[cluster + 4] = 0xff >> (width - 1);
                bytes.truncate(bytes.len() - 10);
            })
        })
        .said("\"warnings\":[\"the file ends inside its last frame, as a recording does that was never finished\"]"),
        row("cut off, transport stream", |folder| {
            patched(folder, &base_ts(), "cut.ts", |bytes| bytes.truncate(300_000))
        })
        .said("the file ends inside its last frame"),
        row("cut off, programme stream", |folder| {
            let whole = ffmpeg(folder, "-i {base} -c:v mpeg2video -c:a mp2 whole.mpg");
            patched(folder, &whole, "cut.mpg", |bytes| bytes.truncate(bytes.len() / 2 + 50))
        })
        .args("--transcode auto")
        .said("the file ends inside its last frame"),
        row("lost packets, ruled out", |folder| {
            patched(folder, &base_ts(), "zeros.ts", |bytes| {
                let middle = half(bytes);
                bytes[middle..middle + 30 * 188].fill(0);
            })
        })
        .args("--on-damage fail")
        .refused(
            "permanent",
            "could not publish the video `{file}`",
            Some("data of the file is lost from 6 s to 6.2 s"),
        ),
    ]
}

/// What looks like it, and is whole.
fn nothing_missing() -> Vec<Row> {
    vec![
        row("a whole WavPack", |folder| ffmpeg(folder, &format!("{A} -t 12 -c:a wavpack whole.wv")))
            .args("--transcode auto --on-damage fail")
            .said("\"warnings\":[]"),
        row("a whole TTA", |folder| ffmpeg(folder, &format!("{A} -t 12 -c:a tta whole.tta")))
            .args("--transcode auto --on-damage fail")
            .said("\"warnings\":[]"),
        row("a whole IVF", |folder| ffmpeg(folder, "-i {base} -an -c:v libvpx -b:v 300k whole.ivf"))
            .args("--transcode auto --on-damage fail")
            .said("\"warnings\":[]"),
        row("a whole NUT", |folder| ffmpeg(folder, "-i {base} -c:v mpeg4 -c:a copy whole.nut"))
            .args("--transcode auto --on-damage fail")
            .said("\"warnings\":[]"),
        row("a whole RealMedia", |folder| ffmpeg(folder, "-i {base} -vf scale=192:112 -c:v rv10 -c:a ac3 whole.rm"))
            .args("--transcode auto --on-damage fail")
            .said("\"warnings\":[]"),
        row("a whole Ogg", |folder| ffmpeg(folder, &format!("{OGG} whole.ogv")))
            .args("--transcode auto")
            .said("\"warnings\":[]"),
        row("Matroska from a pipe", |folder| ffmpeg(folder, "-i {base} -c copy -live 1 live.mkv"))
            .said("\"warnings\":[]")
            .frames("0:v 0:a")
            .seconds(12.0),
        row("two recordings in one", |folder| {
            let later = ffmpeg(folder, "-i {base} -c copy -output_ts_offset 12 later.ts");
            let later = std::fs::read(later).unwrap();
            patched(folder, &base_ts(), "two.ts", |bytes| bytes.extend(later))
        })
        .args("--on-damage fail")
        .said("\"warnings\":[]"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_video_is_refused_by_what_it_is() {
    all_right(none_at_all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_is_said() {
    all_right(lost()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_is_published_only_if_that_is_accepted() {
    all_right(cut_off()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_told_from_an_end_that_nobody_wrote() {
    all_right(unfinished_and_strict().into_iter().chain(nothing_missing()).collect()).await;
}

/// Its packets are where its table says, and no H.264 is in one of them.
#[tokio::test(flavor = "multi_thread")]
async fn frames_that_ffmpeg_drops_are_told_when_it_is_done() {
    let sandbox = Sandbox::start().await;
    let folder = sandbox.path("damaged");
    std::fs::create_dir(&folder).unwrap();
    let whole = ffmpeg(&folder, "-i {base} -an -c copy -movflags faststart whole.mp4");
    let video = patched(&folder, &whole, "noise.mp4", |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 20_000].fill(0xff);
    });
    let run = sandbox.publish(&video, &["--name", "damaged"]).await;
    let warnings = run.published()["warnings"].to_string();
    assert!(warnings.contains("frames of the file are damaged at "), "{warnings} {:#?}", run.lines);
    let run = sandbox.publish(&video, &["--name", "strict", "--on-damage", "fail"]).await;
    let cause = run.failed()["cause"].as_str().unwrap();
    assert!(cause.starts_with("frames of the file are damaged at "), "{cause}");
}
