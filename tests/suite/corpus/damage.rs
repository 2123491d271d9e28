//! Files that are not whole, and files that are none.

use super::{
    Row, all_right,
    make::{base, base_ts, ffmpeg, patched},
    row,
};

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
