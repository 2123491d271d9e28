//! Probing real clips with the real ffprobe, and what is decided about each.

use std::{fs, path::Path, time::Duration};

use tokio_util::sync::CancellationToken;
use zipreel::model::media::segment::lengths::Lengths;
use zipreel::{
    media::{
        decode,
        ffmpeg::Tools,
        picture::{Brightness, View},
        probe::{ProbeError, probe},
    },
    model::{
        media::{
            decide::{MediaPlan, decide},
            facts::{Media, Transcode, Wanted},
        },
        report::fault::{Explain, FaultClass},
        shown,
    },
};

use crate::{
    clips::{Clip, clip, kept, scratch},
    corpus::make::base_ts,
};

pub async fn tools() -> Tools {
    Tools::find().await.expect("ffmpeg is installed: the tests need it")
}

pub async fn probed(path: &Path) -> Media {
    probe(&tools().await, path, Wanted::default(), &CancellationToken::new()).await.unwrap()
}

pub async fn planned(wanted: Clip) -> MediaPlan {
    decide(&probed(&clip(wanted)).await, Transcode::Auto).unwrap()
}

async fn refusal(path: &Path) -> ProbeError {
    probe(&tools().await, path, Wanted::default(), &CancellationToken::new()).await.unwrap_err()
}

/// What a person reads: the fault and its hint.
fn read(error: &impl Explain, path: &Path) -> String {
    let fault = error.fault();
    let hint = fault.hint.as_deref().unwrap_or_default();
    format!("{fault} / {hint}").replace(&path.display().to_string(), "FILE")
}

#[tokio::test]
async fn h264_and_aac_are_copied_from_every_container() {
    for container in [Clip::Mp4, Clip::Mkv, Clip::Ts] {
        let plan = planned(container).await;
        let sentences = plan.sentences().join("\n");
        assert!(sentences.contains("640x360 30 fps: copied as it is"), "{container:?}: {sentences}");
        assert!(sentences.contains("audio  AAC LC stereo 48 kHz: copied as it is"), "{container:?}: {sentences}");
        assert!(plan.independent && plan.is_deterministic() && plan.warnings.is_empty(), "{container:?}: {plan:?}");
        let (mean, max) = plan.keyframes.unwrap();
        assert!((1.99..2.01).contains(&mean.as_secs_f64()) && (1.99..2.01).contains(&max.as_secs_f64()), "{mean:?}");
        assert!((26.0..26.3).contains(&plan.duration.unwrap().as_secs_f64()), "{:?}", plan.duration);
        assert_eq!(plan.expected_segments(&Lengths::even(Duration::from_secs(6)), 0).len(), 5);
    }
}

#[tokio::test]
async fn open_gops_are_found_and_promise_nothing() {
    for open in [Clip::OpenGop, Clip::OpenGopTs] {
        let plan = planned(open).await;
        assert!(!plan.independent, "{open:?}");
        assert!(plan.is_deterministic(), "{open:?}");
    }
}

#[tokio::test]
async fn a_trimmed_mp4_is_never_copied() {
    let media = probed(&clip(Clip::Trimmed)).await;
    assert!((1.0..2.0).contains(&media.hidden.video.as_secs_f64()), "{:?}", media.hidden);
    let refusal = decide(&media, Transcode::Ask).unwrap_err();
    let text = refusal.to_string();
    assert!(text.contains("cut out are still in the file, and a copy would publish them"), "{text}");
    let plan = decide(&media, Transcode::Auto).unwrap();
    assert!(!plan.is_deterministic());
    assert!(plan.sentences()[0].contains("converted to H.264,"), "{:?}", plan.sentences());
}

#[tokio::test]
async fn priming_samples_are_nothing_cut_out() {
    let media = probed(&clip(Clip::Mp4)).await;
    assert_eq!(media.hidden.video, Duration::ZERO);
    assert!(media.hidden.audio > Duration::ZERO, "the encoder's delay is hidden by an edit list");
    assert!(decide(&media, Transcode::Never).is_ok());
}

#[tokio::test]
async fn what_players_do_not_take_is_named_and_re_encoded_alone() {
    let cases = [
        (Clip::Mpeg2, "video  MPEG-2 Main 640x360 30 fps is MPEG-2", "audio  AC-3 5.1 48 kHz is AC-3"),
        (Clip::Webm, "video  VP9 Profile 0 321x181 30 fps is VP9", "audio  Opus stereo 48 kHz is Opus"),
        (Clip::Dts, "", "audio  DTS DTS stereo 48 kHz is DTS"),
        (Clip::TenBit, "has a pixel format few players take (yuv420p10le)", ""),
        (Clip::Rotated, "is turned by 90°, which MPEG-TS can't say", ""),
    ];
    for (wanted, video, audio) in cases {
        let media = probed(&clip(wanted)).await;
        let refusal = decide(&media, Transcode::Ask).unwrap_err();
        let text = refusal.to_string();
        assert!(text.contains(video) && text.contains(audio), "{wanted:?}: {text}");
        assert_eq!(text.contains("video  "), !video.is_empty(), "{wanted:?}: {text}");
        assert_eq!(text.contains("audio  "), !audio.is_empty(), "{wanted:?}: {text}");
        assert!(refusal.hint().unwrap().contains("--transcode auto"), "{wanted:?}");
        let never = decide(&media, Transcode::Never).unwrap_err();
        assert!(never.hint().unwrap().contains("--transcode never"), "{wanted:?}");
    }
}

#[tokio::test]
async fn default_streams_are_chosen_and_the_others_named() {
    let plan = planned(Clip::Many).await;
    assert_eq!((plan.video.as_ref().unwrap().stream.index, plan.audio.as_ref().unwrap().stream.index), (1, 3));
    let sentences = plan.sentences();
    assert!(
        sentences[0].ends_with("left out (one video stream is published; `--video-stream 0` takes it instead)"),
        "{sentences:?}"
    );
    assert!(
        sentences[2].ends_with("(deu): left out (one audio stream is published; `--audio-stream 2` takes it instead)"),
        "{sentences:?}"
    );
    assert!(sentences[3].contains("(eng): copied"), "{sentences:?}");
    assert!(sentences[4].ends_with("SubRip: as WebVTT"), "{sentences:?}");
}

#[tokio::test]
async fn a_file_without_a_moving_picture_is_sound_alone() {
    for (wanted, copied) in [(Clip::AudioOnly, true), (Clip::Cover, false)] {
        let plan = planned(wanted).await;
        assert_eq!((plan.video.as_ref(), plan.is_deterministic()), (None, copied), "{wanted:?}");
        assert_eq!(plan.cover.is_some(), !copied, "{wanted:?}");
    }
}

#[tokio::test]
async fn silence_and_rare_keyframes_are_warned_of() {
    assert!(planned(Clip::Silent).await.warnings[0].contains("no sound"));
    let plan = planned(Clip::OneKeyframe).await;
    assert!(plan.warnings[0].contains("keyframes are up to at least 2"), "{:?}", plan.warnings);
    assert_eq!(plan.expected_segments(&Lengths::even(Duration::from_secs(6)), 0).len(), 1);
}

#[tokio::test]
async fn display_size_follows_rotation() {
    assert_eq!(planned(Clip::Rotated).await.display_size(), Some((360, 640)));
    assert_eq!(planned(Clip::Mp4).await.display_size(), Some((640, 360)));
}

#[tokio::test]
async fn bad_input_is_a_sentence_and_a_way_out() {
    let folder = scratch();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("empty.mp4"), "").unwrap();
    fs::write(path("text.mp4"), "this is no video at all\n".repeat(50)).unwrap();
    let whole = fs::read(clip(Clip::Mp4)).unwrap();
    fs::write(path("cut.mp4"), &whole[..whole.len() / 2]).unwrap();
    let list = format!("ffconcat version 1.0\nfile '{}'\n", clip(Clip::Mp4).display());
    fs::write(path("list.txt"), list).unwrap();
    let playlist =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXTINF:26,\n{}\n#EXT-X-ENDLIST\n", clip(Clip::Ts).display());
    fs::write(path("playlist.m3u8"), playlist).unwrap();
    let long = format!("{}.mp4", "a".repeat(300));
    let cases = [
        (long.as_str(), "its name, or a part of its path, is too long / Check its name"),
        ("missing.mp4", "there is no such file / Check its name"),
        (".", "it is a folder / Name one video file in it."),
        ("empty.mp4", "it is empty / The recording or copy may have failed"),
        ("text.mp4", "it is no video that ffmpeg knows / See whether another program plays it"),
        ("cut.mp4", "it is cut off: the table of its contents (`moov`) is missing / The recording or download stopped"),
        ("list.txt", "it is a picture, a playlist or a list of other files / Only files that hold"),
        ("playlist.m3u8", "it is a picture, a playlist or a list of other files / Only files that hold"),
    ];
    for (name, wanted) in cases {
        let text = read(&refusal(&path(name)).await, &path(name));
        let wanted = format!("could not read the video `FILE`: {wanted}");
        assert!(text.starts_with(&wanted), "{name}: {text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_in_a_circle_are_named_as_such() {
    let folder = scratch();
    let [one, other] = ["one.mp4", "other.mp4"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink(&one, &other).unwrap();
    std::os::unix::fs::symlink(&other, &one).unwrap();
    let text = read(&refusal(&one).await, &one);
    assert!(text.starts_with("could not read the video `FILE`: links on the way to it lead in a circle / "), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn pipes_sockets_and_devices_are_not_waited_for() {
    let folder = scratch();
    let pipe = folder.path().join("pipe.mp4");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = read(&refusal(&pipe).await, &pipe);
    assert!(text.starts_with("could not read the video `FILE`: it is a pipe, not a file / "), "{text}");
    let device = Path::new("/dev/zero");
    let text = read(&refusal(device).await, device);
    assert!(text.starts_with("could not read the video `FILE`: it is a device, not a file / "), "{text}");
    // bound by a short name: socket paths have room for 100 characters
    let short = tempfile::tempdir().unwrap();
    let socket = short.path().join("s");
    let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let text = read(&refusal(&socket).await, &socket);
    assert!(text.starts_with("could not read the video `FILE`: it is a socket, not a file / "), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn no_file_name_is_an_option_a_pattern_or_a_host() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let folder = scratch();
    let names: [&[u8]; 10] = [
        b"-i.mp4",
        b"http:",
        b"concat:a|b.mp4",
        b"two\nlines.mp4",
        b"it's \"quoted\" $HOME `id`.mp4",
        b"100%d %s.mp4",
        b" lead and trail .mp4 ",
        "日本語🎬.mp4".as_bytes(),
        b"\xff\xfe.mp4",
        &[b'x'; 255],
    ];
    for name in names {
        let path = folder.path().join(OsStr::from_bytes(name));
        fs::copy(clip(Clip::Silent), &path).unwrap();
        assert_eq!(probed(&path).await.streams.len(), 1, "{path:?}");
    }
    let refused = refusal(&folder.path().join("\x1b[31mred.mp4")).await.fault().to_string();
    assert!(shown::line(&refused).contains("\u{fffd}[31mred.mp4"), "{refused}");
}

#[tokio::test]
async fn a_cancelled_probe_ends_at_once() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let result = probe(&tools().await, &clip(Clip::Mp4), Wanted::default(), &cancel).await;
    assert!(matches!(result, Err(ProbeError::Cancelled)));
}

#[tokio::test]
async fn a_frame_is_a_jpeg_of_the_right_shape() {
    let (tools, cancel) = (&tools().await, CancellationToken::new());
    let at = async |kind, seconds, brightness| {
        let (video, stream) = (&clip(kind), &probed(&clip(kind)).await.video().unwrap().clone());
        let view = View { tools, video, stream, max_width: 320, brightness };
        view.at(Duration::from_secs(seconds), &cancel).await
    };
    for (wanted, size) in [(Clip::Mp4, (320, 180)), (Clip::Rotated, (320, 568)), (Clip::Webm, (320, 180))] {
        let jpeg = at(wanted, 1, Brightness::Any).await.unwrap();
        let picture = image::load_from_memory(&jpeg).unwrap();
        let (width, height) = (picture.width(), picture.height());
        assert!(width == size.0 && height.abs_diff(size.1) <= 2, "{wanted:?}: {width}x{height}");
        let luma = picture.to_luma8();
        let mean = luma.pixels().map(|pixel| u64::from(pixel.0[0])).sum::<u64>() / u64::from(width * height);
        assert!(mean > 30, "{wanted:?}: not black");
    }
    assert!(at(Clip::Mp4, 500, Brightness::Any).await.is_ok(), "the first, where none is so late");
    assert!(at(Clip::Mp4, 500, Brightness::Lit).await.is_err(), "nothing to see after the end");
    assert!(at(Clip::DarkStart, 2, Brightness::Any).await.is_ok());
    assert!(at(Clip::DarkStart, 2, Brightness::Lit).await.is_err(), "it is black there");
    assert!(at(Clip::DarkStart, 10, Brightness::Lit).await.is_ok());
}

/// Of HEVC keyframes alone are looked at first: where they show nothing, all frames are.
#[tokio::test]
async fn a_frame_of_hevc_is_found_whether_or_not_a_keyframe_shows_it() {
    let (tools, cancel) = (&tools().await, CancellationToken::new());
    for (name, keyint) in [("hevc-keys", 50), ("hevc-one-key", 9999)] {
        let inputs = "-f lavfi -i testsrc2=size=320x180:rate=25,drawbox=color=black:thickness=fill:enable='lt(t,7)'";
        let x265 = format!("-x265-params log-level=none:scenecut=0:keyint={keyint}:min-keyint={keyint}");
        let video =
            &kept(name, inputs, &format!("-t 20 -c:v libx265 -preset ultrafast {x265} -pix_fmt yuv420p"), "mp4");
        let stream = &probed(video).await.video().unwrap().clone();
        let view = View { tools, video, stream, max_width: 320, brightness: Brightness::Lit };
        assert!(view.at(Duration::from_secs(2), &cancel).await.is_err() || keyint == 50, "{name}: it is black there");
        let jpeg = view.at(Duration::from_secs(10), &cancel).await.unwrap();
        assert!(image::load_from_memory(&jpeg).is_ok(), "{name}");
    }
}

/// What a decoder makes of a stretch: when it is on its way, and where the stretch begins and ends, seconds.
async fn decoded(video: &Path, plan: &MediaPlan, times: [u64; 3]) -> decode::Decoded {
    let [lead, start, end] = times.map(Duration::from_secs);
    let stretch = decode::Stretch { lead, start, length: end - start };
    let decoded = decode::source(&tools().await, video, plan, stretch, &CancellationToken::new()).await;
    decoded.unwrap().unwrap()
}

/// A transport stream is entered anywhere, and a decoder complains until it comes to a keyframe.
#[tokio::test]
async fn what_a_decoder_says_on_its_way_to_a_stretch_is_not_said_of_it() {
    let video = base_ts();
    let plan = decide(&probed(&video).await, Transcode::Auto).unwrap();
    let entered = decoded(&video, &plan, [4, 4, 6]).await;
    assert!(!entered.is_right(), "it is entered before its keyframe: {entered:?}");
    for times in [[0, 4, 6], [2, 8, 10], [1, 5, 12]] {
        let stretch = decoded(&video, &plan, times).await;
        assert!(stretch.is_right() && stretch.frames >= 50, "{times:?}: {stretch:?}");
    }
}

/// MP3 is decoded by `mp3float`, which says so.
#[tokio::test]
async fn what_is_wrong_with_a_source_is_heard_whatever_its_decoder_is_called() {
    let folder = scratch();
    let (whole, broken) = (folder.path().join("whole.mp3"), folder.path().join("broken.mp3"));
    let made = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=frequency=440", "-t", "6"])
        .arg(&whole)
        .status();
    assert!(made.unwrap().success());
    let mut bytes = fs::read(&whole).unwrap();
    bytes[20_000..24_000].fill(0x55);
    fs::write(&broken, bytes).unwrap();
    for (video, is_right) in [(whole, true), (broken, false)] {
        let plan = decide(&probed(&video).await, Transcode::Auto).unwrap();
        let decoded = decoded(&video, &plan, [0, 0, 6]).await;
        assert_eq!(decoded.is_right(), is_right, "{video:?} {decoded:?}");
        assert!(decoded.is_usable(), "{decoded:?}");
    }
}

#[tokio::test]
async fn missing_tools_are_named_with_the_way_to_get_them() {
    let error = Tools::named("no-such-ffmpeg".as_ref(), "ffprobe".as_ref()).await.unwrap_err();
    let fault = error.fault();
    assert_eq!((fault.class, fault.to_string().as_str()), (FaultClass::NeedsPerson, "could not find `no-such-ffmpeg`"));
    let hint = fault.hint.unwrap();
    assert!(hint.contains("install ffmpeg") && hint.contains("ZIPREEL_FFMPEG"), "{hint}");
    let error = Tools::named("true".as_ref(), "ffprobe".as_ref()).await.unwrap_err();
    assert!(error.to_string().starts_with("could not learn the version of `/"), "{error}");
    assert!(!tools().await.version.is_empty());
}
