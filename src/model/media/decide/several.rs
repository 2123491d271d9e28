//! Plans with several sound tracks.

use super::tests::{media, stream};
use super::*;
use crate::model::media::{
    arguments::Dialect,
    container::WantedContainer,
    facts::{Wanted, WantedLoudness, WantedTracks},
};

fn arguments(plan: &MediaPlan) -> String {
    plan.arguments(Duration::from_secs(6), Dialect { fps_mode: true, segment_options: true, tone_map: true }).join(" ")
}

/// Pictures, and sound in these codecs, all in the same language.
fn film(codecs: &[(&str, u32)], sounds: &str) -> Media {
    let mut media = media();
    media.streams.truncate(1);
    media.streams.extend((1..).zip(codecs).map(|(index, (codec, channels))| Stream {
        channels: *channels,
        language: Some("eng".into()),
        ..stream(index, Kind::Audio, codec)
    }));
    media.wanted.sounds = Some(sounds.parse().unwrap());
    media
}

/// The stream, and whether it is copied, of each rendition of sound.
fn sounds(plan: &MediaPlan) -> Vec<(u32, bool)> {
    plan.sounds.iter().map(|sound| (sound.plan.stream.index, sound.plan.action == Action::Copy)).collect()
}

#[test]
fn one_stereo_track_stays_with_the_picture() {
    for (codecs, sounds) in [(vec![("aac", 2)], "all"), (vec![("opus", 2)], "all"), (vec![("aac", 2), ("aac", 2)], "2")]
    {
        let media = film(&codecs, sounds);
        let plan = decide(&media, Transcode::Auto).unwrap();
        assert!(plan.sounds.is_empty() && plan.audio.is_some() && plan.parts() == [plan.clone()], "{codecs:?}");
        assert_eq!(plan.wanted.sounds, None, "as older versions would make it");
        let one = Media { wanted: plan.wanted, ..media };
        let same = decide(&one, Transcode::Auto).unwrap();
        assert_eq!(arguments(&same), arguments(&plan));
        assert!(!arguments(&plan).contains("output_ts_offset"));
    }
}

#[test]
fn renditions_read_the_same_streams_by_one_clock() {
    let plan = decide(&film(&[("aac", 2), ("aac", 2)], "all"), Transcode::Never).unwrap();
    let parts = plan.parts();
    let told: Vec<(String, String)> = parts.iter().map(|part| (arguments(part), part.companions().join(" "))).collect();
    assert!(told.iter().all(|(own, _)| own.ends_with("-output_ts_offset 10")), "{told:?}");
    let others: Vec<&str> = told.iter().map(|(_, others)| others.as_str()).collect();
    let rest = "-c copy -f null -";
    assert_eq!(
        others,
        [format!("-map 0:1 -map 0:2 {rest}"), format!("-map 0:0 -map 0:2 {rest}"), format!("-map 0:0 -map 0:1 {rest}")]
    );
    assert!(plan.is_deterministic() && plan.audio.is_none() && !plan.fills);
    assert_eq!(plan.wanted, Wanted { sounds: Some(WantedTracks::All), copies: true, ..Wanted::default() });
}

#[test]
fn what_can_only_be_re_encoded_is_left_out_unless_it_is_allowed_named_or_the_one_to_begin_with() {
    let media = film(&[("aac", 2), ("ac3", 6), ("aac", 6)], "all");
    let never = decide(&media, Transcode::Never).unwrap();
    assert_eq!(sounds(&never), [(1, true), (3, true)]);
    assert!(
        never.sentences()[2].ends_with("left out (it would have to be converted: `--transcode auto` publishes it too)")
    );
    let auto = decide(&media, Transcode::Auto).unwrap();
    assert_eq!(sounds(&auto), [(1, true), (2, false), (3, false), (2, true), (3, true)]);
    assert_eq!(auto.optional, [2, 3]);
    // published without, it is mended without
    let again = decide(&Media { wanted: never.wanted, ..media.clone() }, Transcode::Auto).unwrap();
    assert_eq!(sounds(&again), sounds(&never));
    for refused in [film(&[("ac3", 6), ("aac", 2)], "all"), film(&[("aac", 2), ("ac3", 6)], "1,2")] {
        let text = decide(&refused, Transcode::Ask).unwrap_err().to_string();
        assert!(text.ends_with("AC-3 5.1 48 kHz (eng) is AC-3, which few players take"), "{text}");
    }
}

#[test]
fn sound_for_some_players_has_stereo_beside_it_where_that_may_be_made() {
    for (codec, said) in [
        ("aac", "copied as it is (AAC stereo beside it)"),
        ("ac3", "converted to AAC stereo, since it is AC-3, which few players take (copied as it is beside that)"),
    ] {
        let media = film(&[(codec, 6)], "all");
        let plan = decide(&media, Transcode::Auto).unwrap();
        assert_eq!(sounds(&plan), [(1, false), (1, true)]);
        assert!(plan.sentences()[1].ends_with(said), "{:?}", plan.sentences());
        assert!(decide(&media, Transcode::Never).is_ok_and(|plan| plan.sounds.is_empty()) == (codec == "aac"));
    }
}

#[test]
fn what_is_no_sound_for_certain_is_never_taken() {
    let mut media = film(&[("aac", 2), ("aac", 2), ("", 2), ("aac", 0), ("aac", 2)], "all");
    media.streams[5].tag = "enca".into();
    let plan = decide(&media, Transcode::Auto).unwrap();
    assert_eq!(sounds(&plan), [(1, true), (2, true)]);
    let said = plan.sentences();
    for (place, why) in [(3, "ffmpeg does not know its codec"), (4, "it is damaged: ffmpeg finds no sound in it")] {
        assert!(said[place].ends_with(&format!("left out ({why})")), "{said:?}");
    }
}

#[test]
fn sound_that_is_to_be_normalized_is_encoded_alone_and_nothing_else_is() {
    let wide = film(&[("aac", 6), ("ac3", 2), ("opus", 2)], "all");
    for transcode in [Transcode::Ask, Transcode::Auto] {
        let mut media =
            Media { wanted: Wanted { loudness: WantedLoudness::Normalized, ..wide.wanted }, ..wide.clone() };
        let plan = decide(&media, transcode).unwrap();
        assert_eq!(sounds(&plan), [(1, false), (2, false), (3, false)], "asking for it allows what it takes");
        assert_eq!(plan.video.as_ref().unwrap().action, Action::Copy);
        assert!(plan.optional.is_empty() && plan.wanted.loudness.is_normalized());
        let part = plan.parts().pop().unwrap();
        assert!(
            arguments(&part).contains("loudnorm=I=-16:TP=-1.5:LRA=11"),
            "told apart from what is as loud as it was"
        );
        let measured = Some(Loudness { true_peak: Some(-9.0), ..Loudness::of(-23.0, -33.0) });
        assert!(arguments(&MediaPlan { measured, ..part }).contains(":measured_I=-23.0:"));
        media.wanted.loudness = WantedLoudness::Measured;
        let parts = decide(&media, transcode).unwrap().parts();
        assert!(parts.iter().all(|part| !arguments(part).contains("loudnorm")));
    }
    let never = Media { wanted: Wanted { loudness: WantedLoudness::Normalized, ..wide.wanted }, ..wide };
    let refusal = decide(&never, Transcode::Never).unwrap_err();
    assert!(matches!(refusal, MediaRefusal::NeedsTranscode { ruled_out: true, .. }), "{refusal:?}");
}

#[test]
fn each_track_of_sound_alone_is_a_rendition_where_there_are_several() {
    let alone = |codecs: &[(&str, u32)], sounds| {
        let mut media = film(codecs, sounds);
        media.streams.remove(0);
        media
    };
    let plan = decide(&alone(&[("aac", 2), ("aac", 2), ("aac", 2)], "1,3"), Transcode::Never).unwrap();
    assert_eq!(sounds(&plan), [(1, true), (3, true)]);
    let parts = plan.parts();
    assert!(parts.len() == 2 && parts.iter().all(|part| part.video.is_none() && part.audio.is_some()), "{parts:?}");
    assert_eq!(plan.face().map(|stream| stream.index), Some(1), "the poster shows the sound that players begin with");
    for codec in [("aac", 2), ("mp3", 2)] {
        let plan = decide(&alone(&[codec], "all"), Transcode::Auto).unwrap();
        assert!(plan.sounds.is_empty() && plan.audio.is_some(), "one track that all play is the reel: {codec:?}");
    }
    for codec in [("aac", 6), ("ac3", 2), ("eac3", 6)] {
        let media = alone(&[codec], "all");
        let plan = decide(&media, Transcode::Auto).unwrap();
        assert_eq!(sounds(&plan), [(1, false), (1, true)], "{codec:?}");
        let older = Media { wanted: Wanted { sounds: None, ..media.wanted }, ..media };
        let plan = decide(&older, Transcode::Auto).unwrap();
        assert!(plan.sounds.is_empty() && plan.audio.is_some(), "as it was published before, it is mended: {codec:?}");
    }
}

#[test]
fn a_codec_that_a_player_may_lack_has_aac_beside_it_where_another_track_is_in_another() {
    let mut media = film(&[("aac", 2), ("opus", 2)], "all");
    media.wanted.container = WantedContainer::Mp4;
    let auto = decide(&media, Transcode::Auto).unwrap();
    assert_eq!(sounds(&auto), [(1, true), (2, false), (2, true)]);
    let groups: Vec<String> = auto.sounds.iter().map(|sound| sound.told.groups.join(",")).collect();
    assert_eq!(groups, ["aac,opus", "aac", "opus"]);
    assert!(auto.sentences()[2].ends_with("copied as it is (AAC stereo beside it)"), "{:?}", auto.sentences());
    let never = decide(&media, Transcode::Never).unwrap();
    assert_eq!(sounds(&never), [(1, true), (2, true)]);
    let is_said = |plan: &MediaPlan| plan.warnings.iter().any(|words| words.ends_with("Safari from version 17 on"));
    assert!(is_said(&never) && !is_said(&auto), "{:?} {:?}", never.warnings, auto.warnings);
    media.streams[1].codec = "opus".into();
    let one = decide(&media, Transcode::Auto).unwrap();
    assert!(sounds(&one) == [(1, true), (2, true)] && is_said(&one), "all in one codec");
}
