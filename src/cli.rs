//! The command line: flags, each of which can also be set in the environment and in the config file.

mod values;

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::model::reel::{name::ReelName, order::WantedAudio};
pub use values::{InvokeModeArg, OnDamageArg, PolicyArg, RobotsArg, Switch, TargetArg, TranscodeArg};

#[derive(Debug, Parser)]
#[command(
    name = "zipreel",
    version,
    about = "From a video file to a playlist URL, served out of AWS Lambda's code storage",
    long_about = "Cuts a video into HLS segments, packs them into zips, deploys each zip as an AWS Lambda function that \
                  nobody runs, and gives you a URL that plays. Without a command it opens the wizard.",
    after_help = "What shows an [env: …] can be set there, and by its name with underscores in the config file: \
                  ~/.config/zipreel/config.toml.",
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The video to highlight when the wizard opens
    #[arg(long, value_name = "PATH", env = "ZIPREEL_VIDEO")]
    pub video: Option<PathBuf>,
    #[command(flatten)]
    pub settings: PublishArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Publish a video without the wizard
    Publish {
        /// The video file
        video: PathBuf,
        #[command(flatten)]
        settings: PublishArgs,
        #[command(flatten)]
        face: FaceArgs,
    },
    /// Go on with what was interrupted
    Resume {
        /// The reel; the newest that can go on if left out
        name: Option<ReelName>,
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        face: FaceArgs,
    },
    /// Make what the account needs once a Region: two roles and the gate; or bring it up to this version
    Setup {
        /// Change nothing; print the same as a CloudFormation template
        #[arg(long)]
        template: bool,
        /// Make the two roles and nothing else: an administrator's part, once an account
        #[arg(long)]
        roles: bool,
        /// With --template: write the zips that it needs into this folder
        #[arg(long, value_name = "D", requires = "template", conflicts_with = "roles")]
        packages: Option<PathBuf>,
        #[command(flatten)]
        account: AccountArgs,
        #[command(flatten)]
        face: FaceArgs,
    },
    /// Switch the relay on or off: it carries every byte to browsers, at the price of egress
    Relay {
        switch: Switch,
        #[command(flatten)]
        account: AccountArgs,
        #[command(flatten)]
        form: FormArgs,
        /// Don't ask; accept the relay's price and the notice about AWS's terms
        #[arg(long, short)]
        yes: bool,
    },
    /// Remove gate, relay and roles, when no reel is left
    Teardown {
        /// Leave the two roles: they serve the account's other Regions too
        #[arg(long)]
        keep_roles: bool,
        #[command(flatten)]
        account: AccountArgs,
        #[command(flatten)]
        form: FormArgs,
        /// Don't ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Say whether the account is ready, and what is missing
    Doctor {
        /// Make one tiny function, see what AWS really answers, and delete it
        #[arg(long)]
        live: bool,
        #[command(flatten)]
        account: AccountArgs,
        #[command(flatten)]
        face: FaceArgs,
    },
    /// Print the least IAM policies: for the roles, for setting up, for publishing
    Policy {
        /// The policy to print; all if left out
        which: Option<PolicyArg>,
        /// Account id to write into the ARNs; any if left out
        #[arg(long, value_name = "ID", default_value = "*")]
        account: String,
        /// Partition to write into the ARNs
        #[arg(long, default_value = "aws")]
        partition: String,
    },
    /// Show all reels of the account, also those published elsewhere
    List {
        #[command(flatten)]
        reels: ReelsArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Show all that is known of one reel: links, length, generations
    Info {
        /// The reel
        name: ReelName,
        #[command(flatten)]
        reels: ReelsArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Give a reel another title; its links stay
    Retitle {
        /// The reel
        name: ReelName,
        /// The title on its watch page
        title: String,
        #[command(flatten)]
        reels: ReelsArgs,
    },
    /// Print HTML that shows a reel on other pages: a frame, and a video element with hls.js
    Embed {
        /// The reel
        name: ReelName,
        #[command(flatten)]
        reels: ReelsArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Check that a reel is whole: every chunk is there, with the right hash and size
    Check {
        /// The reel
        name: ReelName,
        /// Follow the gate as a player does, read every byte and decode it with ffmpeg
        #[arg(long)]
        deep: bool,
        /// Deploy again, from the video it was made of, what is missing or differs
        #[arg(long, value_name = "VIDEO")]
        repair: Option<PathBuf>,
        #[command(flatten)]
        reels: ReelsArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Delete a reel; asks for its name
    Delete {
        /// The reel
        name: ReelName,
        #[command(flatten)]
        reels: ReelsArgs,
        /// Don't ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Give up an interrupted publish: delete its chunks, and nothing that is published
    Discard {
        /// The reel
        name: ReelName,
        #[command(flatten)]
        place: PlaceArgs,
        /// Don't ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Delete what nothing serves any more: replaced generations whose time is over, chunks of interrupted publishings
    Gc {
        /// This reel's alone, and also what an interrupted publishing left less than a day ago
        name: Option<ReelName>,
        #[command(flatten)]
        reels: ReelsArgs,
        /// Don't ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Run the stand-in: an AWS-shaped server on this machine that keeps and serves reels
    Local {
        #[command(flatten)]
        place: PlaceArgs,
        /// For benchmarks of videos larger than the disk: of large zips only hashes are kept, so that they can't be played
        #[arg(long, hide = true)]
        keep_hashes: bool,
    },
}

impl Command {
    /// How it is to talk, where it does.
    pub fn face(&self) -> Option<FaceArgs> {
        match self {
            Self::Publish { face, .. }
            | Self::Resume { face, .. }
            | Self::Setup { face, .. }
            | Self::Doctor { face, .. } => Some(face.clone()),
            Self::Relay { form, .. }
            | Self::Teardown { form, .. }
            | Self::List { form, .. }
            | Self::Info { form, .. }
            | Self::Embed { form, .. }
            | Self::Check { form, .. } => Some(FaceArgs { form: form.clone(), ..FaceArgs::default() }),
            Self::Policy { .. }
            | Self::Discard { .. }
            | Self::Retitle { .. }
            | Self::Delete { .. }
            | Self::Gc { .. }
            | Self::Local { .. } => None,
        }
    }
}

/// What is published and how.
#[derive(Debug, Clone, Default, Args)]
pub struct PublishArgs {
    /// Name of the reel: a-z, 0-9 and -, part of its URL [default: from the file name]
    #[arg(long, env = "ZIPREEL_NAME")]
    pub name: Option<ReelName>,
    /// Title on the watch page [default: the file name]
    #[arg(long, env = "ZIPREEL_TITLE")]
    pub title: Option<String>,
    /// Segments end at the first keyframe after so many seconds [default: 6]
    #[arg(long, value_name = "N", env = "ZIPREEL_SEGMENT_SECONDS", value_parser = seconds)]
    pub segment_seconds: Option<f64>,
    /// AWS Region [default: the profile's]
    #[arg(long, env = "ZIPREEL_REGION")]
    pub region: Option<String>,
    /// Where the reel goes [default: local]
    #[arg(long, env = "ZIPREEL_TARGET")]
    pub target: Option<TargetArg>,
    /// AWS profile [default: AWS_PROFILE]
    #[arg(long, env = "ZIPREEL_PROFILE")]
    pub profile: Option<String>,
    /// Streams that players can't take: re-encode or refuse [default: ask]
    #[arg(long, env = "ZIPREEL_TRANSCODE")]
    pub transcode: Option<TranscodeArg>,
    /// The video stream, by its number in the file [default: the one that is meant]
    #[arg(long, value_name = "N", env = "ZIPREEL_VIDEO_STREAM")]
    pub video_stream: Option<u32>,
    /// The audio stream, by its number in the file or its language [default: the one that is meant]
    #[arg(long, value_name = "STREAM", env = "ZIPREEL_AUDIO_STREAM")]
    pub audio_stream: Option<WantedAudio>,
    /// Re-encode the video, one picture out of two fields
    #[arg(long, env = "ZIPREEL_DEINTERLACE", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub deinterlace: Option<bool>,
    /// A video that is cut off or damaged: ask, publish what is there, or refuse [default: ask]
    #[arg(long, env = "ZIPREEL_ON_DAMAGE")]
    pub on_damage: Option<OnDamageArg>,
    /// Whether search engines may list the watch page [default: noindex]
    #[arg(long, env = "ZIPREEL_ROBOTS")]
    pub robots: Option<RobotsArg>,
    /// Largest zip in MiB, 1 to 49 [default: 32]
    #[arg(long, value_name = "N", env = "ZIPREEL_CHUNK_MIB", value_parser = clap::value_parser!(u64).range(1..=49))]
    pub chunk_mib: Option<u64>,
    /// Uploads side by side, 1 to 16 [default: as many as raise the throughput]
    #[arg(long, value_name = "N", env = "ZIPREEL_PARALLEL", value_parser = parallel)]
    pub parallel: Option<NonZeroUsize>,
    /// Publish beside what has this name already, and retire that
    #[arg(long, env = "ZIPREEL_REPLACE", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub replace: Option<bool>,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Whose reels.
#[derive(Debug, Clone, Default, Args)]
pub struct ReelsArgs {
    /// AWS Region [default: the profile's]
    #[arg(long, env = "ZIPREEL_REGION")]
    pub region: Option<String>,
    /// Where the reels are [default: local]
    #[arg(long, env = "ZIPREEL_TARGET")]
    pub target: Option<TargetArg>,
    /// AWS profile [default: AWS_PROFILE]
    #[arg(long, env = "ZIPREEL_PROFILE")]
    pub profile: Option<String>,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Folders and ports of this machine.
#[derive(Debug, Clone, Default, Args)]
pub struct PlaceArgs {
    /// Journals, logs and playlist copies [default: the platform's state folder]
    #[arg(long, value_name = "D", env = "ZIPREEL_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Segments that wait for their upload [default: the platform's cache folder]
    #[arg(long, value_name = "D", env = "ZIPREEL_WORK_DIR")]
    pub work_dir: Option<PathBuf>,
    /// Hold ffmpeg back when more than so many GiB wait for upload [default: 4]
    #[arg(long, value_name = "N", env = "ZIPREEL_BACKLOG_GIB")]
    pub backlog_gib: Option<f64>,
    /// The stand-in's data [default: the platform's data folder]
    #[arg(long, value_name = "D", env = "ZIPREEL_DATA")]
    pub data: Option<PathBuf>,
    /// The stand-in's first of three ports; 0 takes free ones [default: 8720]
    #[arg(long, value_name = "P", env = "ZIPREEL_PORT")]
    pub port: Option<u16>,
    /// The stand-in misbehaves on purpose, such as `latency=60ms,uplink=200mbit,429=0.1,seed=42`
    #[arg(long, value_name = "SPEC", env = "ZIPREEL_FAULTS")]
    pub faults: Option<String>,
    #[command(flatten)]
    pub overrides: OverrideArgs,
}

/// For accounts where roles can't be made, and for emulators of AWS.
#[derive(Debug, Clone, Default, Args)]
pub struct OverrideArgs {
    /// Role without rights that chunks are made with [default: the account's zipreel-chunk]
    #[arg(long, value_name = "ARN", env = "ZIPREEL_ROLE_ARN")]
    pub role_arn: Option<String>,
    /// Role of the gate [default: the account's zipreel-gate]
    #[arg(long, value_name = "ARN", env = "ZIPREEL_GATE_ROLE_ARN")]
    pub gate_role_arn: Option<String>,
    /// How gate and relay hand over their answers [default: stream]
    #[arg(long, value_name = "MODE", env = "ZIPREEL_INVOKE_MODE")]
    pub invoke_mode: Option<InvokeModeArg>,
    /// Where function URLs are reached, with {id} for the first label of their host [default: at their own address]
    #[arg(long, value_name = "URL", env = "ZIPREEL_FUNCTION_URLS", value_parser = function_urls)]
    pub function_urls: Option<String>,
}

/// An account and Region that already is, or is to be, zipreel's.
#[derive(Debug, Clone, Default, Args)]
pub struct AccountArgs {
    /// The account: AWS's unless set otherwise
    #[arg(long, env = "ZIPREEL_TARGET")]
    pub target: Option<TargetArg>,
    /// AWS Region [default: the profile's]
    #[arg(long, env = "ZIPREEL_REGION")]
    pub region: Option<String>,
    /// AWS profile [default: AWS_PROFILE]
    #[arg(long, env = "ZIPREEL_PROFILE")]
    pub profile: Option<String>,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// How a command without the wizard talks.
#[derive(Debug, Clone, Default, Args)]
pub struct FaceArgs {
    #[command(flatten)]
    pub form: FormArgs,
    /// Don't ask; acknowledge the notice about AWS's terms
    #[arg(long, short)]
    pub yes: bool,
    /// Keep the stand-in serving afterwards, until Ctrl-C
    #[arg(long, env = "ZIPREEL_SERVE", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub serve: Option<bool>,
}

/// Lines for people or for programs. No conflict of the two is declared: clap would see one between a flag and a variable.
#[derive(Debug, Clone, Default, Args)]
pub struct FormArgs {
    /// Plain lines, also where JSON is asked for elsewhere
    #[arg(long)]
    pub plain: bool,
    /// One JSON object a line on standard output
    #[arg(long, env = "ZIPREEL_JSON", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub json: Option<bool>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.5..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number of seconds between 0.5 and 600".to_owned()),
    }
}

fn function_urls(text: &str) -> Result<String, String> {
    let usable = (text.starts_with("http://") || text.starts_with("https://")) && text.contains("{id}");
    if usable { Ok(text.to_owned()) } else { Err("not a URL with {id} in it".to_owned()) }
}

fn parallel(text: &str) -> Result<NonZeroUsize, String> {
    match text.parse::<NonZeroUsize>() {
        Ok(number) if number.get() <= crate::model::pace::uploads::PARALLEL_MAX => Ok(number),
        _ => Err("not a number between 1 and 16".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for wrong in ["0", "601", "x", "NaN"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert!(parallel("17").is_err() && parallel("0").is_err() && parallel("16").is_ok());
    }
}
