//! The zips themselves, as others read them.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Cursor, Read},
    path::Path,
};

use super::sandbox::{Reel, Run, Sandbox, client, get_range, tool};
use crate::{
    clips::{Clip, clip},
    stand_in::clients::lambda,
};

/// Every function's zip by its name, downloaded through its link.
async fn zips(sandbox: &Sandbox, prefix: &str) -> BTreeMap<String, (Vec<u8>, String)> {
    let lambda = lambda(sandbox.stand_in.endpoint());
    let mut found = BTreeMap::new();
    let mut marker = None;
    loop {
        let page = lambda.list_functions().set_marker(marker).send().await.unwrap();
        for function in page.functions() {
            let name = function.function_name().unwrap();
            if name.starts_with(prefix) {
                let answer = lambda.get_function().function_name(name).send().await.unwrap();
                let link = answer.code().unwrap().location().unwrap().to_owned();
                let bytes = client().get(link).send().await.unwrap().bytes().await.unwrap().to_vec();
                found.insert(name.to_owned(), (bytes, function.code_sha256().unwrap().to_owned()));
            }
        }
        marker = page.next_marker().map(str::to_owned);
        if marker.is_none() {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unzipper_reads_every_zip() {
    let sandbox = Sandbox::start().await;
    sandbox
        .publish(&clip(Clip::Mp4), &["--name", "zips", "--segment-seconds", "2", "--chunk-mib", "1"])
        .await
        .published();
    let zips = zips(&sandbox, "zipreel-zips-").await;
    assert!(zips.len() > 3, "{:?}", zips.keys());
    for (name, (bytes, _)) in &zips {
        let path = sandbox.path(&format!("{name}.zip"));
        std::fs::write(&path, bytes).unwrap();
        let path = path.to_str().unwrap();
        tool("unzip", &["-tqq", path]);
        let check = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; \
                     assert all(i.flag_bits == 0 and i.compress_type == 0 and not i.extra for i in z.infolist())";
        tool("python3", &["-c", check, path]);
        let streamed = stream(bytes);
        let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        assert_eq!(streamed.len(), archive.len(), "{name}: read from front to back, without the directory");
        for (place, (entry, content)) in streamed.into_iter().enumerate() {
            let mut file = archive.by_index(place).unwrap();
            let mut read = Vec::new();
            file.read_to_end(&mut read).unwrap();
            assert_eq!((file.name().unwrap().into_owned(), read), (entry, content), "{name}");
        }
    }
}

/// Reads a zip as one reads a pipe.
fn stream(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut reader = Cursor::new(bytes);
    let mut entries = Vec::new();
    while let Some(mut file) = zip::read::read_zipfile_from_stream(&mut reader).unwrap() {
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        entries.push((file.name().unwrap().into_owned(), content));
    }
    entries
}

/// What ffmpeg's own hls muxer makes of the clip, by hand.
fn segments_by_hand(folder: &Path, video: &Path) -> Vec<Vec<u8>> {
    let args = ["-v", "error", "-i", video.to_str().unwrap(), "-map", "0:v:0", "-map", "0:a:0", "-c", "copy"];
    let filter = ["-bsf:v", "h264_mp4toannexb,dump_extra=freq=keyframe", "-map_metadata", "-1"];
    let list = folder.join("list.m3u8");
    let muxer = [
        "-f",
        "hls",
        "-hls_segment_options",
        "omit_video_pes_length=0",
        "-hls_time",
        "2",
        "-hls_list_size",
        "0",
        list.to_str().unwrap(),
    ];
    tool("ffmpeg", &[&args[..], &filter[..], &muxer[..]].concat());
    let text = std::fs::read_to_string(&list).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(|name| std::fs::read(folder.join(name)).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cutting_at_the_byte_ranges_gives_back_the_segments() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::Mp4);
    let run = sandbox.publish(&video, &["--name", "cut", "--segment-seconds", "2"]).await;
    let reel = Reel::of(&run).await;
    let by_hand = segments_by_hand(crate::clips::scratch().path(), &video);
    let ranges = reel.ranges();
    assert_eq!(ranges.len(), by_hand.len());
    let zips = zips(&sandbox, "zipreel-cut-").await;
    for (place, ((url, offset, length), expected)) in ranges.iter().zip(&by_hand).enumerate() {
        let range = get_range(url, *offset, *length).await;
        let number = url.rsplit('/').next().unwrap().strip_suffix(".ts").unwrap();
        let (zip, _) = zips.iter().find(|(name, _)| name.ends_with(number)).unwrap().1;
        assert!(zip[*offset as usize..(offset + length) as usize] == range, "segment {place}: gate and zip differ");
        assert_eq!(range.len() % 188, 0, "whole transport packets");
        let (made, wanted) = (payloads(&range), payloads(expected));
        assert!(made == wanted, "segment {place}: {} and {} packets differ", made.len(), wanted.len());
    }
}

/// Transport packets of the media streams: tables (PAT, SDT, PMT) may name the muxer.
fn payloads(segment: &[u8]) -> Vec<&[u8]> {
    let pid = |packet: &&[u8]| (u16::from(packet[1] & 0x1f) << 8) | u16::from(packet[2]);
    segment.chunks(188).filter(|packet| (0x100..0x1000).contains(&pid(packet))).collect()
}

fn hashes(run: &Run, zips: &BTreeMap<String, (Vec<u8>, String)>) -> BTreeMap<String, String> {
    let generation = run.published()["generation"].as_str().unwrap().to_owned();
    let chunks = zips.iter().filter(|(name, _)| name.contains(&generation));
    chunks.map(|(name, (_, sha256))| (name.clone(), sha256.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_input_gives_the_same_chunks_on_every_run() {
    let mut seen = Vec::new();
    for state in ["first", "second"] {
        let sandbox = Sandbox::start().await;
        let run = sandbox
            .publish_in(state, &clip(Clip::Mp4), &["--name", "same", "--segment-seconds", "2", "--chunk-mib", "4"])
            .await;
        let zips = zips(&sandbox, "zipreel-same-").await;
        seen.push(hashes(&run, &zips));
    }
    assert!(seen[0].len() > 1, "{seen:?}");
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_name_fits() {
    let sandbox = Sandbox::start().await;
    let name = "a".repeat(32);
    sandbox.publish(&clip(Clip::Silent), &["--name", &name]).await.published();
    let zips = zips(&sandbox, &format!("zipreel-{name}-")).await;
    assert!(zips.len() >= 2 && zips.keys().all(|name| name.len() <= 64), "{:?}", zips.keys());
}
