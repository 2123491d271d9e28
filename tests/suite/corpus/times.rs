//! Timestamps of every kind.

use super::{
    Row, all_right,
    make::{base, base_ts, ffmpeg, patched},
    row,
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_right_stays_right() {
    all_right(right_as_they_are()).await;
}
