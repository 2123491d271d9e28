//! Encrypted files of every kind, and what looks like one.

use std::path::{Path, PathBuf};

use super::{
    Row, all_right,
    make::{base, base_ts, ffmpeg, patched},
    patch, row,
};

pub(super) const KEY: &str = "-encryption_scheme cenc-aes-ctr -encryption_key 00112233445566778899aabbccddeeff -encryption_kid \
                   00112233445566778899aabbccddeeff";
const FRAGMENTS: &str = "-movflags frag_keyframe+empty_moov+default_base_moof";

fn cenc(folder: &Path) -> PathBuf {
    ffmpeg(folder, &format!("-i {{base}} -c copy {KEY} cenc.mp4"))
}

fn fragmented_cenc(folder: &Path) -> PathBuf {
    ffmpeg(folder, &format!("-i {{base}} -c copy {FRAGMENTS} {KEY} fragments.mp4"))
}

/// The sample entries are called as in a clear file.
fn renamed(bytes: &mut [u8]) {
    for (from, to) in [(b"encv", b"avc1"), (b"enca", b"mp4a")] {
        while let Some(at) = bytes.windows(4).position(|window| window == from) {
            bytes[at..at + 4].copy_from_slice(to);
        }
    }
}

fn locked(row: Row, what: &str, how: &str) -> Row {
    row.refused("permanent", &format!("could not plan the reel: the {what} is encrypted (`{how}`)"), None)
}

fn mp4s() -> Vec<Row> {
    wholly_encrypted().into_iter().chain(partly_encrypted()).collect()
}

fn wholly_encrypted() -> Vec<Row> {
    vec![
        locked(row("cenc", cenc), "video", "cenc"),
        locked(row("cenc, allowed to convert", cenc).args("--transcode auto"), "video", "cenc"),
        locked(row("cenc in fragments", fragmented_cenc), "video", "cenc"),
        locked(
            row("cenc with avc1 put back", |folder| {
                patched(folder, &cenc(folder), "named.mp4", |bytes| renamed(bytes))
            }),
            "video",
            "cenc",
        ),
        locked(
            row("cenc in fragments with avc1 put back", |folder| {
                patched(folder, &fragmented_cenc(folder), "named.mp4", |bytes| renamed(bytes))
            }),
            "video",
            "cenc",
        ),
    ]
}

fn partly_encrypted() -> Vec<Row> {
    vec![
        locked(
            row("a lead in clear before cenc", |folder| {
                let clear = ffmpeg(folder, &format!("-i {{base}} -c copy {FRAGMENTS} clear.mp4"));
                let clear = std::fs::read(clear).unwrap();
                patched(folder, &fragmented_cenc(folder), "lead.mp4", |bytes| {
                    renamed(bytes);
                    let first = patch::first_fragment(bytes).len();
                    let (head, rest) = patch::fragments(bytes);
                    *bytes = [head, patch::first_fragment(&clear), &rest[first..]].concat();
                    patch::describe_clear(bytes, &clear);
                })
            }),
            "video",
            "cenc",
        ),
        locked(
            row("cbcs", |folder| patched(folder, &base(), "cbcs.mp4", |bytes| patch::protect(bytes, 0, b"cbcs"))),
            "video",
            "cbcs",
        ),
        locked(
            row("encrypted sound beside clear video", |folder| {
                patched(folder, &base(), "sound.mp4", |bytes| patch::protect(bytes, 1, b"cenc"))
            }),
            "sound",
            "cenc",
        ),
        row("an encrypted track that is left out", |folder| {
            let two = ffmpeg(folder, "-i {base} -map 0:v -map 0:a -map 0:a -c copy two.mp4");
            patched(folder, &two, "other.mp4", |bytes| patch::protect(bytes, 2, b"cenc"))
        })
        .frames("0:v:0 0:a:0")
        .seconds(12.0),
        row("a name that says sinf", |folder| {
            ffmpeg(folder, "-i {base} -c copy -metadata title=sinf-schm-cenc-tenc-encv named.mp4")
        })
        .frames("0:v 0:a"),
        locked(
            row("ffprobe fails on senc", |folder| {
                patched(folder, &cenc(folder), "senc.mp4", |bytes| {
                    let senc = bytes.windows(4).position(|window| window == b"senc").unwrap();
                    bytes[senc + 8..senc + 12].fill(0xff);
                })
            }),
            "video",
            "cenc",
        ),
    ]
}

fn others() -> Vec<Row> {
    vec![
        locked(
            row("Matroska with ContentEncryption", |folder| {
                let live = ffmpeg(folder, "-i {base} -c copy -live 1 live.mkv");
                patched(folder, &live, "locked.mkv", patch::encrypt_matroska)
            }),
            "video",
            "ContentEncryption",
        ),
        locked(
            row("WebM with ContentEncryption", |folder| {
                let words = "-f lavfi -i testsrc2=size=192x108:rate=25 -t 2 -c:v libvpx -deadline realtime -live 1";
                let live = ffmpeg(folder, &format!("{words} live.webm"));
                patched(folder, &live, "locked.webm", patch::encrypt_matroska)
            }),
            "video",
            "ContentEncryption",
        ),
        locked(
            row("SAMPLE-AES", |folder| {
                patched(folder, &base_ts(), "sample.ts", |bytes| {
                    patch::packets(bytes, |pid, packet| {
                        if pid == 0x1000 {
                            patch::retype(packet, 0x1b, 0xdb);
                        }
                    });
                })
            }),
            "video",
            "SAMPLE-AES",
        ),
        locked(
            row("a scrambled transport stream", |folder| {
                patched(folder, &base_ts(), "scrambled.ts", |bytes| {
                    // a lead in clear, so that the streams are known
                    let lead = bytes.len() / 188 / 4 * 188;
                    patch::packets(&mut bytes[lead..], |pid, packet| {
                        if pid == 0x100 {
                            packet[3] |= 0x80;
                            packet[40..].iter_mut().for_each(|byte| *byte ^= 0x5a);
                        }
                    });
                })
            }),
            "video",
            "scrambled",
        ),
    ]
}

pub(super) fn all() -> Vec<Row> {
    mp4s().into_iter().chain(others()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_locked_is_refused_before_a_byte_leaves() {
    all_right(all()).await;
}
