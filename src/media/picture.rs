//! A picture of what a file holds: a frame of its video, its cover art, or the shape of its sound.

use std::{path::Path, time::Duration};

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{
    ffmpeg::Tools,
    probe::{ProbeError, input_argument, run},
};
use crate::model::media::{
    arguments::input_guard,
    facts::{Kind, Stream},
    input::InputError,
    streams::orientation::{left_to_us, upright},
};

/// How light a picture has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brightness {
    Any,
    /// A tenth of it at least is lighter than near black.
    Lit,
}

/// Where a picture is taken from, and what it has to be.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub tools: &'a Tools,
    pub video: &'a Path,
    pub stream: &'a Stream,
    /// Pixels.
    pub max_width: u32,
    pub brightness: Brightness,
}

/// A codec of which a second of frames takes several times as long to decode as H.264's, and a third more memory.
const DEAR: &str = "hevc";

/// Which frames are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frames {
    All,
    /// Those of the next 12 s that are decoded from nothing else: encoders set one every 250 frames at least.
    Keys,
}

impl View<'_> {
    /// As JPEG, the right way up: of video the most telling of the frames after `at`, so that a fade from black is
    /// passed over, or of the first ones where any will do and none is so late; of sound its shape.
    pub async fn at(&self, at: Duration, cancel: &CancellationToken) -> Result<Vec<u8>, ProbeError> {
        let Self { tools, video, .. } = *self;
        let look = async |frames, at| run(self.command(frames, at)?, &tools.ffmpeg, video, cancel).await;
        let keys = if self.stream.codec == DEAR { look(Frames::Keys, at).await } else { Ok(Vec::new()) };
        let mut picture = match keys {
            Ok(picture) if !picture.is_empty() => picture,
            Err(error @ (ProbeError::Slow(_) | ProbeError::Cancelled)) => return Err(error),
            Ok(_) | Err(_) => look(Frames::All, at).await?,
        };
        // of a video of one picture, or a few, the rest is sound
        if picture.is_empty() && !at.is_zero() && self.brightness == Brightness::Any {
            picture = look(Frames::All, Duration::ZERO).await?;
        }
        if picture.is_empty() {
            let how = format!("there is no picture at {:.1} s", at.as_secs_f64());
            return Err(ProbeError::Failed { video: video.to_owned(), how, complaints: String::new() });
        }
        Ok(picture)
    }

    fn command(&self, frames: Frames, at: Duration) -> Result<Command, ProbeError> {
        let Self { tools, video, stream, max_width, brightness } = *self;
        let mut command = Command::new(&tools.ffmpeg);
        command.args(["-nostdin", "-hide_banner", "-v", "error"]).args(input_guard());
        // each thread of a decoder holds pictures of its own
        command.args(["-threads", "1"]).args(left_to_us(stream));
        // cover art has one picture, which stands before all times; of sound the shape is drawn
        if stream.kind == Kind::Video {
            command.arg("-ss").arg(format!("{:.3}", at.as_secs_f64()));
        }
        match (stream.kind, frames) {
            (Kind::Audio, _) => command.args(["-t", DRAWN]),
            (_, Frames::Keys) => command.args(["-skip_frame", "nokey", "-t", "12"]),
            // else a video that stays dark would be read to its end
            (_, Frames::All) => command.args(["-t", "2"].iter().filter(|_| brightness == Brightness::Lit)),
        };
        command.arg("-i").arg(input_argument(video).map_err(|error| InputError::io(video, error))?);
        if stream.kind == Kind::Audio {
            command.args(["-filter_complex", &shape_of_sound(stream, max_width), "-map", "[shape]"]);
        } else {
            command.args(["-map", &format!("0:{}", stream.index), "-vf", &still(stream, max_width, brightness)]);
        }
        command.args(["-frames:v", "1", "-pix_fmt", "yuvj420p", "-q:v", "3", "-c:v", "mjpeg"]);
        command.args(["-f", "image2pipe", "pipe:1"]);
        Ok(command)
    }
}

/// The most telling of some frames, the right way up.
fn still(stream: &Stream, max_width: u32, brightness: Brightness) -> String {
    // square samples first, then no wider than wanted, with even sides
    let mut filters = vec!["thumbnail=24", "scale=iw*sar:ih", "setsar=1"];
    filters.extend(upright(stream));
    let mut still = format!("{},scale='trunc(min({max_width},iw)/2)*2':-2", filters.join(","));
    if brightness == Brightness::Lit {
        // of 90 % of the points, the lightest; black is 16
        still.push_str(
            ",format=yuv420p,signalstats,metadata=select:key=lavfi.signalstats.YHIGH:value=40:function=greater",
        );
    }
    still
}

/// Seconds of sound that its picture is drawn of.
const DRAWN: &str = "600";

/// How loud it is over time, light on dark, in the shape of a film's picture.
fn shape_of_sound(stream: &Stream, max_width: u32) -> String {
    let (width, height) = (max_width / 2 * 2, max_width * 9 / 32 * 2);
    format!(
        "color=c=0x1b1613:s={width}x{height}:r=1:d=1[ground];[0:{}]aformat=channel_layouts=mono,\
         showwavespic=s={width}x{height}:colors=0xfb923c[wave];[ground][wave]overlay=format=auto[shape]",
        stream.index
    )
}
