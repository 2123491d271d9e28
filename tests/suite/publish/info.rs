//! What `zipreel info` knows of a reel, held against the playlists, the functions and the links themselves.

use std::fs;

use serde_json::Value;
use zipreel::model::wording;

use super::{
    sandbox::{Reel, Sandbox, client, get, get_range},
    subtitles::film,
};
use crate::{
    account::secrets,
    clips::{Clip, clip, scratch},
    events,
    mishap::account::{functions, zipreel},
    stand_in::clients::Fixture,
};

const CUT: [&str; 4] = ["--segment-seconds", "2", "--chunk-mib", "1"];

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_answers_and_every_chunk_and_segment_is_there() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Silent), &[&["--name", "m"][..], &CUT].concat()).await.published();
    let replaced = sandbox.publish(&clip(Clip::Mp4), &[&["--name", "m", "--replace"][..], &CUT].concat()).await;
    let (published, reel) = (replaced.published(), Reel::of(&replaced).await);
    let info = events::last(&zipreel(&sandbox, &["info", "m", "--json"]).await.ended(0).out);
    for name in ["watch", "playlist", "generation", "chunks", "segments"] {
        assert_eq!(info[name], published[name], "{name}");
    }
    assert_eq!((&info["seek_playlist"], &published["seek"]), (&Value::Null, &Value::Null), "it has no pieces");
    let rendition = &list(&info, "renditions")[0];
    assert_eq!(rendition["playlist"], reel.url);
    let names = ["watch", "playlist", "absolute_playlist", "relay_playlist", "poster", "oembed"];
    for link in names.map(|name| &info[name]).into_iter().chain([&rendition["playlist"]]) {
        let answer = client().get(link.as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{link}");
    }
    let (chunks, there) = (list(rendition, "chunks"), functions(&sandbox).await);
    for chunk in chunks {
        assert_eq!(there[chunk["function"].as_str().unwrap()], chunk["sha256"], "{chunk}");
    }
    let bytes = |rows: &[Value]| rows.iter().map(|row| row["bytes"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(bytes(chunks), info["bytes"].as_u64().unwrap());
    let segments: Vec<Value> = chunks.iter().flat_map(|chunk| list(chunk, "segments").clone()).collect();
    let ranges = reel.ranges();
    assert_eq!(segments.len(), ranges.len());
    for (segment, (url, offset, length)) in segments.iter().zip(ranges) {
        assert_eq!(segment["bytes"], length);
        get_range(&url, offset, length).await;
    }
    let seconds: f64 = segments.iter().map(|segment| segment["seconds"].as_f64().unwrap()).sum();
    assert!((seconds - info["seconds"].as_f64().unwrap()).abs() < 0.01, "{seconds}");
    let retired = list(&info, "retired");
    assert!(retired.len() == 1 && retired[0]["until"].as_str().unwrap().ends_with('Z'), "{retired:?}");
    assert_eq!(info["dollars"], Value::Null, "the stand-in costs nothing");

    let said = zipreel(&sandbox, &["info", "m"]).await.ended(0).out;
    for link in names {
        assert!(said.contains(info[link].as_str().unwrap()), "{link}: {said}");
    }
    let longest = segments.iter().map(|segment| segment["seconds"].as_f64().unwrap()).fold(0.0, f64::max);
    let length = format!(", in {} segments of up to {longest:.1} s\n", segments.len());
    assert!(said.contains(&length) && !said.contains("index.seek.m3u8"), "{length}: {said}");
    let old = retired[0]["generation"].as_str().unwrap();
    for words in ["H.264 ", "AAC", "Chunks\n  1 ", "served now"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let line = said.lines().find(|line| line.trim_start().starts_with(old)).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("replaced; served until 20"), "{line}");
    assert!(!said.contains("costs about"), "{said}");
    assert!(said.ends_with("\n\nWatching costs nothing: it is served from this computer\n"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn subtitles_and_chapters_are_told_as_the_playlist_has_them() {
    let (sandbox, folder) = (Sandbox::start().await, scratch());
    let video = film(folder.path());
    fs::copy(folder.path().join("a.srt"), folder.path().join("film.fr.sdh.srt")).unwrap();
    let run = sandbox.publish(&video, &[&["--name", "m"][..], &CUT].concat()).await;
    let multivariant = get(&run.playlist()).await;
    let info = events::last(&zipreel(&sandbox, &["info", "m", "--json"]).await.ended(0).out);
    let said = zipreel(&sandbox, &["info", "m"]).await.ended(0).out;
    let subtitles = list(&info, "subtitles");
    let languages: Vec<_> = subtitles.iter().map(|told| told["language"].as_str().unwrap()).collect();
    assert_eq!(languages, ["en", "de", "fr"], "{said}");
    for told in subtitles {
        let [track, name, playlist] = ["track", "name", "playlist"].map(|field| told[field].as_str().unwrap());
        assert!(get(playlist).await.starts_with("#EXTM3U"), "{playlist}");
        let mut named = multivariant.lines().filter(|line| line.contains(&format!("/{track}.m3u8\"")));
        assert!(named.any(|line| line.contains(&format!("NAME=\"{name}\""))), "{told}: {multivariant}");
        let lines: Vec<_> = said.lines().filter(|line| line.trim_start().starts_with(track)).collect();
        assert!(lines.len() == 2 && lines[0].ends_with(playlist) && lines[1].contains(name), "{track}: {said}");
        let is_impaired = told["language"] == "fr";
        assert_eq!(told["hearing_impaired"], is_impaired, "{told}");
        assert_eq!(lines[1].contains("for the hard of hearing"), is_impaired, "{said}");
        assert_eq!(lines[1].contains("players begin with them"), told["default"] == true, "{told}: {said}");
    }
    let chapters = list(&info, "chapters");
    let titles: Vec<_> = chapters.iter().map(|chapter| chapter["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Begin", "End & <all>"]);
    assert!((chapters[1]["from"].as_f64().unwrap() - 4.0).abs() < 0.1, "{chapters:?}");
    assert!(said.contains("\nChapters\n  0:00        Begin\n") && said.contains("  End & <all>\n"), "{said}");
    assert!(info["captions"] == false && !said.contains("CEA-608"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_account_it_says_what_watching_costs() {
    let fixture = Fixture::start().await;
    assert!(secrets::publish(&fixture, &[], &clip(Clip::Silent)).await.status.success());
    let said = async |args: &[&str]| {
        let output = secrets::zipreel(&fixture, args).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    said(&["relay", "off", "--yes", "--target", "aws"]).await;
    let args = ["info", secrets::REEL, "--target", "aws", "--json"];
    let info = events::last(&said(&args).await);
    let million = info["dollars"]["million_views"].as_f64().unwrap();
    assert!(million > 0.0 && info["relay"] == false && info["relay_playlist"].is_null(), "{info}");
    let text = said(&args[..4]).await;
    assert!(
        text.contains(&format!("{}  ", wording::dollars(million / 1e3))) && text.contains("off: browsers other than"),
        "{text}"
    );
    assert!(!text.contains("costs nothing"), "{text}");
}
