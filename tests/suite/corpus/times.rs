//! Timestamps of every kind.

use super::{
    Row, all_right,
    make::{A, C, V, X, base, base_ts, ffmpeg, patched},
    patch, row,
};

fn right_as_they_are() -> Vec<Row> {
    vec![
        row("plain", |_| base()).frames("0:v 0:a").count(300).seconds(12.0).offset(0.0).discontinuities(&[]),
        row("short segments", |_| base()).args("--segment-seconds 2").said("copied as it is").frames("0:v 0:a"),
        row("empty", |folder| patched(folder, &base(), "empty.mp4", Vec::clear)).refused(
            "permanent",
            "could not read the video `{file}`",
            Some("it is empty"),
        ),
        row("PTS wrap inside the file", |folder| ffmpeg(folder, "-i {base} -c copy -output_ts_offset 95434 wrap.ts"))
            .frames("0:v 0:a")
            .seconds(12.0)
            .offset(0.0),
        row("times that jump forward", |folder| repeated(folder, 108)).seconds(24.0).count(600),
        row("times that jump back", |folder| repeated(folder, 0)).seconds(24.0).count(600),
        // the first was moved on by the 80 ms that its B-frames need ahead; then comes a whole one
        row("a hole of 5 s", |folder| repeated(folder, 17)).seconds(17.0 - 0.08 + SOUND).count(600),
        row("a hole of 14 s in the picture", |folder| {
            ffmpeg(
                folder,
                &format!("{V} {A} -t 20 -vf select=not(between(t\\,2.01\\,15.99)) -vsync vfr {X} {C} hole.mp4"),
            )
        })
        .frames("0:v 0:a")
        .seconds(20.0),
        row("B-frames with negative DTS", |folder| {
            ffmpeg(folder, "-i {base} -c copy -movflags negative_cts_offsets -use_editlist 0 negative.mp4")
        })
        .frames("0:v 0:a")
        .seconds(12.0),
    ]
}

fn right_in_other_forms() -> Vec<Row> {
    vec![
        row("avc3", |folder| ffmpeg(folder, "-i {base} -c copy -tag:v avc3 avc3.mp4")).frames("0:v 0:a").seconds(12.0),
        row("no table of keyframes", |folder| {
            patched(folder, &base(), "stss.mp4", |bytes| {
                let at = bytes.windows(4).position(|word| word == b"stss").unwrap();
                bytes[at..at + 4].copy_from_slice(b"free");
            })
        })
        .frames("0:v 0:a")
        .seconds(12.0),
        row("m2ts", |folder| ffmpeg(folder, "-i {base} -c copy -f mpegts -mpegts_m2ts_mode 1 blu.m2ts"))
            .frames("0:v 0:a")
            .seconds(12.0),
        row("FLV from 500 s", |folder| ffmpeg(folder, "-i {base} -c copy -output_ts_offset 500 late.flv"))
            .frames("0:v 0:a")
            .seconds(12.0),
        row("fragments from 3600 s", |folder| {
            ffmpeg(folder, &format!("-i {{base}} -c copy -output_ts_offset 3600 {FRAGMENTS} hour.mp4"))
        })
        .frames("0:v 0:a")
        .seconds(IN_FRAGMENTS),
        row("Matroska of a live recorder", |folder| ffmpeg(folder, "-i {base} -c copy -live 1 live.mkv"))
            .frames("0:v 0:a")
            .seconds(12.0),
        row("MBAFF", |folder| ffmpeg(folder, &format!("{V} {A} -t 8 {X} -x264opts interlaced=1:bff=0 {C} mbaff.mp4")))
            .frames("0:v 0:a")
            .seconds(8.0),
        row("one picture", |folder| ffmpeg(folder, &format!("{V} -frames:v 1 {X} one.mp4")))
            .frames("0:v")
            .seconds(0.04),
        row("27 hours, a picture an hour", |folder| {
            ffmpeg(
                folder,
                "-f lavfi -i testsrc2=size=192x108:rate=1/3600 -frames:v 28 -c:v libx264 -g 1 -pix_fmt yuv420p day.mp4",
            )
        })
        .frames("0:v")
        .seconds(28.0 * 3600.0),
        row("sound that begins late", |folder| {
            ffmpeg(folder, "-i {base} -itsoffset 3 -i {base} -map 0:v -map 1:a -t 12 -c copy late.mp4")
        })
        .frames("0:v 0:a")
        .seconds(12.0)
        .offset(3.0),
        row("TS of 204 bytes", |folder| {
            patched(folder, &base_ts(), "parity.ts", |bytes| {
                *bytes = bytes.chunks(188).flat_map(|packet| [packet, &[0xff; 16]].concat()).collect();
            })
        })
        .frames("0:v 0:a")
        .seconds(12.0),
    ]
}

/// 12 s at 48 kHz, in frames of 1024 samples with one that the encoder needs ahead.
/// Of the sound of 8 s that an encoder makes of it.
const SOUND_OF_8: f64 = 376.0 * 1024.0 / 48_000.0;
const SOUND: f64 = 564.0 * 1024.0 / 48_000.0;

/// Without an edit list, the picture is shown once the 80 ms are over that B-frames need ahead. So is all sound but the
/// encoder's own frame, which stands at zero.
const IN_FRAGMENTS: f64 = 0.08 + 563.0 * 1024.0 / 48_000.0;

const FRAGMENTS: &str = "-movflags frag_keyframe+empty_moov+default_base_moof";

/// The base as a transport stream, and again from that second on.
fn repeated(folder: &std::path::Path, from: u32) -> std::path::PathBuf {
    let again = ffmpeg(folder, &format!("-i {{base}} -c copy -output_ts_offset {from} again.ts"));
    let again = std::fs::read(again).unwrap();
    let first = ffmpeg(folder, "-i {base} -c copy first.ts");
    patched(folder, &first, "repeated.ts", |bytes| bytes.extend(again))
}

/// Containers that state what is not so.
fn stated_wrongly() -> Vec<Row> {
    vec![
        row("Matroska with packets of 1 ms", |folder| {
            let right = ffmpeg(folder, &format!("{V} {A} -t 1 {X} {C} right.mkv"));
            patched(folder, &right, "short.mkv", |bytes| {
                // DefaultDuration, four bytes of nanoseconds
                let at = bytes.windows(4).position(|word| word == [0x23, 0xe3, 0x83, 0x84]).unwrap();
                bytes[at + 4..at + 8].copy_from_slice(&1_000_000_u32.to_be_bytes());
            })
        })
        .frames("0:v 0:a")
        .seconds(1.0),
        row("FLV of one second", |folder| ffmpeg(folder, &format!("{V} {A} -t 1 {X} -g 250 {C} short.flv")))
            .frames("0:v 0:a")
            .seconds(1.0),
        row("Matroska from 5 s", |folder| ffmpeg(folder, "-i {base} -c copy -output_ts_offset 5 late.mkv"))
            .frames("0:v 0:a")
            .seconds(12.0),
        row("fragments of unknown length", |folder| {
            let right = ffmpeg(folder, &format!("-i {{base}} -c copy {FRAGMENTS} frag.mp4"));
            patched(folder, &right, "unknown.mp4", |bytes| {
                for (kind, behind) in [(b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)] {
                    let places = bytes.windows(4).enumerate().filter(|(_, word)| word == kind);
                    for at in places.map(|(at, _)| at + behind).collect::<Vec<_>>() {
                        bytes[at..at + 4].fill(0xff);
                    }
                }
            })
        })
        .frames("0:v 0:a")
        .seconds(IN_FRAGMENTS),
    ]
}

/// The largest number where a length stands, or none at all.
fn lengths() -> Vec<Row> {
    let mp4 = |name, words: &'static str, seconds| {
        row(name, move |folder| {
            let right = ffmpeg(folder, &format!("-i {{base}} -c copy {words} right.mp4"));
            patched(folder, &right, "wide.mp4", patch::longest)
        })
        .frames("0:v 0:a")
        .seconds(seconds)
    };
    let mehd = |name, width: usize| {
        row(name, move |folder| {
            let right = ffmpeg(folder, &format!("-i {{base}} -c copy {FRAGMENTS} right.mp4"));
            patched(folder, &right, "mehd.mp4", |bytes| patch::extended(bytes, width))
        })
        .frames("0:v 0:a")
        .seconds(IN_FRAGMENTS)
    };
    let matroska = |name, length: f64| {
        row(name, move |folder| {
            patched(folder, &ffmpeg(folder, "-i {base} -c copy right.mkv"), "long.mkv", |bytes| {
                let at = bytes.windows(3).position(|window| window == [0x44, 0x89, 0x88]).unwrap() + 3;
                bytes[at..at + 8].copy_from_slice(&length.to_be_bytes());
            })
        })
        .frames("0:v 0:a")
        .seconds(12.0)
    };
    vec![
        mp4("lengths of 2^64-1 in MP4", "", 12.0),
        mp4("lengths of 2^64-1 in fragments", FRAGMENTS, IN_FRAGMENTS),
        mehd("2^32-1 in mehd", 4),
        mehd("2^64-1 in mehd", 8),
        matroska("Matroska of 2^32-1 ms", f64::from(u32::MAX)),
        matroska("Matroska of 2^64-1 ms", u64::MAX as f64),
        matroska("Matroska whose length is no number", f64::NAN),
        matroska("Matroska of endless length", f64::INFINITY),
        matroska("Matroska of negative length", -5.0),
    ]
}

/// A conversion keeps every picture.
fn re_encoded() -> Vec<Row> {
    let row = |name, words: &'static str| {
        row(name, move |folder| ffmpeg(folder, &format!("-f lavfi -i testsrc2=size=192x108:{words}")))
            .args("--transcode auto")
    };
    vec![
        row(
            "slow motion",
            "rate=30 -frames:v 64 -vf setpts=if(lt(N\\,30)\\,N/30\\,1+(N-30)/7.5)/TB -vsync vfr -c:v mpeg4 slow.mp4",
        )
        .count(64),
        row("slowed down", "rate=25 -frames:v 64 -vf setpts=PTS*1.37 -vsync vfr -c:v mpeg4 slowed.mkv").count(64),
        row("120 fps", "rate=120 -t 3 -c:v mpeg4 fast.mp4").count(360).seconds(3.0),
        row("AVI", "rate=30 -frames:v 436 -c:v mpeg4 old.avi").count(436).seconds(436.0 / 30.0),
        row("H.264 in AVI", "rate=25 -frames:v 300 -c:v libx264 -bf 2 -preset ultrafast -pix_fmt yuv420p h264.avi")
            .count(300),
        row("10 bits", "rate=25 -t 4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le ten.mp4")
            .count(100)
            .seconds(4.0),
    ]
}

pub(super) fn all() -> Vec<Row> {
    [right_as_they_are(), right_in_other_forms(), stated_wrongly(), re_encoded(), gaps(), changes()]
        .into_iter()
        .flatten()
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_containers_state_is_not_believed() {
    all_right(stated_wrongly().into_iter().chain(lengths()).collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_re_encoding_keeps_every_picture() {
    all_right(re_encoded()).await;
}

fn gaps() -> Vec<Row> {
    vec![
        row("long sound, ask", long_sound).refused(
            "permanent",
            "could not plan the reel without conversion: the sound goes on for 30 s after the picture, so that a still \
             picture has to be made for it",
            None,
        ),
        row("long sound, auto", long_sound)
            .args("--transcode auto")
            .heard()
            .seconds(40.0)
            .offset(0.0)
            .discontinuities(&[3]),
        row("long sound, never", long_sound)
            .args("--transcode never")
            .heard()
            .said("the sound goes on for 30 s after the picture; there is no picture with it")
            .frames("0:v 0:a")
            .seconds(40.0),
        row("one picture and 30 s of sound", |folder| {
            ffmpeg(
                folder,
                &format!("{V} {LONG} -filter_complex [0:v]trim=end_frame=1[v] -map [v] -map 1:a -t 30 {X} {C} one.mp4"),
            )
        })
        .args("--transcode auto")
        .heard()
        .seconds(30.0)
        .offset(0.0),
        row("late picture", late_picture)
            .args("--transcode auto")
            .heard()
            .seconds(15.0)
            .offset(0.0)
            .discontinuities(&[2]),
        row("late picture, never", late_picture)
            .args("--transcode never")
            .heard()
            .said("the sound begins 3 s before the picture; there is no picture with it")
            .frames("0:v 0:a")
            .seconds(15.0),
        row("late picture in a TS", |folder| {
            ffmpeg(folder, "-itsoffset 3 -i {base} -i {base} -map 0:v -map 1:a -c copy late.ts")
        })
        .args("--transcode auto")
        .heard()
        .seconds(15.0)
        .offset(0.0),
        row("TS from the middle of a group of pictures", |folder| {
            patched(folder, &base_ts(), "midgop.ts", |bytes| drop(bytes.drain(..188 * 55)))
        })
        .args("--transcode auto")
        .heard()
        .seconds(12.0)
        .offset(0.0)
        .discontinuities(&[1]),
    ]
}

const LONG: &str = "-f lavfi -i sine=440:sample_rate=48000:duration=40";

fn long_sound(folder: &std::path::Path) -> std::path::PathBuf {
    ffmpeg(folder, &format!("{V} {LONG} -filter_complex [0:v]trim=0:10[v] -map [v] -map 1:a {X} {C} long.mp4"))
}

fn late_picture(folder: &std::path::Path) -> std::path::PathBuf {
    ffmpeg(folder, "-itsoffset 3 -i {base} -i {base} -map 0:v -map 1:a -c copy late.mp4")
}

/// Two transport streams one after the other, as by `cat`.
fn joined(folder: &std::path::Path, second: &str) -> std::path::PathBuf {
    let first = ffmpeg(folder, &format!("{V} {A} -t 8 {X} {C} first.ts"));
    let second = ffmpeg(folder, &format!("{second} -t 8 {X} -output_ts_offset 8 second.ts"));
    let second = std::fs::read(second).unwrap();
    patched(folder, &first, "joined.ts", |bytes| bytes.extend(second))
}

fn changes() -> Vec<Row> {
    let change = |name, second: String| {
        row(name, move |folder| joined(folder, &second)).heard().offset(0.0).discontinuities(&[2])
    };
    let larger = "-f lavfi -i testsrc2=size=320x180:rate=25";
    vec![
        change("change of size", format!("{larger} {A} {C}")).seconds(16.0).count(400),
        change("stereo to mono", format!("{V} {A} -c:a aac -b:a 64k -ac 1")).seconds(16.0).count(400),
        change("48 to 44.1 kHz", format!("{V} {A} -c:a aac -b:a 64k -ac 2 -ar 44100")).seconds(16.0).count(400),
        change("25 to 50 fps", format!("-f lavfi -i testsrc2=size=192x108:rate=50 {A} {C}"))
            .seconds(2.0 * SOUND_OF_8)
            .count(600),
        row("two streams of one kind", |folder| joined(folder, &format!("{V} {A} {C}")))
            // the second begins 80 ms before the first ends, so that times begin anew
            .seconds(16.0)
            .count(400)
            .discontinuities(&[2]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_without_a_picture_is_heard() {
    all_right(gaps()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_a_discontinuity() {
    all_right(changes()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_right_stays_right() {
    all_right(right_as_they_are().into_iter().chain(right_in_other_forms()).collect()).await;
}
