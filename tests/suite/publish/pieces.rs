//! A segment and its pieces are the same bytes: each piece plays alone, and together they are the segment.

use std::{fs, path::Path};

use super::{
    frames::framemd5,
    sandbox::{Reel, Run, Sandbox, client, get, get_range, tool},
};
use crate::{
    clips::{Clip, clip},
    events,
    mishap::account::{chunks, delete_function, functions, is_whole, zipreel},
    players::programs::packets,
};

const CUT: [&str; 4] = ["--name", "fine", "--segment-seconds", "7"];

/// What a playlist of byte ranges leads to, and the names of the pieces for the relay.
async fn parts(reel: &Reel) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (url, offset, length) in reel.ranges() {
        all.push(get_range(&url, offset, length).await);
    }
    all
}

/// The same reel in pieces.
async fn seek(run: &Run) -> Reel {
    let multivariant = get(run.published()["seek"].as_str().unwrap()).await;
    let uri = multivariant.lines().rfind(|line| !line.starts_with('#')).unwrap();
    assert!(uri.ends_with("/src.seek.m3u8"), "{multivariant}");
    let url = format!("{}{uri}", run.playlist().strip_suffix("index.m3u8").unwrap());
    let media = get(&url).await;
    Reel { multivariant, media, url }
}

/// What the relay gives for each piece, by the playlist that browsers read.
async fn relayed(run: &Run) -> Vec<Vec<u8>> {
    let multivariant = get(&run.playlist().replace("index.m3u8", "index.relay.m3u8")).await;
    let uri = multivariant.lines().rfind(|line| !line.starts_with('#')).unwrap();
    let media = get(&format!("{}{uri}", run.playlist().strip_suffix("index.m3u8").unwrap())).await;
    let mut all = Vec::new();
    for link in media.lines().filter(|line| !line.starts_with('#')) {
        assert!(link.contains("/src/pieces/"), "{media}");
        all.push(client().get(link).send().await.unwrap().bytes().await.unwrap().to_vec());
    }
    all
}

/// Frames that this alone decodes to, behind its init section if there is one.
fn pictures(file: &Path, init: &[u8], piece: &[u8]) -> Vec<String> {
    fs::write(file, [init, piece].concat()).unwrap();
    framemd5(&tool("ffmpeg", &["-v", "error", "-i", file.to_str().unwrap(), "-map", "0:v", "-f", "framemd5", "-"]))
}

fn tags<'a>(media: &'a str, tag: &'a str) -> impl Iterator<Item = f64> + 'a {
    media.lines().filter_map(move |line| line.strip_prefix(tag)?.trim_end_matches(',').parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_are_segments_end_to_end_and_each_plays_alone() {
    let sandbox = Sandbox::start().await;
    for (kind, container) in [(Clip::Mp4, "ts"), (Clip::OpenGop, "ts"), (Clip::Mp4, "mp4")] {
        let video = clip(kind);
        let run = sandbox.publish(&video, &[&CUT[..], &["--replace", "--container", container]].concat()).await;
        let (long, fine) = (Reel::of(&run).await, seek(&run).await);
        let (segments, pieces) = (parts(&long).await, parts(&fine).await);
        assert_eq!((segments.len(), pieces.len()), (5, 13), "{kind:?} {container}: {}", fine.media);
        assert!(segments.concat() == pieces.concat(), "{kind:?} {container}");
        assert!(pieces == relayed(&run).await, "{kind:?} {container}");
        let [whole, of_pieces] = [&long.media, &fine.media].map(|media| tags(media, "#EXTINF:").sum::<f64>());
        assert!((whole - of_pieces).abs() < 1e-3, "{kind:?} {container}: {whole} {of_pieces}");
        assert_eq!(tags(&fine.media, "#EXT-X-TARGETDURATION:").next(), Some(2.0), "{}", fine.media);
        // the one keyframe that is no IDR picture, or is behind the first, makes pieces depend on those before
        let independent = kind != Clip::OpenGop;
        assert_eq!(fine.media.contains("INDEPENDENT-SEGMENTS"), independent, "{kind:?} {container}: {}", fine.media);
        assert_eq!(fine.multivariant.contains("INDEPENDENT-SEGMENTS"), independent, "{}", fine.multivariant);
        let init = match container {
            "mp4" => client().get(fine.url.replace(".seek.m3u8", "-init.mp4")).send().await.unwrap().bytes().await,
            _ => Ok(Default::default()),
        };
        let init = init.unwrap();
        let source = super::frames::source_hashes(&video, "0:v");
        let mut decoded = 0;
        for (number, piece) in pieces.iter().enumerate() {
            let alone = pictures(&sandbox.path("piece"), &init, piece);
            // pictures that lead up to an open keyframe are made of others from before
            let leading = if independent || number == 0 { 0 } else { 3 };
            let [all, _] = packets(&sandbox.path("piece"));
            let here = &source[decoded + leading..decoded + all];
            assert!(alone.ends_with(here) && all > leading, "{kind:?} {container}: piece {number}");
            decoded += all;
        }
        assert_eq!(decoded, source.len(), "{kind:?} {container}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_in_pieces_is_checked_mended_taken_up_again_and_deleted() {
    let sandbox = Sandbox::start().await;
    let args = [&CUT[..], &["--chunk-mib", "2"]].concat();
    let run = sandbox.publish(&clip(Clip::Mp4), &args).await;
    let pieces = parts(&seek(&run).await).await;
    let info = events::last(&zipreel(&sandbox, &["info", "fine", "--json"]).await.ended(0).out);
    assert_eq!(info["seek_playlist"], run.published()["seek"]);
    is_whole(&sandbox, "fine").await;
    let there = functions(&sandbox).await;
    let names: Vec<_> = chunks(&there).into_keys().collect();
    assert!(names.len() > 1, "{names:?}");
    let video = clip(Clip::Mp4);
    delete_function(&sandbox, &names[1]).await;
    zipreel(&sandbox, &["check", "fine", "--repair", video.to_str().unwrap()]).await.ended(0);
    assert_eq!(functions(&sandbox).await, there, "the same chunks, and the same index");
    // another machine, with some of the chunks and no index
    delete_function(&sandbox, "zipreel-fine-index").await;
    delete_function(&sandbox, &names[0]).await;
    let again = sandbox.publish_in("elsewhere", &video, &args).await;
    assert!(parts(&seek(&again).await).await == pieces);
    is_whole(&sandbox, "fine").await;
    zipreel(&sandbox, &["delete", "fine", "--yes"]).await.ended(0);
    assert!(functions(&sandbox).await.keys().all(|name| !name.contains("fine")));
}
