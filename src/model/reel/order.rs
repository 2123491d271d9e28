//! What is to be published: which video, under which name, how it is cut, where it goes, and in which folders of this
//! machine the work is done. One type from the flags to the stages; what the journal keeps of it is in
//! [`crate::state::order_form`].

use std::{collections::HashMap, num::NonZeroUsize, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::name::{Generation, ReelName};
pub use crate::model::media::segment::pieces::PIECE_LENGTH;
pub use crate::model::media::{
    container::WantedContainer,
    damage::OnDamage,
    facts::{Compatible, Transcode, Wanted, WantedLoudness, WantedSubtitles, WantedTrack, WantedTracks},
};
use crate::model::retry::RetryPolicy;

/// What kind of place reels are published to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The built-in stand-in.
    Local,
    /// A real account (or whatever `AWS_ENDPOINT_URL` names); `None` leaves the profile to AWS's own rules.
    Aws { profile: Option<String> },
}

/// Where reels are: a target, and a Region of it. `None` leaves the Region to the profile.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub target: Target,
    pub region: Option<String>,
}

impl Place {
    pub fn is_local(&self) -> bool {
        self.target == Target::Local
    }

    /// What a command needs to be about this place, with a space before it; nothing for the stand-in, which all are about
    /// by themselves.
    pub fn flags(&self) -> String {
        let is_plain = |word: &&String| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@+".contains(c));
        let Target::Aws { profile } = &self.target else { return String::new() };
        let profile = profile.iter().filter(is_plain).map(|profile| format!(" --profile {profile}"));
        let region = self.region.iter().filter(is_plain).map(|region| format!(" --region {region}"));
        [" --target aws".to_owned()].into_iter().chain(profile).chain(region).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_the_flags_that_lead_to_its_place() {
        let aws = |profile: Option<&str>, region: Option<&str>| {
            let target = Target::Aws { profile: profile.map(str::to_owned) };
            Place { target, region: region.map(str::to_owned) }.flags()
        };
        assert_eq!(Place { target: Target::Local, region: None }.flags(), "");
        assert_eq!(aws(None, None), " --target aws");
        assert_eq!(aws(Some("studio"), Some("eu-west-1")), " --target aws --profile studio --region eu-west-1");
        assert_eq!(aws(Some("a b; c"), None), " --target aws", "what a shell would take apart is left out");
    }
}

/// The account and Region that a place turned out to be, once signed in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountRegion {
    /// 12 digits.
    pub account: String,
    pub region: String,
}

impl AccountRegion {
    /// As people know it: the stand-in's account and Region are nobody's.
    pub fn words(&self, is_local: bool) -> String {
        match is_local {
            true => "the stand-in on this computer".to_owned(),
            false => format!("account {}, Region {}", self.account, self.region),
        }
    }
}

/// How a video becomes segments and chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Segments end at the first keyframe at or after this.
    pub segment_length: Duration,
    /// The first segments are shorter, none outgrows a chunk, and what is converted has keyframes for pieces. What was begun
    /// by zipreel 0.1 goes on without.
    pub grows: bool,
    /// Video packets of transport streams state how long they are (`PES_packet_length`), so that no player has to wait for
    /// the next picture to know the last one whole: VLC would never decode it. What was begun without goes on without.
    pub pes_lengths: bool,
    /// Upper limit of a chunk's zip, bytes.
    pub chunk_limit: u64,
    pub transcode: Transcode,
    pub wanted: Wanted,
}

impl Cut {
    /// As it makes a difference.
    pub fn grows(&self) -> bool {
        self.grows && self.segment_length > PIECE_LENGTH
    }

    /// How far apart keyframes of what is converted are.
    pub fn keyframe_length(&self) -> Duration {
        if self.grows() { PIECE_LENGTH } else { self.segment_length }
    }
}

/// What to do where the reel's name has another generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfTaken {
    /// Nothing: it may be another video.
    Refuse,
    /// Publish beside it, and retire it.
    Replace,
    /// Nothing: the video is there to mend what is published.
    Repair,
}

impl IfTaken {
    pub fn replace(replace: bool) -> Self {
        if replace { Self::Replace } else { Self::Refuse }
    }
}

/// This computer's folders for the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Journals, logs and playlist copies, a folder a reel.
    pub state: PathBuf,
    /// Segments that wait for their upload.
    pub work: PathBuf,
    /// ffmpeg is held back while more than this waits for upload.
    pub backlog_bytes: u64,
}

/// What the watch page tells search engines: to leave it out, or nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Robots {
    Index,
    /// Whatever else an index may say counts as this.
    #[default]
    #[serde(other)]
    Noindex,
}

impl Robots {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
    pub(crate) fn is_noindex(&self) -> bool {
        *self == Self::Noindex
    }

    pub fn may_index(self) -> bool {
        self == Self::Index
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub video: PathBuf,
    pub reel: ReelName,
    /// Title on the watch page.
    pub title: String,
    pub cut: Cut,
    pub place: Place,
    /// What the place was when the person agreed to this, or when it was begun: in any other account or Region the
    /// work is refused. `None`: nobody has been told yet.
    pub expected: Option<AccountRegion>,
    /// `None`: as many as raise the throughput.
    pub parallel_uploads: Option<NonZeroUsize>,
    pub if_taken: IfTaken,
    /// Switch the browser relay on, too; its price was accepted.
    pub relay: bool,
    /// Switch a CDN before gate and relay on, too, beside the uploads; its price was accepted. It needs the relay.
    pub cdn: bool,
    pub on_damage: OnDamage,
    /// Whether search engines may list the watch page.
    pub robots: Robots,
    /// The run that this one goes on with: anything that would make another generation of it is an error.
    pub interrupted: Option<Interrupted>,
    pub retry: RetryPolicy,
    pub folders: Folders,
}

impl Order {
    /// What may wait for its upload: at least what is gathered before one begins, and as much again.
    pub fn backlog_bytes(&self) -> u64 {
        self.folders.backlog_bytes.max(2 * self.cut.chunk_limit)
    }
}

/// What a journal knows of an interrupted run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    pub generation: Generation,
    pub origin: Option<Origin>,
}

/// What a generation was made from and with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// [`crate::model::reel::generation::SourcePrint`] as text.
    pub source: String,
    /// Version.
    pub ffmpeg: String,
}

impl Origin {
    const SOURCE_TAG: &str = "zipreel:source";
    const FFMPEG_TAG: &str = "zipreel:ffmpeg";

    /// Why `now` makes other bytes, in words that follow a colon; `None` if it is neither of the two.
    pub fn difference(&self, now: &Self) -> Option<String> {
        if self.source != now.source {
            return Some("the video has changed since".to_owned());
        }
        let (before, now) = (&self.ffmpeg, &now.ffmpeg);
        (before != now).then(|| format!("it was begun with ffmpeg {before}, and this is ffmpeg {now}"))
    }

    /// For the chunks' functions, so that another machine can tell too.
    pub fn tags(&self) -> [(String, String); 2] {
        // of these AWS takes letters, digits, spaces and _.:/=+-@
        let legal = |text: &str| {
            let legal = |c: char| if c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c) { c } else { '_' };
            text.chars().map(legal).take(200).collect::<String>()
        };
        [(Self::SOURCE_TAG.to_owned(), legal(&self.source)), (Self::FFMPEG_TAG.to_owned(), legal(&self.ffmpeg))]
    }

    pub fn of_tags(tags: &HashMap<String, String>) -> Option<Self> {
        Some(Self { source: tags.get(Self::SOURCE_TAG)?.clone(), ffmpeg: tags.get(Self::FFMPEG_TAG)?.clone() })
    }
}
