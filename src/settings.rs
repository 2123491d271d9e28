//! Flags, environment and config file become one set of settings: a flag wins over the environment (clap reads both),
//! the environment over the file, the file over the defaults.

mod error;
mod network;
mod unusable;

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::{
    cli::{
        CompatibleArg, ContainerArg, FaceArgs, InvokeModeArg, OnDamageArg, OverrideArgs, PlaceArgs, PublishArgs,
        RobotsArg, TargetArg, ThemeArg, TranscodeArg, WhereArgs, WizardArgs, numbers,
    },
    model::{
        chunk::pack,
        reel::{
            name::ReelName,
            order::{
                Compatible, Cut, Folders, IfTaken, OnDamage, Order, Place, Robots, Target, Transcode, Wanted,
                WantedContainer, WantedLoudness, WantedSubtitles, WantedTrack, WantedTracks,
            },
            region,
            title::{NO_TITLE, title, title_of_file},
        },
        report::filter::Filter,
        retry::RetryPolicy,
    },
    use_cases::{InvokeMode, Machine, Overrides},
};
pub use error::SettingsError;
pub use network::address;
use unusable::Unusable;

pub const SEGMENT_SECONDS_DEFAULT: f64 = 30.0;
/// Of every command: it costs nothing, and nothing leaves this computer unless someone says so.
const TARGET_DEFAULT: TargetArg = TargetArg::Local;
pub const PORT_DEFAULT: u16 = 8720;
const BACKLOG_GIB_DEFAULT: f64 = 4.0;

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
    video_stream: Option<u32>,
    audio: Option<WantedTracks>,
    audio_stream: Option<WantedTrack>,
    subtitles: Option<WantedSubtitles>,
    deinterlace: Option<bool>,
    container: Option<ContainerArg>,
    compatible: Option<CompatibleArg>,
    loudness: Option<WantedLoudness>,
    on_damage: Option<OnDamageArg>,
    robots: Option<RobotsArg>,
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
    relay_role_arn: Option<String>,
    invoke_mode: Option<InvokeModeArg>,
    function_urls: Option<String>,
    api_urls: Option<String>,
    video: Option<PathBuf>,
    json: Option<bool>,
    serve: Option<bool>,
    theme: Option<ThemeArg>,
    mouse: Option<bool>,
    #[serde(default)]
    keys: BTreeMap<String, OneOrMany>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a key, as `mark = \"m\"`, or a list of keys, as `mark = [\"m\", \"Space\"]`")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The platform's places for the config file and the folders.
struct Platform {
    config: PathBuf,
    state: PathBuf,
    work: PathBuf,
    data: PathBuf,
}

impl Platform {
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
    /// `None`: from the file name.
    pub name: Option<ReelName>,
    /// `None`: the file name.
    pub title: Option<String>,
    pub cut: Cut,
    pub place: Place,
    pub parallel_uploads: Option<NonZeroUsize>,
    pub replace: bool,
    pub on_damage: OnDamage,
    pub robots: Robots,
    /// The one to highlight when the wizard opens.
    pub video: Option<PathBuf>,
    pub machine: Machine,
}

impl Settings {
    /// Reads the config file, if there is one, and completes it by the defaults.
    pub fn resolve(args: &PublishArgs) -> Result<Self, SettingsError> {
        let file = File::load()?;
        let mut machine = machine(&args.place, &file)?;
        let args = args.clone();
        let place = place(args.target, args.profile.clone(), args.region.clone(), &file);
        machine.host = network::at(args.host, &place)?;
        let (audio, sounds) = sound(&args, &file);
        let seconds = args.segment_seconds.or(file.segment_seconds).unwrap_or(SEGMENT_SECONDS_DEFAULT);
        Ok(Self {
            name: args.name.or(file.name.clone()),
            title: args.title.or(file.title.as_deref().and_then(|text| title(text).ok())),
            cut: Cut {
                segment_length: Duration::from_secs_f64(seconds),
                grows: true,
                pes_lengths: true,
                chunk_limit: args.chunk_mib.or(file.chunk_mib).map_or(pack::CHUNK_LIMIT_DEFAULT, |mib| mib * pack::MIB),
                transcode: match args.transcode.or(file.transcode).unwrap_or(TranscodeArg::Ask) {
                    TranscodeArg::Ask => Transcode::Ask,
                    TranscodeArg::Auto => Transcode::Auto,
                    TranscodeArg::Never => Transcode::Never,
                },
                wanted: Wanted {
                    video: args.video_stream.or(file.video_stream),
                    audio,
                    sounds,
                    subtitles: args.subtitles.or(file.subtitles).unwrap_or_default(),
                    copies: false,
                    loudness: args.loudness.or(file.loudness).unwrap_or_default(),
                    deinterlace: args.deinterlace.or(file.deinterlace).unwrap_or(false),
                    container: match args.container.or(file.container) {
                        Some(ContainerArg::Ts) => WantedContainer::Ts,
                        Some(ContainerArg::Mp4) => WantedContainer::Mp4,
                        Some(ContainerArg::Auto) | None => WantedContainer::Auto,
                    },
                    compatible: match args.compatible.or(file.compatible) {
                        Some(CompatibleArg::Add) => Some(Compatible::Add),
                        Some(CompatibleArg::Instead) => Some(Compatible::Instead),
                        Some(CompatibleArg::No) | None => None,
                    },
                },
            },
            place,
            parallel_uploads: args.parallel.or(file.parallel),
            replace: args.replace.or(file.replace).unwrap_or(false),
            on_damage: match args.on_damage.or(file.on_damage) {
                Some(OnDamageArg::Accept) => OnDamage::Accept,
                Some(OnDamageArg::Fail) => OnDamage::Fail,
                Some(OnDamageArg::Ask) | None => OnDamage::Ask,
            },
            robots: match args.robots.or(file.robots) {
                Some(RobotsArg::Index) => Robots::Index,
                Some(RobotsArg::Noindex) | None => Robots::Noindex,
            },
            video: file.video,
            machine,
        })
    }

    /// The order for one video, named after its file unless a name is set.
    pub fn order(&self, video: &Path) -> Result<Order, SettingsError> {
        let stem = video.file_stem().unwrap_or_default().to_string_lossy();
        let reel = match &self.name {
            Some(name) => name.clone(),
            None => ReelName::slug(&stem).ok_or_else(|| SettingsError::NoName(stem.to_string()))?,
        };
        let title = self.title.clone().unwrap_or_else(|| title_of_file(&stem, &reel));
        Ok(self.order_as(video, reel, title))
    }

    /// The order for one video under this name.
    pub fn order_as(&self, video: &Path, reel: ReelName, title: String) -> Order {
        Order {
            video: video.to_owned(),
            reel,
            title,
            cut: self.cut,
            place: self.place.clone(),
            expected: None,
            parallel_uploads: self.parallel_uploads,
            if_taken: IfTaken::replace(self.replace),
            relay: false,
            cdn: false,
            on_damage: self.on_damage,
            robots: self.robots,
            interrupted: None,
            retry: RetryPolicy::default(),
            folders: self.machine.folders.clone(),
        }
    }
}

/// One track, or several: what is said on the command line counts before the file, and one before several.
fn sound(args: &PublishArgs, file: &File) -> (Option<WantedTrack>, Option<WantedTracks>) {
    let (one, several) = match (args.audio_stream, args.audio) {
        (None, None) => (file.audio_stream, file.audio),
        said => said,
    };
    (one, if one.is_some() { None } else { several.or(Some(WantedTracks::All)) })
}

/// A machine by flags, environment and config file.
pub fn this_machine(args: &PlaceArgs) -> Result<Machine, SettingsError> {
    machine(args, &File::load()?)
}

fn machine(args: &PlaceArgs, file: &File) -> Result<Machine, SettingsError> {
    let pick = |flag: &Option<PathBuf>, file: &Option<PathBuf>, default: fn(Platform) -> PathBuf| {
        // without a home they can still be named
        flag.clone().or_else(|| file.clone()).map_or_else(|| Platform::find().map(default), Ok)
    };
    let gib = args.backlog_gib.or(file.backlog_gib).unwrap_or(BACKLOG_GIB_DEFAULT);
    Ok(Machine {
        folders: Folders {
            state: pick(&args.state_dir, &file.state_dir, |platform| platform.state)?,
            work: pick(&args.work_dir, &file.work_dir, |platform| platform.work)?,
            backlog_bytes: (gib * 1024.0 * 1024.0 * 1024.0) as u64,
        },
        data: pick(&args.data, &file.data, |platform| platform.data)?,
        port: args.port.or(file.port).unwrap_or(PORT_DEFAULT),
        host: None,
        faults: args.faults.clone().or_else(|| file.faults.clone()),
        overrides: overrides(&args.overrides, file),
    })
}

fn place(target: Option<TargetArg>, profile: Option<String>, region: Option<String>, file: &File) -> Place {
    // a profile that is named now means an account; one in the file says only which, where an account is meant
    let named = profile.as_ref().map(|_| TargetArg::Aws);
    let target = match target.or(named).or(file.target).unwrap_or(TARGET_DEFAULT) {
        TargetArg::Local => Target::Local,
        TargetArg::Aws => Target::Aws { profile: profile.or_else(|| file.profile.clone()) },
    };
    Place { target, region: region.or_else(|| file.region.clone()) }
}

/// The place that a command is about.
pub fn whereabouts(args: &WhereArgs) -> Result<(Place, Machine), SettingsError> {
    let file = File::load()?;
    let machine = machine(&args.place, &file)?;
    let WhereArgs { target, profile, region, .. } = args.clone();
    Ok((place(target, profile, region, &file), machine))
}

/// What the wizard looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// Dark or light, as the terminal is.
    #[default]
    Auto,
    Dark,
    Light,
    /// The terminal's own colours.
    Plain,
}

/// The wizard's own settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WizardSettings {
    pub look: Look,
    /// Clicks and the wheel are ours; without it they are the terminal's.
    pub mouse: bool,
}

impl WizardSettings {
    pub fn resolve(args: &WizardArgs) -> Result<Self, SettingsError> {
        let file = File::load()?;
        let look = match args.theme.or(file.theme) {
            Some(ThemeArg::Dark) => Look::Dark,
            Some(ThemeArg::Light) => Look::Light,
            Some(ThemeArg::Plain) => Look::Plain,
            Some(ThemeArg::Auto) | None => Look::Auto,
        };
        Ok(Self { look, mouse: args.mouse.or(file.mouse).unwrap_or(true) })
    }
}

/// Keys that the config file gives to actions of the wizard, as they are written there. The wizard knows which there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoundKeys {
    pub file: PathBuf,
    pub actions: BTreeMap<String, Vec<String>>,
}

impl BoundKeys {
    pub fn resolve() -> Result<Self, SettingsError> {
        let keys = File::load()?.keys.into_iter();
        let actions = keys.map(|(action, keys)| match keys {
            OneOrMany::One(key) => (action, vec![key]),
            OneOrMany::Many(keys) => (action, keys),
        });
        // without a home there is no file
        let file = Platform::find().map(|platform| platform.config).unwrap_or_default();
        Ok(Self { file, actions: actions.collect() })
    }
}

/// How a command without the wizard talks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaceSettings {
    pub json: bool,
    /// Nobody is asked anything: the person has agreed on this command line.
    pub yes: bool,
    pub serve: bool,
    /// Lines of the log that are said on the way.
    pub log: Option<Filter>,
}

impl FaceSettings {
    pub fn resolve(args: &FaceArgs) -> Result<Self, SettingsError> {
        let file = File::load()?;
        Ok(Self {
            json: !args.form.plain && args.form.json.or(file.json).unwrap_or(false),
            yes: args.yes,
            serve: args.serve.or(file.serve).unwrap_or(false),
            log: log(std::env::var("ZIPREEL_LOG").ok(), args.form.verbose)?,
        })
    }
}

/// Whether the config file asks for JSON. One that can't be used asks for nothing.
pub fn file_asks_for_json() -> bool {
    File::load().is_ok_and(|file| file.json == Some(true))
}

/// The variable says which lines, the flag that there are to be any: all, if the variable is not set.
fn log(variable: Option<String>, verbose: bool) -> Result<Option<Filter>, SettingsError> {
    match variable.filter(|text| !text.trim().is_empty()) {
        Some(text) => text.parse().map(Some).map_err(SettingsError::Log),
        None => Ok(verbose.then_some(Filter::EVERYTHING)),
    }
}

fn overrides(args: &OverrideArgs, file: &File) -> Overrides {
    let pick = |flag: &Option<String>, file: &Option<String>| flag.clone().or_else(|| file.clone());
    let is_buffered = args.invoke_mode.or(file.invoke_mode) == Some(InvokeModeArg::Buffered);
    Overrides {
        chunk_role: pick(&args.role_arn, &file.role_arn),
        gate_role: pick(&args.gate_role_arn, &file.gate_role_arn),
        relay_role: pick(&args.relay_role_arn, &file.relay_role_arn),
        invoke_mode: if is_buffered { InvokeMode::Buffered } else { InvokeMode::Stream },
        function_urls: pick(&args.function_urls, &file.function_urls),
        api_urls: pick(&args.api_urls, &file.api_urls),
    }
}

impl File {
    /// Empty if there is none.
    fn load() -> Result<Self, SettingsError> {
        let Ok(Platform { config: path, .. }) = Platform::find() else { return Ok(Self::default()) };
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let unusable =
                    |error| SettingsError::Parse { path: path.clone(), unusable: Unusable::of(&text, &error) };
                let file: Self = toml::from_str(&text).map_err(unusable)?;
                file.check(&path)?;
                Ok(file)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(SettingsError::Read { path, source }),
        }
    }

    /// The rules that clap holds flags to.
    fn check(&self, path: &Path) -> Result<(), SettingsError> {
        let no_region = self.region.as_deref().filter(|name| !region::is_name(name)).map(|_| region::NO_NAME);
        let no_title = self.title.as_deref().and_then(|text| title(text).err()).map(|_| NO_TITLE);
        let settings = [
            ("segment_seconds", numbers::SEGMENT_SECONDS.broken_by(self.segment_seconds)),
            ("chunk_mib", numbers::CHUNK_MIB.broken_by(self.chunk_mib)),
            ("parallel", numbers::PARALLEL.broken_by(self.parallel)),
            ("backlog_gib", numbers::BACKLOG_GIB.broken_by(self.backlog_gib)),
            ("region", no_region),
            ("title", no_title),
        ];
        match settings.into_iter().find_map(|(key, why)| Some((key, why?))) {
            Some((key, why)) => Err(SettingsError::Value { path: path.to_owned(), key, why }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
