//! The command line: flags, each of which can also be set in the environment and in the config file.

mod arguments;
mod mistyped;
pub mod numbers;
mod shown;
mod values;

use std::{ffi::OsString, path::PathBuf};

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::model::reel::{name::ReelName, title::title};
pub use arguments::{FaceArgs, FormArgs, OverrideArgs, PlaceArgs, PublishArgs, WhereArgs, WizardArgs};
use arguments::{MACHINE, TALK, WHAT};
pub use mistyped::{Mistyped, mistyped, nearest_command};
pub use values::{
    CdnArg, CeilingArg, CompatibleArg, ContainerArg, FrontArg, HostArg, InvokeModeArg, OnDamageArg, PolicyArg,
    RobotsArg, Switch, TargetArg, ThemeArg, TranscodeArg,
};

const EXAMPLES: &str = "Examples:
  zipreel                                    the wizard: ⏎, choose a video, then ⏎ ⏎ ⏎
  zipreel holiday.mp4                        the wizard, with this video chosen
  zipreel publish holiday.mp4 --yes          without the wizard, on this computer
  zipreel publish holiday.mp4 --target aws   in an AWS account
  zipreel list --target aws                  what is published there";

const CONFIG: &str = "What shows an [env: NAME] can be set by that environment variable too, and by a line such as \
                      `chunk_mib = 32` in the config file: ~/.config/zipreel/config.toml.";

#[derive(Debug, Parser)]
#[command(
    name = "zipreel",
    bin_name = "zipreel",
    version,
    about = "From a video file to a link that plays, stored in Amazon's cloud (AWS) as code that nobody runs",
    long_about = "Cuts a video into parts (segments), packs them into zip files (chunks), stores each chunk in Amazon's cloud \
                  (AWS Lambda) as the code of a program (a function) that nobody runs, and gives you a link that plays. Unless you ask \
                  for AWS (--target aws), an imitation of it on this computer (the stand-in) is used. Without a command it opens the \
                  wizard, which leads screen by screen.",
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{CONFIG}"),
    override_usage = "zipreel [OPTIONS] [VIDEO]...\n       zipreel <COMMAND> [OPTIONS]",
    args_conflicts_with_subcommands = true,
    mut_subcommands(shown::as_it_is_used)
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Videos to publish: the wizard opens at their settings
    #[arg(value_name = "VIDEO")]
    pub files: Vec<PathBuf>,
    /// The video to highlight when the wizard opens [default: none]
    #[arg(long, value_name = "PATH", env = "ZIPREEL_VIDEO", hide_env_values = true, help_heading = WHAT)]
    pub video: Option<PathBuf>,
    #[command(flatten)]
    pub wizard: WizardArgs,
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
        settings: Box<PublishArgs>,
        #[command(flatten)]
        face: FaceArgs,
    },
    /// Resume an interrupted publish
    Resume {
        /// The reel [default: the newest that can go on]
        name: Option<ReelName>,
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        face: FaceArgs,
    },
    /// Make or update what an account needs, once for each Region: the gate, a function that sends players to the chunks, and two roles, which say what functions may do
    Setup {
        /// Change nothing; print all of it as a file from which AWS can set it up (a CloudFormation template)
        #[arg(long)]
        template: bool,
        /// Make only the two roles (with --ceiling-gb, the relay's too): for an administrator, once for each account
        #[arg(long)]
        roles: bool,
        /// With --template: write the zips that it needs into this folder [default: none]
        #[arg(long, value_name = "D", requires = "template", conflicts_with = "roles")]
        packages: Option<PathBuf>,
        /// The gate's address in links from now on: the function's own (url), or, where an account forbids those, one of AWS's API Gateway (http-api), which charges for each request [default: as it is]
        #[arg(long, value_enum, conflicts_with_all = ["template", "roles"])]
        front: Option<FrontArg>,
        /// A ceiling for what browsers are sent by relay and CDN in a month, in GB of 10^9 bytes, or off [default: as it is]
        #[arg(long, value_name = "GB", conflicts_with = "template")]
        ceiling_gb: Option<CeilingArg>,
        #[command(flatten)]
        account: WhereArgs,
        #[command(flatten)]
        face: FaceArgs,
    },
    /// Let browsers play what is on AWS, through a function that passes it on (the relay), or stop that: you pay AWS for every byte
    Relay {
        /// On: browsers can play; off: they can't
        switch: Switch,
        #[command(flatten)]
        account: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
        /// Don't ask; accept its price, and that AWS's terms may forbid this (see the README for both)
        #[arg(long, short, help_heading = TALK)]
        yes: bool,
    },
    /// Switch CloudFront on or off, Amazon's network of copies near viewers (a CDN), or show its state: browsers then cost less than by the relay alone
    Cdn {
        /// What is to be done with it
        what: CdnArg,
        #[command(flatten)]
        account: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
        /// Don't ask; accept its price, and that AWS's terms may forbid this (see the README for both)
        #[arg(long, short, help_heading = TALK)]
        yes: bool,
    },
    /// Remove what setup, relay and cdn have made, when no reel is left
    Teardown {
        /// Leave the roles: they serve the account's other Regions too
        #[arg(long)]
        keep_roles: bool,
        #[command(flatten)]
        account: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
        /// Don't ask
        #[arg(long, short, help_heading = TALK)]
        yes: bool,
    },
    /// Say whether the account is ready, and what is missing
    Doctor {
        /// Make one tiny function, see what AWS really answers, and delete it
        #[arg(long)]
        live: bool,
        #[command(flatten)]
        account: WhereArgs,
        #[command(flatten)]
        face: FaceArgs,
    },
    /// Print the permissions that zipreel needs at least, as policies for AWS's user administration (IAM)
    Policy {
        /// The policy to print [default: all of them]
        which: Option<PolicyArg>,
        /// Account id to write into the full AWS names (ARNs); `*` is any
        #[arg(long, value_name = "ID", default_value = "*")]
        account: String,
        /// Kind of AWS to write into them: aws, aws-cn (China), aws-us-gov (the US government's)
        #[arg(long, default_value = "aws")]
        partition: String,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Show all published videos (reels), also those of other computers
    List {
        #[command(flatten)]
        reels: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Show all that is known of one reel: links, picture and sound, chunks, versions, prices
    Info {
        /// The reel
        name: ReelName,
        #[command(flatten)]
        reels: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Give a reel another title; its links stay
    Retitle {
        /// The reel
        name: ReelName,
        /// The title on its watch page
        #[arg(value_parser = title)]
        title: String,
        #[command(flatten)]
        reels: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Print HTML that shows a reel on other pages: the watch page in a frame, or the video itself
    Embed {
        /// The reel
        name: ReelName,
        #[command(flatten)]
        reels: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Check that every chunk of a reel is there and unchanged
    Check {
        /// The reel
        name: ReelName,
        /// Read every byte as a player does, and test with ffmpeg that it plays
        #[arg(long)]
        deep: bool,
        /// Upload again, from the video it was made of, what is missing or has changed
        #[arg(long, value_name = "VIDEO")]
        repair: Option<PathBuf>,
        #[command(flatten)]
        reels: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Delete a reel; asks for its name
    Delete {
        /// The reel
        name: ReelName,
        #[command(flatten)]
        reels: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
        /// Don't ask
        #[arg(long, short, help_heading = TALK)]
        yes: bool,
    },
    /// Give up an interrupted publish: delete its chunks, and nothing that is published
    Discard {
        /// The reel
        name: ReelName,
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        form: FormArgs,
        /// Don't ask
        #[arg(long, short, help_heading = TALK)]
        yes: bool,
    },
    /// Delete unused chunks: of replaced versions that are no longer kept, and of interrupted publishes
    Gc {
        /// Only what is this reel's; then also what was left less than a day ago
        name: Option<ReelName>,
        #[command(flatten)]
        reels: WhereArgs,
        #[command(flatten)]
        form: FormArgs,
        /// Don't ask
        #[arg(long, short, help_heading = TALK)]
        yes: bool,
    },
    /// Run the stand-in: an imitation of AWS on this computer that keeps and serves reels
    Local {
        #[command(flatten)]
        place: PlaceArgs,
        /// Let other machines of your network watch; they can change nothing; ADDRESS only where the wrong one is taken [default: only this computer]
        #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "auto", require_equals = true, help_heading = MACHINE)]
        host: Option<HostArg>,
        /// The same address, where a space stands before it
        #[arg(value_name = "ADDRESS", requires = "host", hide = true)]
        address: Option<HostArg>,
        /// For benchmarks of videos larger than the disk: of large zips only hashes are kept, so that they can't be played
        #[arg(long, hide = true)]
        keep_hashes: bool,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Print Tab completions; to use them in bash: `. <(zipreel completions bash)`
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// Write it, and one for each command, into this folder [default: standard output]
        #[arg(long, value_name = "D")]
        to: Option<PathBuf>,
    },
}

/// Whether a command line that could not be read, or the variable, asks for JSON, as far as that can be told. `None`:
/// neither says anything.
pub fn asks_for_json(words: impl IntoIterator<Item = OsString>) -> Option<bool> {
    let mut asks = std::env::var("ZIPREEL_JSON").ok().and_then(|value| value.parse().ok());
    for word in words.into_iter().take_while(|word| word != "--") {
        match word.to_str() {
            Some("--json" | "--json=true") => asks = Some(true),
            Some("--json=false" | "--plain") => return Some(false),
            _ => {}
        }
    }
    asks
}

impl Command {
    /// How it is to talk, where it does.
    pub fn face(&self) -> Option<FaceArgs> {
        let form = |form: &FormArgs, yes: bool| Some(FaceArgs { form: form.clone(), yes, serve: None });
        match self {
            Self::Publish { face, .. }
            | Self::Resume { face, .. }
            | Self::Setup { face, .. }
            | Self::Doctor { face, .. } => Some(face.clone()),
            Self::Relay { form: of, yes, .. }
            | Self::Cdn { form: of, yes, .. }
            | Self::Teardown { form: of, yes, .. }
            | Self::Delete { form: of, yes, .. }
            | Self::Discard { form: of, yes, .. }
            | Self::Gc { form: of, yes, .. } => form(of, *yes),
            Self::Policy { form: of, .. }
            | Self::List { form: of, .. }
            | Self::Info { form: of, .. }
            | Self::Retitle { form: of, .. }
            | Self::Embed { form: of, .. }
            | Self::Check { form: of, .. }
            | Self::Local { form: of, .. } => form(of, false),
            Self::Completions { .. } | Self::Man { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_says_its_default_and_one_that_several_commands_have_says_the_same() {
        let command = Cli::command();
        let mut defaults: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for arg in command.get_arguments().chain(command.get_subcommands().flat_map(|sub| sub.get_arguments())) {
            let Some(name) = arg.get_long().filter(|_| arg.get_env().is_some()) else { continue };
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let default =
                help.split_once(" [default: ").unwrap_or_else(|| panic!("--{name} says no default: {help}")).1;
            defaults.entry(name.to_owned()).or_default().insert(default.to_owned());
        }
        let several: Vec<_> = defaults.iter().filter(|(_, said)| said.len() > 1).collect();
        assert!(several.is_empty() && defaults["target"].contains("local]"), "{several:?}");
    }

    #[test]
    fn the_stand_in_is_opened_at_an_address_behind_an_equals_sign_or_a_space() {
        let there = HostArg::At("192.168.1.5".parse().unwrap());
        for (words, expected) in [
            (&["--port", "0"][..], None),
            (&["--host"], Some(HostArg::Auto)),
            (&["--host", "--port", "0"], Some(HostArg::Auto)),
            (&["--host=192.168.1.5"], Some(there)),
            (&["--port", "0", "--host", "192.168.1.5"], Some(there)),
        ] {
            let cli = Cli::try_parse_from(["zipreel", "local"].iter().chain(words)).unwrap();
            let Some(Command::Local { host, address, .. }) = cli.command else { panic!("{words:?}") };
            assert_eq!(address.or(host), expected, "{words:?}");
        }
        for wrong in [&["192.168.1.5"][..], &["--host", "0.0.0.0"], &["--host=x"]] {
            assert!(Cli::try_parse_from(["zipreel", "local"].iter().chain(wrong)).is_err(), "{wrong:?}");
        }
    }
}
