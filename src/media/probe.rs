//! The probe: looks at the file, then has ffprobe read it, within bounds of time and size. Judges nothing: that is
//! [`crate::model::media::decide`].

use std::{
    ffi::OsString,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{process::Command, time::timeout};
use tokio_util::sync::CancellationToken;

use super::ffmpeg::{Process, Tail, Tools, describe, read_bounded};
use crate::model::{
    media::{
        arguments::input_guard,
        decide::{Action, MediaPlan, MediaRefusal},
        facts::{Measured, Media},
        ffprobe::{self, OutputError, PacketSample},
        input::{InputError, InputFault, last_words},
        segment::transport,
        structure::{self, Structure, Table},
    },
    report::fault::{Explain, FaultClass},
};

/// For one run of ffprobe. A file on a slow network drive takes seconds; one that takes longer than this is sick.
const LIMIT: Duration = Duration::from_secs(30);
/// Of one answer: hundreds of streams, or minutes of packets.
const ANSWER_MAX: usize = 16 << 20;
/// Packets are looked at in windows of this length, at the start, in the middle and at the end: longer than the
/// distance of keyframes that common encoders keep (250 frames).
const WINDOW: Duration = Duration::from_secs(12);
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
    #[error("could not find H.264 video in the segment `{}`", .0.display())]
    Segment(PathBuf),
    #[error("examining the video was cancelled")]
    Cancelled,
}

impl Explain for ProbeError {
    fn class(&self) -> FaultClass {
        match self {
            Self::Input(error) => error.class(),
            _ => FaultClass::Permanent,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            Self::Refused(error) => error.hint(),
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
pub async fn probe(tools: &Tools, video: &Path, cancel: &CancellationToken) -> Result<Media, ProbeError> {
    let bytes = inspect(video).await?;
    let ask = async |options: &[&str]| {
        let arguments = [options, &["-show_format", "-show_streams"]].concat();
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

/// Runs to the end, to the time limit or to the cancel, whichever is first; nothing is left running.
async fn run(
    command: Command,
    program: &Path,
    video: &Path,
    cancel: &CancellationToken,
) -> Result<Vec<u8>, ProbeError> {
    let failed = |error| ProbeError::Run(program.to_owned(), error);
    let mut process = Process::spawn(command).map_err(failed)?;
    let work = async {
        let (answer, complaints) = tokio::try_join!(
            read_bounded(&mut process.stdout, ANSWER_MAX),
            read_bounded(&mut process.stderr, 64 << 10)
        )?;
        Ok::<_, io::Error>((answer, complaints.0))
    };
    let read = tokio::select! {
        read = timeout(LIMIT, work) => read,
        () = cancel.cancelled() => {
            process.stop().await;
            return Err(ProbeError::Cancelled);
        }
    };
    let Ok(read) = read else {
        process.stop().await;
        return Err(ProbeError::Slow(video.to_owned()));
    };
    let ((answer, too_long), complaints) = read.map_err(failed)?;
    let status = process.wait().await.map_err(failed)?;
    if !status.success() {
        let how = format!("`{}` {}", program.display(), describe(status));
        return Err(given_up(video, how, &String::from_utf8_lossy(&complaints)).await);
    }
    if too_long {
        return Err(ProbeError::TooLong(video.to_owned()));
    }
    Ok(answer)
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
    let (number, index) = (stream.index, stream.index.to_string());
    let look = async |interval: String| {
        let entries = ["-show_entries", "packet=pts_time,dts_time,size,flags", "-select_streams", &index];
        let arguments = [&entries[..], &["-read_intervals", &interval]].concat();
        ffprobe_json(tools, video, &arguments, cancel).await
    };
    let mut found = PacketSample::default();
    let take = |found: &mut PacketSample, answer: Result<String, ProbeError>| match answer {
        Ok(answer) => found.window(&answer).map_err(|error| ProbeError::Answer(video.to_owned(), error)),
        Err(ProbeError::Cancelled) => Err(ProbeError::Cancelled),
        // the end of a cut-off file, or a container that can't be searched: what was found elsewhere counts
        Err(_) => Ok(()),
    };
    for answer in join_all(windows(media.duration).into_iter().map(&look)).await {
        take(&mut found, answer)?;
    }
    if !found.has_spacing() {
        take(&mut found, look(format!("%+{}", WIDE_WINDOW.as_secs())).await)?;
    }
    media.keyframes = found.keyframes();
    let begins = found.first_keyframe();
    media.streams.iter_mut().filter(|stream| stream.index == number).for_each(|stream| stream.begins_at(begins));
    media.hidden.video = media.hidden.video.max(frame * found.discarded());
    Ok(())
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
pub async fn measure_segment(segment: &Path, plan: &MediaPlan) -> Result<Measured, ProbeError> {
    let head = segment_head(segment).await.map_err(|error| InputError::io(segment, error))?;
    let parameters = head.as_ref().and_then(|head| head.video.parameters);
    let (Some(head), Some(parameters)) = (&head, parameters) else {
        return Err(ProbeError::Segment(segment.to_owned()));
    };
    let mut codecs = parameters.codec();
    if let Some(audio) = plan.audio.as_ref().filter(|_| head.aac) {
        let copied = audio.action == Action::Copy;
        // explicit object types; the transport stream's header states the base layer's alone
        let object = match audio.stream.profile.as_deref() {
            Some("HE-AAC") if copied => 5,
            Some("HE-AACv2") if copied => 29,
            _ => 2,
        };
        codecs.push_str(&format!(",mp4a.40.{object}"));
    }
    let stream = &plan.video.stream;
    let aspect = stream.sample_aspect.map_or(1.0, |aspect| aspect.get());
    let display = |(width, height)| ((f64::from(width) * aspect).round() as u32, height);
    Ok(Measured {
        codecs,
        resolution: parameters.size.map(display),
        frame_rate: stream.frame_rate.map(|rate| rate.get()),
    })
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

/// How light a picture has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brightness {
    Any,
    /// A tenth of it at least is lighter than near black.
    Lit,
}

/// A picture of the video as JPEG, at most `max_width` wide and the right way up: the most telling of the frames
/// after `at`, so that a fade from black is passed over.
pub async fn frame(
    tools: &Tools,
    video: &Path,
    at: Duration,
    max_width: u32,
    brightness: Brightness,
    cancel: &CancellationToken,
) -> Result<Vec<u8>, ProbeError> {
    let mut command = Command::new(&tools.ffmpeg);
    command.args(["-nostdin", "-hide_banner", "-v", "error"]).args(input_guard());
    command.arg("-ss").arg(format!("{:.3}", at.as_secs_f64()));
    // else a video that stays dark would be read to its end
    command.args(["-t", "2"].iter().filter(|_| brightness == Brightness::Lit));
    command.arg("-i").arg(input_argument(video).map_err(|error| InputError::io(video, error))?);
    // square samples first, then no wider than wanted, with even sides
    let mut scale = format!("thumbnail=24,scale=iw*sar:ih,setsar=1,scale='trunc(min({max_width},iw)/2)*2':-2");
    if brightness == Brightness::Lit {
        // of 90 % of the points, the lightest; black is 16
        scale.push_str(
            ",format=yuv420p,signalstats,metadata=select:key=lavfi.signalstats.YHIGH:value=40:function=greater",
        );
    }
    command.args(["-map", "0:V:0", "-frames:v", "1", "-vf", &scale]);
    command.args(["-pix_fmt", "yuvj420p", "-q:v", "3", "-c:v", "mjpeg", "-f", "image2pipe", "pipe:1"]);
    let picture = run(command, &tools.ffmpeg, video, cancel).await?;
    if picture.is_empty() {
        let how = format!("there is no picture at {:.1} s", at.as_secs_f64());
        return Err(ProbeError::Failed { video: video.to_owned(), how, complaints: String::new() });
    }
    Ok(picture)
}
