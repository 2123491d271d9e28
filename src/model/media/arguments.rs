//! The plan in ffmpeg's language: which streams, which codecs, which keyframes. Where files lie and how ffmpeg is run
//! is not known here.

use std::time::Duration;

use super::{
    container::Container,
    decide::{Action, MediaPlan, PIECE},
    facts::{FirstField, Ratio, Stream},
    segment::meter::CLOCK,
    streams::{
        loudness,
        orientation::{left_to_us, upright},
    },
};

/// Demuxers that may open what a person names. Others follow references to more files or hosts (playlists, `concat`,
/// `dash`), grab devices, or read still pictures.
pub const FORMATS: &str = "mov,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,asf,ogg,mxf,gxf,wtv,rm,nut,dv,ivf,h264,hevc,\
                           m4v,vc1,obu,y4m,gif,mp3,wav,w64,aiff,flac,aac,ac3,eac3,dts,truehd,amr,caf,ape,tta,wv";

/// More frames a second than any video has, as against a container's units of time.
const FRAME_RATE_MAX: f64 = 300.0;

/// ffmpeg's own default, milliseconds.
const MUX_DELAY_MS: i64 = 700;

/// Where the clock of several renditions begins, seconds: the muxer moves a stream that begins before zero (encoders'
/// delays, reordered pictures), each by its own.
const CLOCK_BEGINS_S: u32 = 10;

/// What an installed ffmpeg understands and can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// `-fps_mode` (5.1 and later) took the place of `-vsync`.
    pub fps_mode: bool,
    /// `-hls_segment_options` (4.4 and later) took the place of `-hls_ts_options`.
    pub segment_options: bool,
    /// The filters `zscale` and `tonemap` are there.
    pub tone_map: bool,
}

/// Before `-i`, for ffmpeg and ffprobe alike: only files, only formats that hold their media themselves.
pub fn input_guard() -> [&'static str; 4] {
    ["-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS]
}

impl MediaPlan {
    /// What stands before the input.
    pub fn input_arguments(&self) -> Option<&'static str> {
        left_to_us(&self.video.as_ref()?.stream)
    }

    /// Everything between the input and the muxer.
    pub fn arguments(&self, segment_length: Duration, dialect: Dialect) -> Vec<String> {
        let mut arguments = words("-map_metadata -1 -map_chapters -1 -sn -dn -max_muxing_queue_size 4096");
        if let Some(video) = &self.video {
            arguments.extend(["-map".to_owned(), format!("0:{}", video.stream.index)]);
            arguments.extend(match video.action {
                Action::Copy => self.copy_video(&video.stream),
                Action::Transcode { .. } | Action::Text | Action::LeaveOut { .. } => {
                    let keyframes =
                        if self.beside_copy { beside_copy(&video.stream) } else { at_length(segment_length) };
                    [x264(), keyframes, encode_video(&video.stream, self.deinterlace, dialect)].concat()
                }
            });
        }
        if let Some(audio) = &self.audio {
            arguments.extend(["-map".to_owned(), format!("0:{}", audio.stream.index)]);
            arguments.extend(match audio.action {
                Action::Copy => self.copy_audio(&audio.stream),
                Action::Transcode { .. } | Action::Text | Action::LeaveOut { .. } => {
                    let mut arguments = words("-c:a aac -b:a 160k -ac 2 -ar 48000 -af");
                    arguments.push(match self.wanted.loudness.is_normalized() {
                        true => loudness::normalized(self.measured.as_ref()),
                        false => loudness::FILLED.to_owned(),
                    });
                    arguments
                }
            });
        }
        if self.one_clock {
            arguments.extend(["-output_ts_offset".to_owned(), CLOCK_BEGINS_S.to_string()]);
        }
        arguments
    }

    /// Behind the muxer: the other renditions' streams, read and thrown away. Where times jump, and of transport streams
    /// where they begin, ffmpeg goes by the streams that it reads: runs that read the same have one clock.
    pub fn companions(&self) -> Vec<String> {
        let maps = self.others.iter().flat_map(|number| ["-map".to_owned(), format!("0:{number}")]);
        let mut companions: Vec<String> = maps.collect();
        if !companions.is_empty() {
            companions.extend(words("-c copy -f null -"));
        }
        companions
    }

    /// MP4 states what ADTS headers say once for all, and ffmpeg takes some codecs in it for new.
    fn copy_audio(&self, stream: &Stream) -> Vec<String> {
        words(match (self.packaging, stream.codec.as_str()) {
            (Container::Mp4, "aac") => "-c:a copy -bsf:a aac_adtstoasc",
            (Container::Mp4, "flac") => "-c:a copy -strict experimental",
            _ => "-c:a copy",
        })
    }

    /// What the muxer is told. Pieces of a transport stream are files that it names on standard output; fragmented MP4
    /// goes there itself, a fragment a piece.
    pub fn muxer_arguments(&self, segment_length: Duration, dialect: Dialect) -> Vec<String> {
        let seconds = self.piece_seconds(segment_length);
        match self.packaging {
            Container::Ts => {
                let mut arguments = words("-f hls -hls_segment_type mpegts");
                arguments.extend(self.stream_options(dialect));
                arguments.extend(words("-hls_list_size 1 -hls_time"));
                arguments.push(format!("{seconds:.6}"));
                arguments.extend(words("-hls_segment_filename piece%08d.ts pipe:1"));
                arguments
            }
            Container::Mp4 => {
                // with frag_discont each fragment has its own time, which an edit list would say in whole milliseconds
                let cut = if self.video.is_some() { "frag_keyframe+" } else { "" };
                let length = if self.video.is_some() { "-min_frag_duration" } else { "-frag_duration" };
                let flags = format!("{cut}delay_moov+default_base_moof+frag_discont+skip_trailer");
                let mut arguments = words(&format!("-f mp4 -movflags {flags} {length}"));
                arguments.push(format!("{:.0}", seconds * 1e6));
                arguments.push("pipe:1".to_owned());
                arguments
            }
        }
    }

    /// Of transport streams.
    pub fn stream_options(&self, dialect: Dialect) -> Vec<String> {
        if self.packaging != Container::Ts || self.video.is_none() || !self.pes_lengths {
            return Vec::new();
        }
        let option = if dialect.segment_options { "-hls_segment_options" } else { "-hls_ts_options" };
        vec![option.to_owned(), "omit_video_pes_length=0".to_owned()]
    }

    /// Parameter sets are put before every keyframe, since an open-GOP keyframe brings none and each segment must
    /// decode alone. Streams in MPEG-TS carry access unit delimiters that would then stand behind them, against
    /// H.264's order: they are taken out, and the muxer writes its own in front.
    ///
    /// MP4 has them in its init section: HEVC is then called `hvc1`, the only name that Apple's players take.
    fn copy_video(&self, stream: &Stream) -> Vec<String> {
        if self.packaging == Container::Mp4 {
            let tag = if stream.codec == "hevc" { " -tag:v hvc1" } else { "" };
            // ffmpeg takes the box of Dolby Vision for a private one
            let dolby = if stream.dolby_vision.is_some() { " -strict unofficial" } else { "" };
            return words(&format!("-c:v copy{tag}{dolby}"));
        }
        let delimited = ["mpegts", "mpeg", "h264", "wtv"].contains(&self.container.as_str());
        let filter = if delimited { "filter_units=remove_types=9," } else { "" };
        let mut arguments = words("-c:v copy -bsf:v");
        arguments.push(format!("h264_mp4toannexb,{filter}dump_extra=freq=keyframe"));
        arguments
    }

    /// How often ffmpeg should close a file, in seconds. Segments are put together from such pieces, since the hls
    /// muxer itself cuts at multiples of its `hls_time`: after a long segment come short ones. So a piece ends at every
    /// keyframe: at the first after next to nothing (with 0, ffmpeg 4 begins with an empty file). Where every other
    /// frame is a keyframe, a file each would be too many; pieces then are half seconds.
    ///
    /// Sound can be cut anywhere, so that its pieces are the segments.
    pub fn piece_seconds(&self, segment_length: Duration) -> f64 {
        match self.keyframes {
            _ if self.video.is_none() => segment_length.as_secs_f64(),
            Some((mean, _)) if mean < PIECE => {
                let seconds = segment_length.as_secs_f64();
                seconds / (seconds / PIECE.as_secs_f64()).ceil().max(1.0)
            }
            _ => 0.001,
        }
    }
}

/// Keyframes at multiples of the segment length.
fn at_length(segment_length: Duration) -> Vec<String> {
    vec!["-force_key_frames".to_owned(), format!("expr:gte(t,n_forced*{})", segment_length.as_secs_f64())]
}

/// Keyframes where the copied picture has them, so that both can be cut at the same times, and every two seconds.
fn beside_copy(stream: &Stream) -> Vec<String> {
    let rate = stream.frame_rate.map_or(25.0, Ratio::get).min(FRAME_RATE_MAX);
    let mut arguments = words("-force_key_frames source -g");
    arguments.push(format!("{:.0}", (2.0 * rate).ceil().max(1.0)));
    arguments
}

fn encode_video(stream: &Stream, deinterlace: bool, dialect: Dialect) -> Vec<String> {
    let mut arguments = Vec::new();
    // each frame at its own time: the muxer would ask for a constant rate, and frames would be doubled or lost. So they
    // would if times were rounded to the rate of frames, which may be noise; and what is then stated is the average
    arguments.extend(words(if dialect.fps_mode { "-fps_mode:v vfr" } else { "-vsync vfr" }));
    arguments.extend(words("-enc_time_base:v 1:90000"));
    if let Some(rate) = stream.frame_rate.filter(|rate| rate.get() <= FRAME_RATE_MAX) {
        let ticks = u64::from(rate.numerator) * 2;
        arguments.push("-bsf:v".to_owned());
        arguments.push(format!("h264_metadata=tick_rate={ticks}/{}", rate.denominator));
    }
    let filters = filters(stream, deinterlace, dialect);
    if !filters.is_empty() {
        arguments.extend(["-vf".to_owned(), filters.join(",")]);
    }
    arguments
}

/// `veryfast` keeps up with real time on two cores at 1080p, where `medium` takes three times as long for a tenth
/// fewer bytes; CRF 20 makes up for it in quality. Closed GOPs.
///
/// The same bytes on every run, so that a resume finds what is deployed: x264 decides by the number of its threads,
/// which it would take from the machine, and by what the processor can do.
fn x264() -> Vec<String> {
    let mut arguments = words("-c:v libx264 -preset veryfast -crf 20 -profile:v high -pix_fmt yuv420p");
    arguments.extend(words("-threads:v 8 -sc_threshold 0 -forced-idr 1"));
    arguments.extend(words("-x264-params open-gop=0:cpu-independent=1"));
    arguments
}

/// A still picture that is shown so many times over copied sound, between the inputs (0: the picture, 1: the sound) and
/// the names of the files. The first timestamp is `begins`, in ticks of 90 kHz.
pub fn still_arguments(frames: u64, begins: i64, segment_length: Duration, sample_aspect: Option<&str>) -> Vec<String> {
    let mut arguments = words("-map 0:v -map 1:a -c:a copy");
    // a filter ends the pictures alone: at -frames:v ffmpeg up to 5.1 ends the sound too, wherever that is
    let mut filters = vec![format!("trim=end_frame={frames}")];
    filters.extend(sample_aspect.map(|aspect| format!("setsar={aspect}")));
    arguments.extend(["-vf".to_owned(), filters.join(",")]);
    arguments.extend(x264());
    // an encoder that looks ahead holds back seconds of pictures, and the sound would not wait for them
    arguments.extend(words("-tune stillimage,zerolatency -bf 0 -force_key_frames"));
    arguments.push(format!("expr:gte(t,n_forced*{})", segment_length.as_secs_f64()));
    // the muxer of transport streams begins at twice its delay
    let offset = (begins - 2 * MUX_DELAY_MS * CLOCK / 1000).max(0);
    arguments.push("-output_ts_offset".to_owned());
    arguments.push(format!("{:.6}", offset as f64 / CLOCK as f64));
    arguments.push("-muxdelay".to_owned());
    arguments.push(format!("{:.3}", MUX_DELAY_MS as f64 / 1000.0));
    arguments.extend(words("-f hls -hls_segment_type mpegts -hls_list_size 0 -hls_playlist_type vod -hls_time"));
    arguments.push(format!("{:.6}", segment_length.as_secs_f64()));
    arguments
}

fn filters(stream: &Stream, deinterlace: bool, dialect: Dialect) -> Vec<&'static str> {
    let mut filters = Vec::new();
    if stream.interlaced || deinterlace {
        filters.extend(match stream.untold_fields {
            // pictures that say nothing of fields would be passed over
            Some(FirstField::Top) => Some("setfield=tff"),
            Some(FirstField::Bottom) => Some("setfield=bff"),
            None if !stream.interlaced => Some("setfield=tff"),
            None => None,
        });
        filters.push("yadif=deint=interlaced");
    }
    // after the fields, which lie in rows
    filters.extend(upright(stream));
    // 4:2:0 needs even sides
    if stream.width % 2 == 1 || stream.height % 2 == 1 {
        filters.push("crop=trunc(iw/2)*2:trunc(ih/2)*2");
    }
    if dialect.tone_map && stream.is_hdr() {
        filters.push("zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0");
        filters.push("zscale=t=bt709:m=bt709:r=tv,format=yuv420p");
    }
    filters
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
