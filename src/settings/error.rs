//! Why there are no settings: what of flags, environment and config file can't be used, and what to do then.

use std::path::PathBuf;

use super::{
    network::NetworkError,
    unusable::{MEND, Unusable},
};
use crate::model::report::{
    fault::{Explain, FaultClass},
    filter::NoFilter,
};

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("could not find the home folder")]
    Home(#[source] etcetera::HomeDirError),
    #[error("could not read the config file `{path}`")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("could not use the config file `{path}`: {}", unusable.why)]
    Parse { path: PathBuf, unusable: Unusable },
    #[error("could not use `{key}` of the config file `{path}`: {why}")]
    Value { path: PathBuf, key: &'static str, why: &'static str },
    #[error("could not use ZIPREEL_LOG")]
    Log(#[source] NoFilter),
    #[error("could not make a reel's name from `{0}`")]
    NoName(String),
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl Explain for SettingsError {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Home(_) => "Set HOME, or name the folders with --state-dir, --work-dir and --data.".into(),
            Self::Read { .. } | Self::Value { .. } => MEND.into(),
            Self::Parse { unusable, .. } => unusable.hint.clone(),
            Self::Log(_) => "Set it to a level, such as `info`, or to jobs with theirs: `warn,upload=debug`.".into(),
            Self::Network(error) => return error.hint(),
            Self::NoName(_) => "Give it one with --name: a-z, 0-9 and -, at most 32.".into(),
        })
    }
}
