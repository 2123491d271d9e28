//! Words that a flag, and its key in the config file, can have.

use std::{net::IpAddr, str::FromStr};

use clap::ValueEnum;

use crate::model::gate::ceiling::Ceiling;

/// The file format of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerArg {
    /// MPEG-TS, unless fragmented MP4 saves something from being converted
    Auto,
    /// Every player takes it (MPEG-TS)
    Ts,
    /// Carries HEVC and AV1 too (fragmented MP4)
    Mp4,
}

/// H.264 for players that do not take the picture as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompatibleArg {
    /// Beside it
    Add,
    /// Instead of it
    Instead,
    /// As it is
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CdnArg {
    /// Make it, or bring it up to date
    On,
    /// Take it away
    Off,
    /// Say how it is, and change nothing
    Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyArg {
    /// For an administrator who runs `zipreel setup --roles`
    Roles,
    /// For `zipreel setup` where the roles exist, and `zipreel teardown --keep-roles`
    Setup,
    /// Together with `setup`, for `zipreel setup --front http-api` and `zipreel teardown` after it
    Front,
    /// Together with `setup`, for `zipreel cdn`, and `zipreel setup` and `zipreel teardown` while it is on
    Cdn,
    /// So that `zipreel doctor` can tell last month's requests and bytes, and `zipreel setup` how much of a ceiling is used
    Usage,
    /// For everything else
    Publish,
}

/// What browsers may be sent in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CeilingArg {
    Off,
    At(Ceiling),
}

impl FromStr for CeilingArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|error| format!("neither `off` nor a ceiling: {error}"))
    }
}

/// What stands before the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FrontArg {
    /// The function's own URL
    Url,
    /// One of AWS's API Gateway, which charges for each request
    HttpApi,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetArg {
    /// The stand-in on this computer
    Local,
    /// An AWS account
    Aws,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeArg {
    /// As the terminal is
    Auto,
    /// For dark backgrounds
    Dark,
    /// For light backgrounds
    Light,
    /// The terminal's own colours, bold and reversed
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TranscodeArg {
    /// The wizard asks; without it, refuse, and say what players can't take
    Ask,
    /// Convert what players can't take, and only that
    Auto,
    /// Refuse
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvokeModeArg {
    /// As they come
    Stream,
    /// Whole, at most 6 MB: for imitations of AWS that can't stream
    Buffered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDamageArg {
    /// Ask before the upload; where nobody can be asked, refuse what is cut off, and warn of other damage
    Ask,
    /// Publish what is there
    Accept,
    /// Refuse
    Fail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RobotsArg {
    /// They may
    Index,
    /// They are told not to; who has the link can watch all the same
    Noindex,
}

/// Where other machines may watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostArg {
    /// The address that leads to the network.
    Auto,
    At(IpAddr),
}

impl FromStr for HostArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        match text.parse::<IpAddr>() {
            // all addresses at once could not stand in a link, and no other machine reaches loopback
            Ok(address) if !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() => {
                Ok(Self::At(address))
            }
            _ => Err("not an address that other machines reach this one by, such as 192.168.1.7".to_owned()),
        }
    }
}
