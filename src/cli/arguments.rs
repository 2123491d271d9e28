//! What commands take, in groups that several of them share: flags, each of which can also be set in the environment and
//! in the config file. Their headings are those of the help.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::Args;

use super::{
    numbers,
    values::{
        CompatibleArg, ContainerArg, HostArg, InvokeModeArg, OnDamageArg, RobotsArg, TargetArg, ThemeArg, TranscodeArg,
    },
};
use crate::model::reel::{
    name::ReelName,
    order::{WantedLoudness, WantedSubtitles, WantedTrack, WantedTracks},
    region,
    title::title,
};

/// Headings of the help.
pub(super) const WHAT: &str = "What is published";
const WHERE: &str = "Where";
pub(super) const TALK: &str = "How it talks";
pub(super) const MACHINE: &str = "This computer";
const SPECIAL: &str = "For other imitations of AWS, and accounts where roles can't be made";

/// What is published and how.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = WHAT)]
pub struct PublishArgs {
    /// Name of the reel: a-z, 0-9 and -, part of its URL [default: from the file name]
    #[arg(long, env = "ZIPREEL_NAME", hide_env_values = true)]
    pub name: Option<ReelName>,
    /// Title on the watch page [default: the file name]
    #[arg(long, env = "ZIPREEL_TITLE", hide_env_values = true, value_parser = title)]
    pub title: Option<String>,
    /// Length of a segment in seconds; it ends at the next place where the video can be cut, a keyframe [default: 30]
    #[arg(long, value_name = "N", env = "ZIPREEL_SEGMENT_SECONDS", hide_env_values = true, value_parser = numbers::seconds)]
    pub segment_seconds: Option<f64>,
    /// AWS Region, a part of the world, such as eu-west-1 [default: the profile's]
    #[arg(long, env = "ZIPREEL_REGION", hide_env_values = true, value_parser = region_name, help_heading = WHERE)]
    pub region: Option<String>,
    /// The stand-in on this computer, or an AWS account [default: local]
    #[arg(long, env = "ZIPREEL_TARGET", hide_env_values = true, help_heading = WHERE)]
    pub target: Option<TargetArg>,
    /// Saved sign-in to AWS (profile); means --target aws, unless that says otherwise [default: $AWS_PROFILE]
    #[arg(long, env = "ZIPREEL_PROFILE", hide_env_values = true, help_heading = WHERE)]
    pub profile: Option<String>,
    /// Convert picture or sound that players can't take, or refuse the video [default: ask]
    #[arg(long, env = "ZIPREEL_TRANSCODE", hide_env_values = true)]
    pub transcode: Option<TranscodeArg>,
    /// The picture, by its number in the file [default: the main one]
    #[arg(long, hide_short_help = true, value_name = "N", env = "ZIPREEL_VIDEO_STREAM", hide_env_values = true, value_parser = numbers::video_stream)]
    pub video_stream: Option<u32>,
    /// Sound tracks to choose from in players: `all`, or numbers and languages, such as `1,deu` (number 1, and German) [default: all]
    #[arg(long, value_name = "TRACKS", env = "ZIPREEL_AUDIO", hide_env_values = true)]
    pub audio: Option<WantedTracks>,
    /// Subtitles, in the file and in files beside it that are named like it: `all`, `none`, or numbers and languages [default: all]
    #[arg(long, value_name = "TRACKS", env = "ZIPREEL_SUBTITLES", hide_env_values = true)]
    pub subtitles: Option<WantedSubtitles>,
    /// This sound track alone (number or language), in the same files as the picture; in place of --audio [default: none]
    #[arg(long, hide_short_help = true, value_name = "STREAM", env = "ZIPREEL_AUDIO_STREAM", hide_env_values = true)]
    pub audio_stream: Option<WantedTrack>,
    /// Remove the stripes of old TV recordings (interlaced video), which converts the picture [default: false]
    #[arg(long, hide_short_help = true, env = "ZIPREEL_DEINTERLACE", hide_env_values = true, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub deinterlace: Option<bool>,
    /// File format of the segments: the one that every player takes (MPEG-TS), or the one for newer video too (fragmented MP4) [default: auto]
    #[arg(long, hide_short_help = true, env = "ZIPREEL_CONTAINER", hide_env_values = true)]
    pub container: Option<ContainerArg>,
    /// Newer kinds of video (HEVC, AV1): publish a copy that plays everywhere (H.264) as well, or only that copy [default: no]
    #[arg(long, hide_short_help = true, env = "ZIPREEL_COMPATIBLE", hide_env_values = true, num_args = 0..=1, default_missing_value = "add", require_equals = true)]
    pub compatible: Option<CompatibleArg>,
    /// Measure how loud the sound is (by EBU R 128, the broadcasters' rule), or make all tracks equally loud
    /// (normalize, to -16 LUFS, as is usual on the web), which converts the sound [default: false]
    #[arg(long, hide_short_help = true, value_name = "measure|normalize", env = "ZIPREEL_LOUDNESS", hide_env_values = true, num_args = 0..=1, default_missing_value = "measure", require_equals = true)]
    pub loudness: Option<WantedLoudness>,
    /// A video that is cut off or damaged: ask, publish what is there, or refuse [default: ask]
    #[arg(long, hide_short_help = true, env = "ZIPREEL_ON_DAMAGE", hide_env_values = true)]
    pub on_damage: Option<OnDamageArg>,
    /// Whether search engines may list the watch page [default: noindex]
    #[arg(long, hide_short_help = true, env = "ZIPREEL_ROBOTS", hide_env_values = true)]
    pub robots: Option<RobotsArg>,
    /// Largest zip in MiB, 1 to 49 [default: 49]
    #[arg(long, hide_short_help = true, value_name = "N", env = "ZIPREEL_CHUNK_MIB", hide_env_values = true, value_parser = numbers::chunk_mib)]
    pub chunk_mib: Option<u64>,
    /// Uploads side by side, 1 to 16 [default: as many as make it faster]
    #[arg(long, hide_short_help = true, value_name = "N", env = "ZIPREEL_PARALLEL", hide_env_values = true, value_parser = numbers::parallel, help_heading = MACHINE)]
    pub parallel: Option<NonZeroUsize>,
    /// Let other machines of your network watch what the stand-in serves; ADDRESS only where the wrong one is taken [default: false]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "auto", require_equals = true, help_heading = MACHINE)]
    pub host: Option<HostArg>,
    /// Replace the reel of this name, if there is one; the old one is kept a day or more for its viewers [default: false]
    #[arg(long, env = "ZIPREEL_REPLACE", hide_env_values = true, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub replace: Option<bool>,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Where the reels are, or the account that is looked after.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = WHERE)]
pub struct WhereArgs {
    /// AWS Region, a part of the world, such as eu-west-1 [default: the profile's]
    #[arg(long, env = "ZIPREEL_REGION", hide_env_values = true, value_parser = region_name)]
    pub region: Option<String>,
    /// The stand-in on this computer, or an AWS account [default: local]
    #[arg(long, env = "ZIPREEL_TARGET", hide_env_values = true)]
    pub target: Option<TargetArg>,
    /// Saved sign-in to AWS (profile); means --target aws, unless that says otherwise [default: $AWS_PROFILE]
    #[arg(long, env = "ZIPREEL_PROFILE", hide_env_values = true)]
    pub profile: Option<String>,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Folders and ports of this computer.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = MACHINE)]
pub struct PlaceArgs {
    /// Notes for resuming, and logs [default: ~/.local/state/zipreel, or as the system has it]
    #[arg(long, hide_short_help = true, value_name = "D", env = "ZIPREEL_STATE_DIR", hide_env_values = true)]
    pub state_dir: Option<PathBuf>,
    /// Segments that wait for their upload [default: ~/.cache/zipreel, or as the system has it]
    #[arg(long, hide_short_help = true, value_name = "D", env = "ZIPREEL_WORK_DIR", hide_env_values = true)]
    pub work_dir: Option<PathBuf>,
    /// Cut no further (hold ffmpeg back) while more than so many GiB wait for upload [default: 4]
    #[arg(long, hide_short_help = true, value_name = "N", env = "ZIPREEL_BACKLOG_GIB", hide_env_values = true, value_parser = numbers::backlog_gib)]
    pub backlog_gib: Option<f64>,
    /// The stand-in's data [default: ~/.local/share/zipreel, or as the system has it]
    #[arg(long, hide_short_help = true, value_name = "D", env = "ZIPREEL_DATA", hide_env_values = true)]
    pub data: Option<PathBuf>,
    /// First of the five network ports of the stand-in; 0 takes free ones [default: 8720]
    #[arg(long, hide_short_help = true, value_name = "P", env = "ZIPREEL_PORT", hide_env_values = true, value_parser = numbers::port)]
    pub port: Option<u16>,
    /// The stand-in misbehaves on purpose, such as `latency=60ms,uplink=200mbit`; `x=1` lists all [default: none]
    #[arg(long, hide_short_help = true, value_name = "SPEC", env = "ZIPREEL_FAULTS", hide_env_values = true)]
    pub faults: Option<String>,
    #[command(flatten)]
    pub overrides: OverrideArgs,
}

/// For accounts where roles can't be made, and for emulators of AWS.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = SPECIAL)]
pub struct OverrideArgs {
    /// Role that chunks are made with, by its full AWS name (ARN); it needs no rights [default: the account's zipreel-chunk]
    #[arg(long, hide_short_help = true, value_name = "ARN", env = "ZIPREEL_ROLE_ARN", hide_env_values = true)]
    pub role_arn: Option<String>,
    /// Role of the gate [default: the account's zipreel-gate]
    #[arg(long, hide_short_help = true, value_name = "ARN", env = "ZIPREEL_GATE_ROLE_ARN", hide_env_values = true)]
    pub gate_role_arn: Option<String>,
    /// Role of a relay with a monthly ceiling [default: the account's zipreel-relay]
    #[arg(long, hide_short_help = true, value_name = "ARN", env = "ZIPREEL_RELAY_ROLE_ARN", hide_env_values = true)]
    pub relay_role_arn: Option<String>,
    /// How gate and relay hand over their answers [default: stream]
    #[arg(long, hide_short_help = true, value_name = "MODE", env = "ZIPREEL_INVOKE_MODE", hide_env_values = true)]
    pub invoke_mode: Option<InvokeModeArg>,
    /// Where such an imitation serves functions, such as `http://127.0.0.1:4566/_aws/lambda-url/{id}/` [default: at their own address]
    #[arg(long, hide_short_help = true, value_name = "URL", env = "ZIPREEL_FUNCTION_URLS", hide_env_values = true, value_parser = function_urls)]
    pub function_urls: Option<String>,
    /// The same for `zipreel setup --front http-api`, such as `http://127.0.0.1:4566/_aws/execute-api/{id}/` [default: at their own address]
    #[arg(long, hide_short_help = true, value_name = "URL", env = "ZIPREEL_API_URLS", hide_env_values = true, value_parser = function_urls)]
    pub api_urls: Option<String>,
}

/// How a command without the wizard talks.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = TALK)]
pub struct FaceArgs {
    #[command(flatten)]
    pub form: FormArgs,
    /// Don't ask; accept that AWS's terms may forbid this (see the README)
    #[arg(long, short, help_heading = TALK)]
    pub yes: bool,
    /// Keep the stand-in serving afterwards, until Ctrl-C [default: false]
    #[arg(long, env = "ZIPREEL_SERVE", hide_env_values = true, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub serve: Option<bool>,
}

/// How the wizard looks and listens.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = TALK)]
pub struct WizardArgs {
    /// The wizard's colours [default: auto]
    #[arg(long, env = "ZIPREEL_THEME", hide_env_values = true, value_enum)]
    pub theme: Option<ThemeArg>,
    /// Clicks and the wheel in the wizard; `false` leaves the mouse to the terminal [default: true]
    #[arg(long, hide_short_help = true, env = "ZIPREEL_MOUSE", hide_env_values = true, value_name = "BOOL")]
    pub mouse: Option<bool>,
}

/// Lines for people or for programs. No conflict of the two is declared: clap would see one between a flag and a variable.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = TALK)]
pub struct FormArgs {
    /// Plain lines, even where the environment variable or the config file asks for JSON
    #[arg(long)]
    pub plain: bool,
    /// One JSON object a line on standard output [default: false]
    #[arg(long, env = "ZIPREEL_JSON", hide_env_values = true, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub json: Option<bool>,
    /// Print the whole log with its times, on standard error; or some of it, by a variable: `ZIPREEL_LOG=warn`
    #[arg(long, short)]
    pub verbose: bool,
}

/// Whether there is such a Region, AWS alone knows.
fn region_name(text: &str) -> Result<String, String> {
    if region::is_name(text) { Ok(text.to_owned()) } else { Err(region::NO_NAME.to_owned()) }
}

fn function_urls(text: &str) -> Result<String, String> {
    let usable = (text.starts_with("http://") || text.starts_with("https://")) && text.contains("{id}");
    if usable { Ok(text.to_owned()) } else { Err("not a URL with {id} in it".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

    #[test]
    fn what_can_be_no_region_s_name_is_refused_where_it_is_said() {
        for wrong in ["", "x y", "-eu", "eu_west_1", "1"] {
            for command in [&["list"][..], &["publish", "a.mp4"]] {
                let region = format!("--region={wrong}");
                let words = ["zipreel"].iter().chain(command).copied().chain([region.as_str()]);
                let said = Cli::try_parse_from(words).unwrap_err().to_string();
                assert!(said.contains("not the name of a Region, such as eu-west-1"), "{wrong}: {said}");
            }
        }
        // AWS adds Regions
        assert!(Cli::try_parse_from(["zipreel", "list", "--region", "xx-new-9"]).is_ok());
    }
}
