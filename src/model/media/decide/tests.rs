use super::*;
use crate::model::media::{
    arguments::Dialect,
    container::WantedContainer,
    facts::{Aside, DolbyVision, FirstField, Hidden, Keyframes, Wanted},
    structure::Structure,
};

const NOW: Dialect = Dialect { fps_mode: true, segment_options: true, tone_map: true };
const OLD: Dialect = Dialect { fps_mode: false, segment_options: false, tone_map: false };
type Change = fn(&mut Media);

const SIX: Duration = Duration::from_secs(6);

pub(super) fn stream(index: u32, kind: Kind, codec: &str) -> Stream {
    Stream {
        index,
        id: None,
        kind,
        codec: codec.to_owned(),
        tag: String::new(),
        profile: None,
        level: None,
        pixel_format: Some("yuv420p".to_owned()),
        width: 1920,
        height: 1080,
        sample_aspect: None,
        rotation: 0,
        mirrored: false,
        interlaced: false,
        untold_fields: None,
        clock: None,
        frame_rate: Ratio::new(30000, 1001),
        base_frame_rate: Ratio::new(30000, 1001),
        transfer: None,
        dolby_vision: None,
        channels: 2,
        sample_rate: 48_000,
        bit_rate: None,
        duration: None,
        frames: None,
        language: None,
        title: None,
        start: Some(0.0),
        called: None,
        default: false,
        aside: None,
        forced: false,
        hearing_impaired: false,
        closed_captions: false,
    }
}

fn keyframes(mean: f64, max: f64) -> Keyframes {
    let span = Duration::from_secs_f64;
    Keyframes { mean: span(mean), max: span(max), at_least: false, open: false, untimed: false, largest_bytes: 0 }
}

pub(super) fn media() -> Media {
    Media {
        container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
        duration: Some(Duration::from_secs(600)),
        bytes: 400_000_000,
        bit_rate: Some(5_000_000),
        streams: vec![stream(0, Kind::Video, "h264"), stream(1, Kind::Audio, "aac")],
        keyframes: Some(keyframes(2.0, 2.0)),
        hidden: Hidden::default(),
        structure: Structure::default(),
        programmes: Vec::new(),
        chapters: Vec::new(),
        begins: 0.0,
        wanted: Wanted::default(),
    }
}

fn planned(change: impl FnOnce(&mut Media)) -> MediaPlan {
    let mut media = media();
    change(&mut media);
    decide(&media, Transcode::Auto).unwrap()
}

fn refused(change: impl FnOnce(&mut Media)) -> MediaRefusal {
    let mut media = media();
    change(&mut media);
    decide(&media, Transcode::Never).unwrap_err()
}

fn arguments(plan: &MediaPlan, dialect: Dialect) -> String {
    plan.arguments(SIX, dialect).join(" ")
}

#[test]
fn each_obstacle_to_a_copy_is_given_in_words() {
    let cases: [(Change, &str); 8] = [
        (|media| media.streams[0].pixel_format = Some("yuv422p".into()), "few players take (yuv422p)"),
        (|media| media.streams[0].pixel_format = None, "few players take (unknown)"),
        (|media| media.streams[0].rotation = 270, "is turned by 270°, which MPEG-TS can't say"),
        (|media| media.streams[0].mirrored = true, "is mirrored, which MPEG-TS can't say"),
        (|media| media.hidden.video = SIX, "was trimmed: the 6 s cut out are still in the file"),
        (|media| media.keyframes.as_mut().unwrap().untimed = true, "without presentation times"),
        (|media| media.hidden.audio = SIX, "#1 audio  AAC stereo 48 kHz was trimmed: the 6 s cut out"),
        (|media| media.streams[1].profile = Some("xHE-AAC".into()), "is AAC xHE-AAC, which few players take"),
    ];
    for (change, words) in cases {
        let text = refused(change).to_string();
        assert!(text.contains(words), "{text}");
    }
    let fine: [Change; 4] = [
        |media| media.streams[0].interlaced = true,
        |media| media.streams[0].pixel_format = Some("yuvj420p".into()),
        |media| media.streams[1].profile = Some("HE-AACv2".into()),
        |media| media.hidden = Hidden { video: Duration::from_millis(2), audio: Duration::from_millis(200) },
    ];
    fine.into_iter().for_each(|change| assert!(planned(change).is_deterministic()));
}

#[test]
fn locked_and_unknown_videos_are_refused_whatever_is_allowed() {
    let encrypted = |tag: &str| {
        let mut media = media();
        media.streams[0].tag = tag.to_owned();
        decide(&media, Transcode::Auto)
    };
    assert_eq!(encrypted("encv"), Err(MediaRefusal::Encrypted { what: "video", how: "encv".into() }));
    assert!(encrypted("avc1").is_ok());
    let mut unknown = media();
    unknown.streams[0].codec.clear();
    assert!(matches!(decide(&unknown, Transcode::Auto), Err(MediaRefusal::UnknownCodec { .. })));
}

#[test]
fn sound_that_ffmpeg_does_not_know_is_left_out_aloud() {
    let plan = planned(|media| {
        media.streams[1].codec.clear();
        media.streams[1].tag = "apac".to_owned();
    });
    assert_eq!(plan.audio, None);
    let sentence = &plan.sentences()[1];
    assert!(
        sentence.contains("an unknown codec (`apac`)") && sentence.contains("left out (ffmpeg does not"),
        "{sentence}"
    );
    assert!(plan.warnings[0].starts_with("there is no sound"));
}

#[test]
fn warnings_name_what_viewers_would_notice() {
    let warning = |change: Change| planned(change).warnings.join("; ");
    assert_eq!(warning(|_| {}), "");
    assert!(warning(|media| media.bit_rate = Some(20_000_000)).starts_with("20.0 Mbit/s is a lot"));
    assert!(warning(|media| media.keyframes = Some(keyframes(10.0, 25.0))).contains("up to 25 s apart"));
    assert!(warning(|media| media.streams[0].frame_rate = Ratio::new(20, 1)).contains("varies (about 20 fps"));
    assert!(warning(|media| media.streams[0].transfer = Some("smpte2084".into())).contains("HDR"));
    assert!(
        warning(|media| media.streams[0].dolby_vision = Some(DolbyVision { profile: 8, compatibility: 1 }))
            .contains("HDR")
    );
    assert!(warning(|media| media.duration = None).contains("does not say how long"));
    // what is converted gets keyframes and a bit rate of its own
    let re_encoded = |media: &mut Media| {
        media.streams[0].codec = "vp9".to_owned();
        media.bit_rate = Some(50_000_000);
        media.keyframes = Some(keyframes(10.0, 25.0));
    };
    assert_eq!(planned(re_encoded).warnings, [""; 0]);
}

#[test]
fn segments_are_counted_by_the_keyframes_there_are() {
    let even = |seconds| Lengths::even(Duration::from_secs(seconds));
    let segments = |keyframes: Option<Keyframes>, seconds| {
        planned(|media| media.keyframes = keyframes).expected_segments(&even(seconds), 0).len()
    };
    assert_eq!(segments(Some(keyframes(2.0, 2.0)), 6), 100);
    assert_eq!(segments(Some(keyframes(2.002, 2.002)), 6), 100);
    assert_eq!(segments(Some(keyframes(5.0, 5.0)), 6), 60);
    assert_eq!(segments(Some(keyframes(10.0, 10.0)), 6), 60);
    assert_eq!(segments(Some(keyframes(0.04, 0.04)), 6), 100);
    assert_eq!(segments(Some(keyframes(0.0, 0.0)), 6), 100);
    assert_eq!(segments(None, 6), 100);
    assert_eq!(planned(|media| media.duration = None).expected_segments(&even(6), 0).len(), 0);
}

#[test]
fn independence_is_promised_only_if_it_was_seen() {
    let independent = |change: Change| planned(change).independent;
    assert!(independent(|_| {}));
    assert!(!independent(|media| media.keyframes = None));
    assert!(!independent(|media| media.keyframes.as_mut().unwrap().open = true));
    assert!(independent(|media| media.streams[0].codec = "vp9".into()), "converting closes every group");
}

#[test]
fn a_copy_maps_two_streams_and_repeats_parameter_sets() {
    let text = arguments(&planned(|_| {}), NOW);
    assert!(
        text.contains("-map 0:0 -c:v copy -bsf:v h264_mp4toannexb,dump_extra=freq=keyframe -map 0:1 -c:a copy"),
        "{text}"
    );
    let text = arguments(&planned(|media| media.container = "mpegts".into()), NOW);
    assert!(text.contains("h264_mp4toannexb,filter_units=remove_types=9,dump_extra=freq=keyframe"), "{text}");
    let text = arguments(&planned(|media| drop(media.streams.pop())), NOW);
    assert!(text.contains("-map 0:0") && !text.contains("-c:a"), "{text}");
}

#[test]
fn packets_of_transport_streams_state_their_lengths_by_the_option_that_this_ffmpeg_knows() {
    let options = |change: Change, pes_lengths: bool, dialect: Dialect| {
        let plan = MediaPlan { pes_lengths, ..planned(change) };
        let options = plan.stream_options(dialect);
        let muxer = plan.muxer_arguments(SIX, dialect);
        assert!(options.is_empty() || muxer.windows(options.len()).any(|part| part == options), "{muxer:?}");
        options.join(" ")
    };
    assert_eq!(options(|_| {}, true, NOW), "-hls_segment_options omit_video_pes_length=0");
    assert_eq!(options(|_| {}, true, OLD), "-hls_ts_options omit_video_pes_length=0");
    assert_eq!(options(|_| {}, false, NOW), "", "as what was begun without");
    assert_eq!(options(|media| drop(media.streams.remove(0)), true, NOW), "", "sound always states them");
    assert_eq!(options(|media| media.streams[0].codec = "hevc".into(), true, NOW), "", "fragmented MP4");
}

#[test]
fn only_what_must_be_is_re_encoded() {
    let text = arguments(&planned(|media| media.streams[1].codec = "ac3".into()), NOW);
    assert!(text.contains("-c:v copy") && text.contains("-c:a aac -b:a 160k -ac 2 -ar 48000"), "{text}");
    let vp9 = |media: &mut Media| {
        media.streams[0].codec = "vp9".into();
        media.streams[0].transfer = Some("arib-std-b67".into());
        media.streams[0].interlaced = true;
        media.streams[0].width = 1919;
    };
    let text = arguments(&planned(vp9), NOW);
    assert!(text.contains("-c:v libx264") && text.contains("-c:a copy"), "{text}");
    assert!(
        text.contains("-force_key_frames expr:gte(t,n_forced*6) -fps_mode:v vfr -enc_time_base:v 1:90000"),
        "{text}"
    );
    assert!(text.contains("-bsf:v h264_metadata=tick_rate=60000/1001 -vf yadif"), "{text}");
    assert!(text.contains("crop=trunc(iw/2)*2:trunc(ih/2)*2,zscale") && text.contains("tonemap"), "{text}");
    let text = arguments(&planned(vp9), OLD);
    assert!(text.contains("-vsync vfr") && !text.contains("zscale"), "{text}");
}

#[test]
fn fragmented_mp4_carries_what_transport_streams_do_not() {
    let packed = |change: Change| {
        let plan = planned(change);
        let copied = |plan: &Option<StreamPlan>| plan.as_ref().is_some_and(|plan| plan.action == Action::Copy);
        (plan.packaging, copied(&plan.video), copied(&plan.audio))
    };
    let codecs = |video: &str, audio: &str| {
        let mut media = media();
        (media.streams[0].codec, media.streams[1].codec) = (video.to_owned(), audio.to_owned());
        let plan = decide(&media, Transcode::Auto).unwrap();
        let copied = |plan: &Option<StreamPlan>| plan.as_ref().is_some_and(|plan| plan.action == Action::Copy);
        (plan.packaging, copied(&plan.video), copied(&plan.audio))
    };
    let (ts, mp4) = (Container::Ts, Container::Mp4);
    for (video, audio, expected) in [
        ("h264", "aac", (ts, true, true)),
        ("h264", "ac3", (ts, true, false)),
        ("h264", "opus", (mp4, true, true)),
        ("h264", "flac", (mp4, true, true)),
        ("hevc", "aac", (mp4, true, true)),
        ("hevc", "dts", (mp4, true, false)),
        ("av1", "opus", (mp4, true, true)),
        ("vp9", "opus", (ts, false, false)),
        ("vp9", "aac", (ts, false, true)),
    ] {
        assert_eq!(codecs(video, audio), expected, "{video} {audio}");
    }
    assert_eq!(packed(|media| media.wanted.container = WantedContainer::Mp4), (mp4, true, true));
    let asked = |media: &mut Media| {
        (media.streams[0].codec, media.wanted.container) = ("hevc".into(), WantedContainer::Ts);
    };
    assert_eq!(packed(asked), (ts, false, true));
    let dolby = |profile, compatibility| {
        let mut media = media();
        media.streams[0].codec = "hevc".into();
        media.streams[0].pixel_format = Some("yuv420p10le".into());
        media.streams[0].dolby_vision = Some(DolbyVision { profile, compatibility });
        decide(&media, Transcode::Auto).unwrap().video.unwrap().to_string()
    };
    assert!(dolby(8, 1).ends_with("copied as it is"), "{}", dolby(8, 1));
    assert!(dolby(5, 0).contains("profile 5, which all other players show in green and pink"), "{}", dolby(5, 0));
}

#[test]
fn where_it_plays_is_said_where_not_all_play_it() {
    let said = |video: &str, audio: &str| {
        let mut media = media();
        (media.streams[0].codec, media.streams[1].codec) = (video.to_owned(), audio.to_owned());
        decide(&media, Transcode::Auto).unwrap().warnings.join("; ")
    };
    assert_eq!(said("h264", "aac"), "");
    assert_eq!(said("vp9", "opus"), "", "what is converted plays everywhere");
    assert_eq!(
        said("hevc", "aac"),
        "plays in Safari, VLC, mpv and ffmpeg; Chromium where the device decodes HEVC; Firefox from 137 on where the system \
         decodes HEVC"
    );
    assert!(said("av1", "opus").ends_with("Safari on devices that decode AV1: iPhone 15 Pro, M3 and later"));
    assert!(said("h264", "flac").ends_with("Safari from version 17 on"));
}

#[test]
fn pieces_end_at_every_keyframe_unless_there_are_too_many() {
    let pieces = |mean| planned(|media| media.keyframes = Some(keyframes(mean, mean))).piece_seconds(SIX);
    assert_eq!((pieces(2.0), pieces(0.04)), (0.001, 0.5));
    assert_eq!(planned(|media| media.streams[0].codec = "av1".into()).piece_seconds(SIX), 0.001);
}

#[test]
fn only_containers_that_know_promise_a_length() {
    let seconds = Duration::from_secs;
    assert_eq!(planned(|_| {}).promised_duration(), Some(seconds(600)));
    assert_eq!(planned(|media| media.container = "mpegts".into()).promised_duration(), None);
    let streams = planned(|media| {
        media.streams[0].duration = Some(seconds(100));
        media.streams[1].duration = Some(seconds(101));
    });
    assert_eq!(streams.promised_duration(), Some(seconds(101)), "a longer stream that is left out does not count");
}

/// A film of 53 pictures, and a second video made of it.
fn two_videos(change: impl FnOnce(&mut Stream)) -> Media {
    let mut media = media();
    let mut second = stream(2, Kind::Video, "h264");
    media.streams[0].frames = Some(53);
    media.streams[0].duration = Some(SIX);
    (second.frames, second.duration) = (Some(53), Some(SIX));
    (second.width, second.height) = (3840, 2160);
    change(&mut second);
    media.streams.push(second);
    media
}

#[test]
fn the_film_is_told_from_what_stands_beside_it() {
    let chosen = |change: fn(&mut Stream)| {
        let media = two_videos(change);
        (media.video().unwrap().index, decide(&media, Transcode::Auto).unwrap().sentences())
    };
    let (index, sentences) = chosen(|_| {});
    assert!(index == 2 && sentences[2].ends_with("(chosen of 2, since it is the largest)"), "{sentences:?}");
    type Change = fn(&mut Stream);
    let cases: [(Change, &str); 6] = [
        (|still| still.frames = Some(2), "stills, 2 pictures"),
        (|brief| brief.duration = Some(Duration::from_millis(80)), "only 0.08 s long"),
        (|other| other.aside = Some(Aside::Disabled), "a track that is not enabled"),
        (|other| other.aside = Some(Aside::Depth), "a map of depth"),
        (|other| other.aside = Some(Aside::Thumbnails), "thumbnails"),
        (|other| other.duration = Some(Duration::from_secs(2)), "one video stream is published"),
    ];
    for (change, words) in cases {
        let (index, sentences) = chosen(change);
        assert_eq!(index, 0, "{words}");
        let wanted = format!("left out ({words}; `--video-stream 2` takes it instead)");
        assert!(sentences[2].ends_with(&wanted), "{sentences:?}");
    }
    // what is enabled and a still is no film either
    let mut media = two_videos(|still| (still.frames, still.default) = (Some(1), true));
    media.streams[0].aside = Some(Aside::Disabled);
    assert_eq!(media.video().unwrap().index, 0);
}

#[test]
fn deinterlacing_is_re_encoding_that_was_asked_for() {
    let mut media = media();
    media.wanted.deinterlace = true;
    let plan = decide(&media, Transcode::Ask).unwrap();
    assert!(arguments(&plan, NOW).contains("-vf setfield=tff,yadif=deint=interlaced"), "{}", arguments(&plan, NOW));
    assert!(matches!(decide(&media, Transcode::Never), Err(MediaRefusal::NeedsTranscode { ruled_out: true, .. })));
    media.streams[1].codec = "ac3".to_owned();
    let refusal = decide(&media, Transcode::Ask).unwrap_err().to_string();
    assert!(refusal.contains("AC-3") && !refusal.contains("video"), "the sound was not asked about: {refusal}");
    let told = |untold_fields| {
        planned(|media| {
            media.streams[0].codec = "mpeg2video".into();
            (media.streams[0].interlaced, media.streams[0].untold_fields) = (true, untold_fields);
        })
    };
    assert!(arguments(&told(None), NOW).contains("-vf yadif"), "pictures that say it themselves");
    assert!(arguments(&told(Some(FirstField::Bottom)), NOW).contains("-vf setfield=bff,yadif"));
}

#[test]
fn a_mirrored_picture_is_left_to_us() {
    let plan = planned(|media| (media.streams[0].mirrored, media.streams[0].rotation) = (true, 270));
    assert_eq!(plan.input_arguments(), Some("-noautorotate"));
    assert!(arguments(&plan, NOW).contains("-vf hflip,transpose=cclock"), "{}", arguments(&plan, NOW));
    let plan = planned(|media| media.streams[0].rotation = 90);
    assert_eq!(plan.input_arguments(), None);
    assert!(!arguments(&plan, NOW).contains("-vf"), "ffmpeg turns it by itself");
}
