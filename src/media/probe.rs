//! The probe: looks at the file, then has ffprobe read it, within bounds of time and size. Judges nothing: that is
//! [`crate::model::media::decide`].

use std::{
    ffi::OsString,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{
    ffmpeg::{Tail, Tools, describe},
    join::ClosedSegment,
    run::{Bounds, Ended, to_end},
};
use crate::model::{
    media::{
        arguments::input_guard,
        decide::{Action, MediaPlan, MediaRefusal, StreamPlan},
        facts::{Kind, Measured, Media, Wanted},
        ffprobe::{self, OutputError, PacketSample},
        input::{InputError, InputFault, last_words},
        segment::{fmp4::init::Init, transport},
        streams::tracks::set_aside,
        structure::{self, Structure, Table},
    },
    report::fault::Explain,
};

/// For one run of ffprobe. A file on a slow network drive takes seconds; one that takes longer than this is sick.
const LIMIT: Duration = Duration::from_secs(30);
/// Of one answer: hundreds of streams, or minutes of packets.
const ANSWER_MAX: usize = 16 << 20;
const COMPLAINTS_MAX: usize = 64 << 10;
/// Packets are looked at in windows of this length, at the start, in the middle and at the end: longer than the
/// distance of keyframes that common encoders keep (250 frames).
const WINDOW: Duration = Duration::from_secs(12);
/// Decoded at a place to see whether they are made of fields.
const PICTURES: u32 = 12;
/// Once, if no window showed two keyframes.
const WIDE_WINDOW: Duration = Duration::from_secs(120);

#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error(transparent)]
    Input(#[from] InputError),
    /// It is encrypted in such a way that not even its head could be read.
    #[error(transparent)]
    Refused(#[from] MediaRefusal),
    #[error("could not run `{}`", .0.display())]
    Run(PathBuf, #[source] io::Error),
    #[error("could not examine `{}` within {} seconds", .0.display(), LIMIT.as_secs())]
    Slow(PathBuf),
    #[error("could not examine `{}`: {how}", video.display())]
    Failed {
        video: PathBuf,
        /// Which program ended how, or what was not there.
        how: String,
        /// What it said last.
        complaints: String,
    },
    #[error("could not understand ffprobe's answer about `{}`", .0.display())]
    Answer(PathBuf, #[source] OutputError),
    #[error("could not examine `{}`: ffprobe's answer is too long", .0.display())]
    TooLong(PathBuf),
    #[error("could not find out what is in the segment `{}`", .0.display())]
    Segment(PathBuf),
    #[error("examining the video was cancelled")]
    Cancelled,
}

impl Explain for ProbeError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Input(error) => Some(error),
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(_) | Self::Refused(_) => self.passed_on()?.hint(),
            Self::Run(..) => Some("Check that it runs by hand with `-version`.".to_owned()),
            Self::Slow(_) => Some("If it lies on a network drive, copy it to this machine first.".to_owned()),
            Self::Failed { complaints, .. } => {
                Some(format!("The file may be damaged: check that it plays elsewhere.{}", last_words("It", complaints)))
            }
            Self::Answer(..) | Self::TooLong(_) | Self::Segment(_) => {
                Some("The file may be damaged: check that it plays elsewhere.".to_owned())
            }
            Self::Cancelled => None,
        }
    }

    fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

/// Reads what a video holds, at most 30 seconds for each of its steps. Starting ffprobe takes most of the time, so what
/// can be asked at once is.
pub async fn probe(
    tools: &Tools,
    video: &Path,
    wanted: Wanted,
    cancel: &CancellationToken,
) -> Result<Media, ProbeError> {
    let bytes = inspect(video).await?;
    let ask = async |options: &[&str]| {
        let arguments = [options, &["-show_format", "-show_streams", "-show_programs", "-show_chapters"]].concat();
        let answer = ffprobe_json(tools, video, &arguments, cancel).await?;
        ffprobe::media(&answer, bytes).map_err(|error| ProbeError::Answer(video.to_owned(), error))
    };
    let ask_whole = || ask(&["-ignore_editlist", "1"]);
    let is_likely_mp4 = first_bytes(video).await.is_ok_and(|first| structure::is_mp4(&first));
    let guess = async { if is_likely_mp4 { Some(ask_whole().await) } else { None } };
    let (media, guess, structure) = tokio::join!(ask(&[]), guess, structure(video));
    let mut media = media?;
    media.structure = structure?;
    if media.structure.table == Table::CutOff {
        // ffmpeg goes on with what is there, and finds streams without samples
        return Err(InputError::new(video, InputFault::TruncatedTable).into());
    }
    media.wanted = wanted;
    weigh(tools, video, &mut media, cancel).await?;
    if media.container.split(',').any(|name| name == "mov") {
        let whole = match guess {
            Some(whole) => whole?,
            None => ask_whole().await?,
        };
        media.hidden = ffprobe::hidden(&media, &whole);
    }
    if media.video().is_some() {
        sample(tools, video, &mut media, cancel).await?;
    }
    Ok(media)
}

/// Where a file has several videos, counts the pictures of those whose container does not, and says which tracks stand beside others.
async fn weigh(tools: &Tools, video: &Path, media: &mut Media, cancel: &CancellationToken) -> Result<(), ProbeError> {
    let videos = || media.streams.iter().filter(|stream| stream.kind == Kind::Video);
    if videos().count() < 2 {
        return Ok(());
    }
    if media.container.split(',').any(|name| name == "mov") {
        set_aside(media);
        return Ok(());
    }
    if videos().all(|stream| stream.frames.is_some()) {
        return Ok(());
    }
    let interval = format!("%+{}", WINDOW.as_secs());
    let entries = ["-show_entries", "packet=stream_index", "-select_streams", "v", "-read_intervals", &interval];
    match ffprobe_json(tools, video, &entries, cancel).await {
        Ok(answer) => {
            ffprobe::count_packets(media, &answer).map_err(|error| ProbeError::Answer(video.to_owned(), error))
        }
        Err(ProbeError::Cancelled) => Err(ProbeError::Cancelled),
        Err(_) => Ok(()),
    }
}

/// What can be said without ffmpeg. Gives the file's size.
pub(crate) async fn inspect(video: &Path) -> Result<u64, ProbeError> {
    let path = video.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let metadata = std::fs::metadata(&path).map_err(|error| InputError::io(&path, error))?;
        if metadata.is_dir() {
            return Err(InputError::new(&path, InputFault::Folder));
        }
        // before opening: a FIFO without a writer would hold us for ever
        if !metadata.is_file() {
            return Err(InputError::new(&path, InputFault::Special(special(&metadata))));
        }
        if metadata.len() == 0 {
            return Err(InputError::new(&path, InputFault::Empty));
        }
        Ok(metadata.len())
    });
    let bytes = looked.await.map_err(|error| InputError::io(video, io::Error::other(error)))??;
    first_bytes(video).await.map_err(|error| InputError::io(video, error))?;
    Ok(bytes)
}

/// What the file's own structure says: a few reads, whatever its length.
pub async fn structure(video: &Path) -> Result<Structure, ProbeError> {
    let path = video.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        structure::look(&mut file, length)
    });
    let looked = looked.await.map_err(io::Error::other).and_then(|looked| looked);
    Ok(looked.map_err(|error| InputError::io(video, error))?)
}

async fn first_bytes(video: &Path) -> io::Result<Vec<u8>> {
    let path = video.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(16).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    read.await.map_err(io::Error::other)?
}

#[cfg(unix)]
fn special(metadata: &std::fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "pipe"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    }
}

#[cfg(not(unix))]
fn special(_: &std::fs::Metadata) -> &'static str {
    "device"
}

/// The path as ffmpeg takes it without reading anything into it: an absolute file, whatever its name looks like.
pub fn input_argument(video: &Path) -> io::Result<OsString> {
    let mut argument = OsString::from("file:");
    argument.push(std::path::absolute(video)?);
    Ok(argument)
}

async fn ffprobe_json(
    tools: &Tools,
    video: &Path,
    arguments: &[&str],
    cancel: &CancellationToken,
) -> Result<String, ProbeError> {
    let mut command = Command::new(&tools.ffprobe);
    command.args(["-hide_banner", "-v", "error", "-of", "json"]).args(input_guard()).args(arguments);
    command.arg("-i").arg(input_argument(video).map_err(|error| InputError::io(video, error))?);
    let answer = run(command, &tools.ffprobe, video, cancel).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// What a program answers about a file.
pub(super) async fn run(
    command: Command,
    program: &Path,
    video: &Path,
    cancel: &CancellationToken,
) -> Result<Vec<u8>, ProbeError> {
    let failed = |error| ProbeError::Run(program.to_owned(), error);
    let bounds = Bounds { time: LIMIT, answer: ANSWER_MAX, complaints: COMPLAINTS_MAX };
    let output = match to_end(command, bounds, cancel).await.map_err(failed)? {
        Ended::Itself(output) => output,
        Ended::Slow => return Err(ProbeError::Slow(video.to_owned())),
        Ended::Cancelled => return Err(ProbeError::Cancelled),
    };
    if !output.status.success() {
        let how = format!("`{}` {}", program.display(), describe(output.status));
        return Err(given_up(video, how, &output.complaints).await);
    }
    if output.is_cut {
        return Err(ProbeError::TooLong(video.to_owned()));
    }
    Ok(output.answer)
}

/// Why a program gave up on a file: what the file itself says counts before what the program said.
async fn given_up(video: &Path, how: String, complaints: &str) -> ProbeError {
    let mut tail = Tail::default();
    complaints.lines().for_each(|line| tail.push(line));
    // it may have gone away meanwhile
    let first = match first_bytes(video).await {
        Ok(first) => first,
        Err(error) => return InputError::io(video, error).into(),
    };
    let structure = match structure(video).await {
        Ok(structure) => structure,
        Err(error) => return error,
    };
    if let Some((kind, lock)) = structure.lock() {
        return MediaRefusal::encrypted(kind, lock.to_string()).into();
    }
    match InputError::given_up(video, &first, &structure, &tail.text()) {
        Some(error) => error.into(),
        None => ProbeError::Failed { video: video.to_owned(), how, complaints: tail.text() },
    }
}

/// Fills in keyframes, and what the packets themselves say is hidden. A file whose packets can't be sampled in time
/// stays without: the plan then promises less.
async fn sample(tools: &Tools, video: &Path, media: &mut Media, cancel: &CancellationToken) -> Result<(), ProbeError> {
    let Some(stream) = media.video() else { return Ok(()) };
    let frame = stream.frame_rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate.get()));
    let (number, may_have_fields) = (stream.index, ["h264", "mpeg2video", "vc1", "dvvideo"].contains(&&*stream.codec));
    let index = number.to_string();
    let look = async |entries: &str, interval: String| {
        let arguments = ["-show_entries", entries, "-select_streams", &index, "-read_intervals", &interval];
        ffprobe_json(tools, video, &arguments, cancel).await
    };
    let packets = |interval| look("packet=pts_time,dts_time,size,flags", interval);
    let mut found = PacketSample::default();
    let take = |found: &mut PacketSample, answer: Result<String, ProbeError>| match answer {
        Ok(answer) => found.window(&answer).map_err(|error| ProbeError::Answer(video.to_owned(), error)),
        Err(ProbeError::Cancelled) => Err(ProbeError::Cancelled),
        // the end of a cut-off file, or a container that can't be searched: what was found elsewhere counts
        Err(_) => Ok(()),
    };
    let fields = async {
        if !may_have_fields {
            return None;
        }
        let answer = look("frame=interlaced_frame", few_pictures(media.duration)).await;
        answer.ok().and_then(|answer| ffprobe::has_interlaced_frames(&answer).ok())
    };
    let (answers, fields) = tokio::join!(join_all(windows(media.duration).into_iter().map(packets)), fields);
    for answer in answers {
        take(&mut found, answer)?;
    }
    if !found.has_spacing() {
        take(&mut found, packets(format!("%+{}", WIDE_WINDOW.as_secs())).await)?;
    }
    media.keyframes = found.keyframes();
    let begins = found.first_keyframe();
    media.streams.iter_mut().filter(|stream| stream.index == number).for_each(|stream| stream.begins_at(begins));
    media.hidden.video = media.hidden.video.max(frame * found.discarded());
    if fields == Some(true) {
        media.has_told_fields(number);
    }
    Ok(())
}

/// Some at the start and some in the middle: what was recorded whole may be followed by what was not.
fn few_pictures(duration: Option<Duration>) -> String {
    let middle = duration.map(|duration| format!(",{}%+#{PICTURES}", duration.as_secs() / 2));
    format!("%+#{PICTURES}{}", middle.unwrap_or_default())
}

/// Intervals in ffprobe's words. A short file is read whole.
fn windows(duration: Option<Duration>) -> Vec<String> {
    let window = WINDOW.as_secs();
    let start = format!("%+{window}");
    match duration.map(|duration| duration.as_secs()) {
        Some(seconds) if seconds > 4 * window => {
            let end = seconds.saturating_sub(window);
            vec![start, format!("{}%+{window}", seconds / 2), format!("{end}%+{}", 2 * window)]
        }
        Some(_) => vec![format!("%+{}", 5 * window)],
        None => vec![start],
    }
}

/// Measures a closed segment by its own bytes; the plan adds what the transport stream does not tell (the audio's
/// profile, the frame rate's fraction).
pub async fn measure_segment(closed: &ClosedSegment, plan: &MediaPlan) -> Result<Measured, ProbeError> {
    let segment = &closed.path;
    if let Some(init) = &closed.init {
        return measure_init(init, plan).await;
    }
    let Some(video) = &plan.video else { return Ok(sound_alone(plan)) };
    let head = segment_head(segment).await.map_err(|error| InputError::io(segment, error))?;
    let parameters = head.as_ref().and_then(|head| head.video.parameters);
    let (Some(head), Some(parameters)) = (&head, parameters) else {
        return Err(ProbeError::Segment(segment.to_owned()));
    };
    let audio = plan.audio.as_ref().filter(|_| head.aac).map(audio_codec);
    Ok(Measured {
        codecs: [parameters.codec()].into_iter().chain(audio).collect::<Vec<_>>().join(","),
        resolution: parameters.size.map(|size| displayed(size, video)),
        ..of_video(video)
    })
}

/// What the video's own facts say, whatever it is packed in.
fn of_video(video: &StreamPlan) -> Measured {
    Measured {
        codecs: String::new(),
        resolution: None,
        frame_rate: video.stream.frame_rate.map(|rate| rate.get()),
        // what is re-encoded has 8 bits
        video_range: video.stream.video_range().filter(|_| video.action == Action::Copy),
        supplemental_codecs: None,
        init: None,
    }
}

/// With the samples' aspect ratio.
fn displayed((width, height): (u32, u32), video: &StreamPlan) -> (u32, u32) {
    let stream = &video.stream;
    let aspect = stream.sample_aspect.map_or(1.0, |aspect| aspect.get());
    // a turned picture was re-encoded upright, and its samples with it
    let aspect = if stream.rotation % 180 == 90 { 1.0 / aspect } else { aspect };
    ((f64::from(width) * aspect).round() as u32, height)
}

/// Of fragmented MP4, whose init section says it all.
async fn measure_init(path: &Path, plan: &MediaPlan) -> Result<Measured, ProbeError> {
    let bytes = tokio::fs::read(path).await.map_err(|error| InputError::io(path, error))?;
    let unknown = || ProbeError::Segment(path.to_owned());
    let init = Init::read(&bytes).map_err(|_| unknown())?;
    let mut tracks = Vec::new();
    for track in &init.tracks {
        match plan.audio.as_ref().filter(|audio| !track.is_video && (track.entry == *b"mp4a" && is_aac(audio))) {
            // the specific configuration may name the base layer alone
            Some(audio) => tracks.push(audio_codec(audio)),
            None if track.codec.is_empty() => return Err(unknown()),
            None => tracks.push(track.codec.clone()),
        }
    }
    let measured = plan.video.as_ref().map_or_else(|| sound_alone(plan), of_video);
    let picture = init.tracks.iter().find(|track| track.is_video);
    let size = picture.and_then(|track| track.size_of_picture);
    Ok(Measured {
        codecs: tracks.join(","),
        resolution: size.zip(plan.video.as_ref()).map(|(size, video)| displayed(size, video)),
        supplemental_codecs: picture.and_then(|track| track.supplemental.clone()),
        init: Some(bytes),
        ..measured
    })
}

fn is_aac(audio: &StreamPlan) -> bool {
    audio.action != Action::Copy || audio.stream.codec == "aac"
}

fn sound_alone(plan: &MediaPlan) -> Measured {
    let codecs = plan.audio.as_ref().map(audio_codec).unwrap_or_default();
    let (resolution, frame_rate, video_range, supplemental_codecs, init) = (None, None, None, None, None);
    Measured { codecs, resolution, frame_rate, video_range, supplemental_codecs, init }
}

/// With its explicit object type; the transport stream's header states the base layer's alone.
fn audio_codec(audio: &StreamPlan) -> String {
    let object = match audio.stream.profile.as_deref() {
        Some("HE-AAC") if audio.action == Action::Copy => 5,
        Some("HE-AACv2") if audio.action == Action::Copy => 29,
        _ => 2,
    };
    format!("mp4a.40.{object}")
}

/// The tables and the first access unit of a segment; `None` if it begins with no H.264 stream.
pub(crate) async fn segment_head(segment: &Path) -> io::Result<Option<transport::Head>> {
    let path = segment.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(transport::HEAD_MAX as u64).read_to_end(&mut bytes)?;
        Ok(transport::head(&bytes))
    });
    read.await.map_err(io::Error::other)?
}
