//! Real clips, made once by ffmpeg and kept under `target/clips`. Small and quick to make, with a moving picture, a
//! sound that changes, and the one property each is named for.

use std::{
    collections::HashMap,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clip {
    /// H.264 with B-frames and AAC, 26.1 s, a keyframe every 2 s.
    Mp4,
    /// The same streams in Matroska and in MPEG-TS.
    Mkv,
    Ts,
    /// Keyframes that are no IDR pictures.
    OpenGop,
    OpenGopTs,
    /// 3 minutes of them in few bytes: longer than what a player loads ahead.
    OpenGopLong,
    /// CABAC, weighted prediction, a pyramid of B-frames, three slices a picture.
    OpenGopSlices,
    /// 24.1 s: with 6 s segments the last is 0.1 s.
    ShortEnd,
    /// Cut out of `Mp4` without conversion: an edit list hides what is before.
    Trimmed,
    /// MPEG-2 and AC-3 5.1 in Matroska.
    Mpeg2,
    /// VP9 and Opus, with odd sides.
    Webm,
    /// H.264 and DTS in Matroska.
    Dts,
    /// H.264 with 10 bits.
    TenBit,
    /// A phone held upright: the picture is turned by 90° on playing.
    Rotated,
    /// One keyframe in 26 s.
    OneKeyframe,
    /// Nothing but keyframes.
    AllKeyframes,
    /// 20 s, black for the first 7.
    DarkStart,
    /// Two video and two audio streams and subtitles.
    Many,
    Silent,
    AudioOnly,
    /// An MP3 with a cover.
    Cover,
    /// 10 minutes in few bytes; and the same streams in MPEG-TS.
    Long,
    LongTs,
    /// 10 s in many bytes, a keyframe a second.
    Grain,
    /// 2 s, a keyframe every second, in 100 KB; and the same streams in Matroska and in MPEG-TS.
    Tiny,
    TinyMkv,
    TinyTs,
    /// Pictures this far apart, each a keyframe, a few hundred bytes large.
    EverySecond,
    EveryTwoSeconds,
    EverySixSeconds,
    /// 24 h of such pictures; and 8 h.
    DayOfSeconds,
    Day,
    Shift,
    /// 200 s, a keyframe every second, but for 3 MB without one after 150 s.
    Late,
}

/// Where the clip lies, made if it is not there yet.
pub fn clip(clip: Clip) -> PathBuf {
    static MADE: Mutex<Option<HashMap<Clip, Arc<OnceLock<PathBuf>>>>> = Mutex::new(None);
    let cell = MADE.lock().unwrap().get_or_insert_default().entry(clip).or_default().clone();
    cell.get_or_init(|| make(clip)).clone()
}

/// A folder for one test's own files, beside the clips.
pub fn scratch() -> tempfile::TempDir {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch");
    fs::create_dir_all(&folder).unwrap();
    tempfile::tempdir_in(folder).unwrap()
}

const PICTURE: &str = "-f lavfi -i testsrc2=size=640x360:rate=30";
const SOUND: &str = "-f lavfi -i aevalsrc=0.4*sin(2*PI*(300+20*t)*t)|0.4*sin(2*PI*440*t)*sin(3*t):sample_rate=48000";
const H264: &str = "-c:v libx264 -preset ultrafast -bf 3 -pix_fmt yuv420p";
const GOP: &str = "-x264-params keyint=60:min-keyint=60:scenecut=0:b-adapt=0";
const AAC: &str = "-c:a aac -b:a 96k -ac 2";
const SLICES: &str = "-t 26.1 -c:v libx264 -preset veryfast -pix_fmt yuv420p \
    -x264-params keyint=48:open-gop=1:bframes=5:ref=6:slices=3:weightp=2:b-pyramid=normal -an";
const MPEG2: &str = "-t 20 -c:v mpeg2video -q:v 3 -g 30 -bf 2 -c:a ac3 -ac 6";
const VP9: &str = "-t 8 -vf scale=321:181,setsar=1 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus";
const COVER: &str =
    "-t 3 -frames:v 1 -map 0 -map 1 -c:a libmp3lame -c:v mjpeg -pix_fmt yuvj420p -disposition:v attached_pic";
const LATE_PICTURE: &str = "-f lavfi -i testsrc2=size=320x180:rate=10,noise=alls=90:allf=t:enable='between(t,150,156)'";
const LATE: &str = "-t 200 -c:v libx264 -preset ultrafast -qp 24 -x264-params keyint=9999:scenecut=0 \
    -force_key_frames expr:if(between(t,150.5,155.5),0,gte(t,n_forced)) -pix_fmt yuv420p";

/// Inputs, then everything after them, then the ending.
fn recipe(clip: Clip) -> (String, String, &'static str) {
    let lavfi = format!("{PICTURE} {SOUND}");
    let of = |source: Clip| format!("-i {}", self::clip(source).display());
    match clip {
        Clip::Mp4 => (lavfi, format!("-t 26.1 {H264} {GOP} {AAC}"), "mp4"),
        Clip::Mkv => (of(Clip::Mp4), "-c copy".into(), "mkv"),
        Clip::Ts => (of(Clip::Mp4), "-c copy".into(), "ts"),
        Clip::OpenGop => (lavfi, format!("-t 26.1 {H264} {GOP}:open-gop=1:bframes=3 {AAC}"), "mp4"),
        Clip::OpenGopTs => (of(Clip::OpenGop), "-c copy".into(), "ts"),
        Clip::OpenGopLong => (
            format!("-f lavfi -i testsrc2=size=192x108:rate=30 {SOUND}"),
            format!("-t 180 {H264} -crf 35 {GOP}:open-gop=1 {AAC}"),
            "mp4",
        ),
        Clip::OpenGopSlices => (lavfi, SLICES.into(), "mp4"),
        Clip::ShortEnd => (lavfi, format!("-t 24.1 {H264} {GOP} {AAC}"), "mp4"),
        Clip::Trimmed => (format!("-ss 3.3 {}", of(Clip::Mp4)), "-t 12 -c copy".into(), "mp4"),
        Clip::Mpeg2 => (lavfi, MPEG2.into(), "mkv"),
        Clip::Webm => (lavfi, VP9.into(), "webm"),
        Clip::Dts => (of(Clip::Mp4), "-t 10 -c:v copy -c:a dca -strict -2".into(), "mkv"),
        Clip::TenBit => (lavfi, format!("-t 5 -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le {AAC}"), "mp4"),
        Clip::Rotated => (of(Clip::Mp4), "-t 8 -c copy".into(), "mp4"),
        Clip::OneKeyframe => (lavfi, format!("-t 26 {H264} -x264-params keyint=9999:scenecut=0 {AAC}"), "mp4"),
        Clip::AllKeyframes => (lavfi, format!("-t 10 {H264} -g 1 {AAC}"), "mp4"),
        Clip::DarkStart => {
            (lavfi, format!("-t 20 -vf drawbox=color=black:thickness=fill:enable='lt(t,7)' {H264} {GOP} {AAC}"), "mp4")
        }
        Clip::Many => many(&of(Clip::Mp4)),
        Clip::Silent => (of(Clip::Mp4), "-map 0:v -c copy".into(), "mp4"),
        Clip::AudioOnly => (of(Clip::Mp4), "-map 0:a -c copy".into(), "m4a"),
        Clip::Cover => (format!("{SOUND} -f lavfi -i testsrc2=size=160x160:rate=1"), COVER.into(), "mp3"),
        Clip::Tiny => (
            format!("-f lavfi -i testsrc2=size=192x108:rate=15 {SOUND}"),
            format!("-t 2 -c:v libx264 -preset ultrafast -g 15 -pix_fmt yuv420p {AAC}"),
            "mp4",
        ),
        Clip::TinyMkv => (of(Clip::Tiny), "-c copy".into(), "mkv"),
        Clip::TinyTs => (of(Clip::Tiny), "-c copy".into(), "ts"),
        Clip::Long => (
            format!("-f lavfi -i testsrc2=size=192x108:rate=10 {SOUND}"),
            format!("-t 600 -c:v libx264 -preset ultrafast -crf 35 -g 20 -pix_fmt yuv420p {AAC}"),
            "mp4",
        ),
        Clip::LongTs => (of(Clip::Long), "-c copy".into(), "ts"),
        Clip::EverySecond => pictures("1", 60),
        Clip::EveryTwoSeconds => pictures("1/2", 120),
        Clip::EverySixSeconds => pictures("1/6", 360),
        Clip::DayOfSeconds => looped(Clip::EverySecond, 24 * 60),
        Clip::Day => looped(Clip::EveryTwoSeconds, 12 * 60),
        Clip::Shift => looped(Clip::EverySixSeconds, 80),
        Clip::Late => (LATE_PICTURE.into(), LATE.into(), "mp4"),
        Clip::Grain => (
            format!("-f lavfi -i testsrc2=size=640x360:rate=30,noise=alls=20:allf=t {SOUND}"),
            format!("-t 10 -c:v libx264 -preset ultrafast -qp 22 -g 30 -pix_fmt yuv420p {AAC}"),
            "mp4",
        ),
    }
}

fn pictures(rate: &str, seconds: u32) -> (String, String, &'static str) {
    let picture = format!("-f lavfi -i testsrc2=size=64x64:rate={rate}");
    let coded = "-c:v libx264 -preset ultrafast -crf 45 -g 1 -pix_fmt yuv420p";
    (picture, format!("-t {seconds} {coded}"), "mp4")
}

fn looped(source: Clip, times: u32) -> (String, String, &'static str) {
    let repeats = times - 1;
    (format!("-stream_loop {repeats} -i {}", clip(source).display()), "-c copy".into(), "mp4")
}

fn many(source: &str) -> (String, String, &'static str) {
    let subtitles = "data:text/plain,1%0A00:00:01,000 --> 00:00:02,000%0AHello%0A";
    let inputs = format!("{source} -f lavfi -i testsrc2=size=320x180:rate=30 -f srt -i SUBTITLES");
    let inputs = inputs.replace("SUBTITLES", &subtitles.replace(' ', "%20"));
    let outputs = "-t 6 -map 1:v -map 0:v -map 0:a -map 0:a -map 2:s -c copy -c:v:0 libx264 -preset:v:0 ultrafast \
                   -c:a:1 aac -c:s srt -disposition:v:0 0 -disposition:v:1 default -disposition:a:0 0 \
                   -disposition:a:1 default -metadata:s:a:0 language=deu -metadata:s:a:1 language=eng";
    (inputs, outputs.into(), "mkv")
}

fn make(clip: Clip) -> PathBuf {
    let (inputs, outputs, ending) = recipe(clip);
    kept_as(&format!("{clip:?}"), &inputs, &outputs, ending, |path| {
        if clip == Clip::Rotated {
            turn(path);
        }
    })
}

/// Where the clip of this recipe lies, made by ffmpeg if it is not there yet.
pub fn kept(name: &str, inputs: &str, outputs: &str, ending: &str) -> PathBuf {
    kept_as(name, inputs, outputs, ending, |_| ())
}

fn kept_as(name: &str, inputs: &str, outputs: &str, ending: &str, change: impl FnOnce(&Path)) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (inputs, outputs).hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../clips");
    fs::create_dir_all(&folder).unwrap();
    let folder = folder.canonicalize().unwrap();
    // a changed recipe is another file
    let path = folder.join(format!("{name}-{:016x}.{ending}", hasher.finish()).to_lowercase());
    if path.exists() {
        return path;
    }
    let unfinished = tempfile::Builder::new().suffix(&format!(".{ending}")).tempfile_in(&folder).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y", "-protocol_whitelist", "file,data"]);
    command.args(inputs.split_whitespace()).args(outputs.split_whitespace()).arg(unfinished.path());
    let made = command.output().expect("ffmpeg is installed: the tests need it");
    assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
    change(unfinished.path());
    // another test may have made it meanwhile, and publish it already
    if let Err(kept) = unfinished.persist_noclobber(&path) {
        assert_eq!(kept.error.kind(), ErrorKind::AlreadyExists, "{name}");
    }
    path
}

/// Turns the first track by 90° clockwise: ffmpeg's own way to write this differs between its versions.
fn turn(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let header = bytes.windows(4).position(|window| window == b"tkhd").expect("a track header");
    let matrix: [u32; 9] = [0, 0x1_0000, 0, 0xffff_0000, 0, 0, 360 << 16, 0, 0x4000_0000];
    for (place, number) in matrix.iter().enumerate() {
        // ISO/IEC 14496-12, 8.3.2, version 0: the matrix lies 40 bytes behind the box's type
        let at = header + 4 + 40 + 4 * place;
        bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    fs::write(path, bytes).unwrap();
}
