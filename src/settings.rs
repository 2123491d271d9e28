//! Flags, environment and config file become one set of settings: a flag wins over the environment (clap reads both),
//! the environment over the file, the file over the defaults.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::{
    cli::{AccountArgs, FaceArgs, InvokeModeArg, PlaceArgs, PublishArgs, TargetArg, TranscodeArg, UnusualArgs},
    cloud::{InvokeMode, Unusual},
    publish::request::{IfTaken, Request, Target, Transcode},
    reel::{
        fault::{Explain, FaultClass},
        name::ReelName,
        pack,
        retry::RetryPolicy,
    },
};

pub const SEGMENT_SECONDS_DEFAULT: f64 = 6.0;
pub const PORT_DEFAULT: u16 = 8720;
const BACKLOG_GIB_DEFAULT: f64 = 4.0;

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("could not find the home folder")]
    Home(#[source] etcetera::HomeDirError),
    #[error("could not read the config file `{path}`")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("could not use the config file `{path}`")]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("could not use `{key}` of the config file `{path}`: {why}")]
    Value { path: PathBuf, key: &'static str, why: String },
    #[error("could not make a reel's name from `{0}`")]
    NoName(String),
}

impl Explain for SettingsError {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Home(_) => "Set HOME, or name the folders with --state-dir, --work-dir and --data.".into(),
            Self::Read { .. } | Self::Parse { .. } | Self::Value { .. } => {
                "Mend or remove that file; `zipreel publish --help` names the settings.".into()
            }
            Self::NoName(_) => "Give it one with --name: a-z, 0-9 and -, at most 32.".into(),
        })
    }
}

/// `config.toml`: the flags' names with underscores.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<ReelName>,
    title: Option<String>,
    segment_seconds: Option<f64>,
    region: Option<String>,
    target: Option<TargetArg>,
    profile: Option<String>,
    transcode: Option<TranscodeArg>,
    chunk_mib: Option<u64>,
    parallel: Option<NonZeroUsize>,
    replace: Option<bool>,
    state_dir: Option<PathBuf>,
    work_dir: Option<PathBuf>,
    backlog_gib: Option<f64>,
    data: Option<PathBuf>,
    port: Option<u16>,
    faults: Option<String>,
    role_arn: Option<String>,
    gate_role_arn: Option<String>,
    invoke_mode: Option<InvokeModeArg>,
    function_urls: Option<String>,
    video: Option<PathBuf>,
    json: Option<bool>,
    yes: Option<bool>,
    serve: Option<bool>,
}

/// Folders and ports of this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub state_dir: PathBuf,
    pub work_dir: PathBuf,
    pub backlog_bytes: u64,
    pub data: PathBuf,
    pub port: u16,
    pub faults: Option<String>,
    pub unusual: Unusual,
}

/// The platform's places for the config file and the folders.
struct Folders {
    config: PathBuf,
    state: PathBuf,
    work: PathBuf,
    data: PathBuf,
}

impl Folders {
    fn find() -> Result<Self, SettingsError> {
        let base = etcetera::choose_base_strategy().map_err(SettingsError::Home)?;
        let ours = |folder: PathBuf, name: &str| folder.join("zipreel").join(name);
        Ok(Self {
            config: ours(base.config_dir(), "config.toml"),
            state: ours(base.state_dir().unwrap_or_else(|| base.data_dir()), "reels"),
            work: ours(base.cache_dir(), "work"),
            data: ours(base.data_dir(), "stand-in"),
        })
    }
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub name: Option<ReelName>,
    pub title: Option<String>,
    pub segment_length: Duration,
    pub region: Option<String>,
    pub target: Target,
    pub transcode: Transcode,
    pub chunk_limit: u64,
    pub parallel: Option<NonZeroUsize>,
    pub replace: bool,
    /// The one to highlight when the wizard opens.
    pub video: Option<PathBuf>,
    pub place: Place,
}

impl Settings {
    /// Reads the config file, if there is one, and completes it by the defaults.
    pub fn resolve(args: &PublishArgs) -> Result<Self, SettingsError> {
        let file = File::load()?;
        let place = Place::from(&args.place, &file)?;
        let args = args.clone();
        let profile = args.profile.or(file.profile);
        Ok(Self {
            name: args.name.or(file.name),
            title: args.title.or(file.title),
            segment_length: Duration::from_secs_f64(
                args.segment_seconds.or(file.segment_seconds).unwrap_or(SEGMENT_SECONDS_DEFAULT),
            ),
            region: args.region.or(file.region),
            target: match args.target.or(file.target).unwrap_or(TargetArg::Local) {
                TargetArg::Local => Target::Local,
                TargetArg::Aws => Target::Aws { profile },
            },
            transcode: match args.transcode.or(file.transcode).unwrap_or(TranscodeArg::Ask) {
                TranscodeArg::Ask => Transcode::Ask,
                TranscodeArg::Auto => Transcode::Auto,
                TranscodeArg::Never => Transcode::Never,
            },
            chunk_limit: args.chunk_mib.or(file.chunk_mib).map_or(pack::CHUNK_LIMIT_DEFAULT, |mib| mib * pack::MIB),
            parallel: args.parallel.or(file.parallel),
            replace: args.replace.or(file.replace).unwrap_or(false),
            video: file.video,
            place,
        })
    }

    /// The request for one video.
    pub fn request(&self, video: &Path) -> Result<Request, SettingsError> {
        let stem = video.file_stem().unwrap_or_default().to_string_lossy();
        let reel = match &self.name {
            Some(name) => name.clone(),
            None => ReelName::slug(&stem).ok_or_else(|| SettingsError::NoName(stem.to_string()))?,
        };
        Ok(Request {
            video: video.to_owned(),
            reel,
            target: self.target.clone(),
            title: self.title.clone().unwrap_or_else(|| stem.into_owned()),
            segment_length: self.segment_length,
            chunk_limit: self.chunk_limit,
            parallel_uploads: self.parallel,
            transcode: self.transcode,
            if_taken: IfTaken::replace(self.replace),
            interrupted: None,
            retry: RetryPolicy::default(),
            state_dir: self.place.state_dir.clone(),
            work_dir: self.place.work_dir.clone(),
            backlog_bytes: self.place.backlog_bytes,
        })
    }
}

impl Place {
    pub fn resolve(args: &PlaceArgs) -> Result<Self, SettingsError> {
        let file = File::load()?;
        Self::from(args, &file)
    }

    fn from(args: &PlaceArgs, file: &File) -> Result<Self, SettingsError> {
        let pick = |flag: &Option<PathBuf>, file: &Option<PathBuf>, default: fn(Folders) -> PathBuf| {
            // without a home they can still be named
            flag.clone().or_else(|| file.clone()).map_or_else(|| Folders::find().map(default), Ok)
        };
        let gib = args.backlog_gib.or(file.backlog_gib).unwrap_or(BACKLOG_GIB_DEFAULT).max(0.0);
        Ok(Self {
            state_dir: pick(&args.state_dir, &file.state_dir, |folders| folders.state)?,
            work_dir: pick(&args.work_dir, &file.work_dir, |folders| folders.work)?,
            backlog_bytes: (gib * 1024.0 * 1024.0 * 1024.0) as u64,
            data: pick(&args.data, &file.data, |folders| folders.data)?,
            port: args.port.or(file.port).unwrap_or(PORT_DEFAULT),
            faults: args.faults.clone().or_else(|| file.faults.clone()),
            unusual: unusual(&args.unusual, file),
        })
    }
}

/// How a command without the wizard talks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Talk {
    pub json: bool,
    /// Nobody is asked anything, except before something is destroyed.
    pub yes: bool,
    pub serve: bool,
}

impl Talk {
    pub fn resolve(args: &FaceArgs) -> Result<Self, SettingsError> {
        let file = File::load()?;
        Ok(Self {
            json: !args.form.plain && args.form.json.or(file.json).unwrap_or(false),
            yes: args.yes.or(file.yes).unwrap_or(false),
            serve: args.serve.or(file.serve).unwrap_or(false),
        })
    }
}

/// An account to look after: its place, and the machine's.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountPlace {
    pub target: Target,
    pub region: Option<String>,
    pub place: Place,
}

impl AccountPlace {
    /// Unlike a publishing, which goes to the stand-in unless told otherwise, this is about AWS.
    pub fn resolve(args: &AccountArgs) -> Result<Self, SettingsError> {
        let file = File::load()?;
        let place = Place::from(&args.place, &file)?;
        let profile = args.profile.clone().or(file.profile);
        Ok(Self {
            target: match args.target.or(file.target).unwrap_or(TargetArg::Aws) {
                TargetArg::Local => Target::Local,
                TargetArg::Aws => Target::Aws { profile },
            },
            region: args.region.clone().or(file.region),
            place,
        })
    }
}

fn unusual(args: &UnusualArgs, file: &File) -> Unusual {
    let pick = |flag: &Option<String>, file: &Option<String>| flag.clone().or_else(|| file.clone());
    Unusual {
        chunk_role: pick(&args.role_arn, &file.role_arn),
        gate_role: pick(&args.gate_role_arn, &file.gate_role_arn),
        invoke_mode: match args.invoke_mode.or(file.invoke_mode) {
            Some(InvokeModeArg::Buffered) => InvokeMode::Buffered,
            Some(InvokeModeArg::Stream) | None => InvokeMode::Stream,
        },
        function_urls: pick(&args.function_urls, &file.function_urls),
    }
}

impl File {
    /// Empty if there is none.
    fn load() -> Result<Self, SettingsError> {
        let Ok(Folders { config: path, .. }) = Folders::find() else { return Ok(Self::default()) };
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let file: Self = toml::from_str(&text)
                    .map_err(|source| SettingsError::Parse { path: path.clone(), source: Box::new(source) })?;
                file.check(&path)?;
                Ok(file)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(SettingsError::Read { path, source }),
        }
    }

    /// The ranges that clap holds for flags.
    fn check(&self, path: &Path) -> Result<(), SettingsError> {
        let wrong = |key, why: &str| Err(SettingsError::Value { path: path.to_owned(), key, why: why.to_owned() });
        if self.segment_seconds.is_some_and(|seconds| !(0.5..=600.0).contains(&seconds)) {
            return wrong("segment_seconds", "not between 0.5 and 600");
        }
        if self.chunk_mib.is_some_and(|mib| !(1..=49).contains(&mib)) {
            return wrong("chunk_mib", "not between 1 and 49");
        }
        if self.parallel.is_some_and(|number| number.get() > crate::reel::pace::PARALLEL_MAX) {
            return wrong("parallel", "not between 1 and 16");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_has_its_key_in_the_file() {
        use clap::CommandFactory;
        let keys = "name='a'\ntitle='t'\nsegment_seconds=4\nregion='eu-west-1'\ntarget='aws'\nprofile='p'\n\
                    transcode='auto'\nchunk_mib=8\nparallel=2\nreplace=true\nstate_dir='s'\nwork_dir='w'\n\
                    backlog_gib=1.5\ndata='d'\nport=1\nfaults='429=1x'\n\
                    role_arn='r'\ngate_role_arn='g'\ninvoke_mode='buffered'\nfunction_urls='http://h/{id}/'\n\
                    video='v'\njson=true\nyes=true\nserve=true\n";
        let file: File = toml::from_str(keys).unwrap();
        assert_eq!((file.chunk_mib, file.port), (Some(8), Some(1)));
        let command = crate::cli::Cli::command();
        let shown = command.get_subcommands().flat_map(|sub| sub.get_arguments()).filter(|arg| !arg.is_hide_set());
        let flags = shown.filter_map(|arg| arg.get_long());
        // what is done once, and `--plain`, which is `json=false`
        let spoken = [
            "plain",
            "deep",
            "repair",
            "help",
            "version",
            "live",
            "template",
            "packages",
            "keep-roles",
            "account",
            "partition",
        ];
        for flag in flags.filter(|flag| !spoken.contains(flag)) {
            assert!(keys.contains(&format!("{}=", flag.replace('-', "_"))), "{flag} can't be set in the file");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = toml::from_str::<File>("segment_secs=4").unwrap_err();
        assert!(error.to_string().contains("segment_secs"));
    }
}
