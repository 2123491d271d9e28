//! What is found in a file's structure.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::model::media::damage::Damage;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    Mp4,
    Matroska,
    TransportStream,
    ProgrammeStream,
    Flv,
    Avi,
    Asf,
    Ogg,
    Mxf,
    Wav,
    Wave64,
    Aiff,
    Caf,
    Flac,
    Mp3,
    WavPack,
    Tta,
    Ivf,
    Nut,
    RealMedia,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mp4 => "MP4 or QuickTime",
            Self::Matroska => "Matroska or WebM",
            Self::TransportStream => "MPEG transport stream",
            Self::ProgrammeStream => "MPEG programme stream",
            Self::Flv => "FLV",
            Self::Avi => "AVI",
            Self::Asf => "ASF or WMV",
            Self::Ogg => "Ogg",
            Self::Mxf => "MXF",
            Self::Wav => "WAV",
            Self::Wave64 => "Wave64",
            Self::Aiff => "AIFF",
            Self::Caf => "CAF",
            Self::Flac => "FLAC",
            Self::Mp3 => "MP3",
            Self::WavPack => "WavPack",
            Self::Tta => "TTA",
            Self::Ivf => "IVF",
            Self::Nut => "NUT",
            Self::RealMedia => "RealMedia",
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    Pictures,
    Sound,
}

/// How a stream is encrypted, such as `cenc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock(String);

impl Lock {
    pub(super) fn new(scheme: impl Into<String>) -> Self {
        Self(scheme.into())
    }

    /// By four characters of the file; anything else than text is named by where it was found.
    pub(super) fn of_code(code: &[u8], or: &str) -> Self {
        let is_text = code.iter().all(|byte| byte.is_ascii_alphanumeric());
        Self(String::from_utf8_lossy(if is_text && !code.is_empty() { code } else { or.as_bytes() }).into_owned())
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A track as the file itself describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Track {
    /// Others than pictures and sound are of no interest here.
    pub kind: Option<Medium>,
    /// In MP4 and QuickTime.
    pub id: Option<u32>,
    /// `vide`, `auxv`, `pict` …, in MP4 and QuickTime.
    pub handler: [u8; 4],
    /// Kinds of its references to other tracks, such as `auxl`, `vdep`, `thmb`.
    pub references: Vec<[u8; 4]>,
    pub lock: Option<Lock>,
    /// The file's tables are whole and list not one sample of it.
    pub is_empty: bool,
}

/// Where an MP4's table of contents is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Table {
    #[default]
    There,
    Missing,
    /// It begins and does not end.
    CutOff,
    /// Fragments refer to one that is not in the file.
    Elsewhere,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Structure {
    /// `None`: none that is looked into.
    pub container: Option<Container>,
    /// As ffmpeg counts its streams; not for transport streams.
    pub tracks: Vec<Track>,
    pub table: Table,
    /// As the container states it.
    pub length: Option<Duration>,
    /// Of the file as a whole.
    pub damage: Damage,
    /// Of a transport stream's programmes, by their numbers in it.
    pub programmes: Found,
}

impl Structure {
    /// The first of the tracks that is encrypted, if any is, and of what kind.
    pub fn lock(&self) -> Option<(Medium, &Lock)> {
        let locked = self.tracks.iter().find_map(|track| Some((track.kind?, track.lock.as_ref()?)));
        locked.or_else(|| Some((Medium::Pictures, self.programmes.locks.values().next()?)))
    }

    /// How the stream is encrypted that ffmpeg calls by this index and number.
    pub fn lock_of(&self, index: u32, id: Option<u32>) -> Option<&Lock> {
        match self.container {
            Some(Container::TransportStream) => self.programmes.locks.get(&u16::try_from(id?).ok()?),
            _ => self.tracks.get(index as usize)?.lock.as_ref(),
        }
    }

    /// Nothing is known to be wrong with any of it.
    pub fn is_whole(&self) -> bool {
        self.damage.is_none() && self.programmes.damaged.is_empty()
    }

    /// What is wrong with the file, as far as it concerns the streams of these numbers in it.
    pub fn damage_of(&self, ids: &[Option<u32>]) -> Damage {
        let mut damage = self.damage.clone();
        damage.merge(&self.programmes.damage_of(ids));
        damage
    }
}

/// What a walk came to, by the numbers of the streams in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    pub locks: BTreeMap<u16, Lock>,
    pub(super) damaged: BTreeMap<u16, Damage>,
}

impl Found {
    /// Of these streams; all if none of their numbers is known.
    pub fn damage_of(&self, ids: &[Option<u32>]) -> Damage {
        let mut damage = Damage::default();
        for (pid, of) in &self.damaged {
            if ids.iter().all(Option::is_none) || ids.contains(&Some(u32::from(*pid))) {
                damage.merge(of);
            }
        }
        damage
    }
}
