//! What segments are packed in, and what that carries.

use serde::{Deserialize, Serialize};

/// What the segments are packed in, which is also the ending of their links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// MPEG transport stream.
    Ts,
    /// Fragmented MP4.
    Mp4,
}

impl Container {
    /// File name ending without a dot, as players know it.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Ts => "ts",
            Self::Mp4 => "mp4",
        }
    }
}

/// What a person asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WantedContainer {
    /// Transport streams, unless fragmented MP4 saves a stream from being converted.
    #[default]
    Auto,
    Ts,
    Mp4,
}

impl WantedContainer {
    pub fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// VIDEO-RANGE (RFC 8216bis, 4.4.6.2): how the picture's light is coded, if it is more than 8 bits were made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VideoRange {
    Pq,
    Hlg,
}

impl VideoRange {
    /// ffmpeg's name of the transfer characteristics.
    pub fn of_transfer(transfer: &str) -> Option<Self> {
        match transfer {
            "smpte2084" => Some(Self::Pq),
            "arib-std-b67" => Some(Self::Hlg),
            _ => None,
        }
    }

    /// As playlists have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pq => "PQ",
            Self::Hlg => "HLG",
        }
    }
}
