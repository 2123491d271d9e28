//! An order as journals and queues keep it: the one place where what is asked for becomes a record and a record
//! becomes what is asked for again.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::model::{
    reel::{
        name::ReelName,
        order::{
            AccountRegion, Cut, Folders, IfTaken, Interrupted, OnDamage, Order, Place, Robots, Target, Transcode,
            Wanted,
        },
    },
    retry::RetryPolicy,
};

/// Of this form. 1, which is not written, had neither `format` nor `relay`. A field is never given another meaning;
/// new ones have a default.
const FORMAT: u32 = 2;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderForm {
    #[serde(default = "first_format")]
    pub format: u32,
    #[serde(with = "any_path")]
    pub video: PathBuf,
    pub title: String,
    pub segment_seconds: f64,
    /// As [`Cut::grows`]: versions without it knew no such.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grows: bool,
    /// As [`Cut::pes_lengths`], likewise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pes_lengths: bool,
    pub chunk_limit: u64,
    pub parallel_uploads: Option<usize>,
    /// Streams that players can't take are converted; else they are refused.
    pub transcode: bool,
    #[serde(default, skip_serializing_if = "Wanted::is_nothing")]
    pub wanted: Wanted,
    #[serde(default)]
    pub replace: bool,
    #[serde(default)]
    pub relay: bool,
    /// Versions without it switched none on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cdn: bool,
    /// Versions without it published what was there, and asked nothing.
    #[serde(default = "accepted")]
    pub on_damage: OnDamage,
    /// Versions without it let no search engine list a reel.
    #[serde(default, skip_serializing_if = "Robots::is_noindex")]
    pub robots: Robots,
    /// `local` or `aws`.
    pub target: String,
    pub profile: Option<String>,
}

fn first_format() -> u32 {
    1
}

fn accepted() -> OnDamage {
    OnDamage::Accept
}

impl OrderForm {
    /// The order's account and Region are kept beside it, once they are known.
    pub fn of(order: &Order) -> Self {
        let (target, profile) = match &order.place.target {
            Target::Local => ("local", None),
            Target::Aws { profile } => ("aws", profile.clone()),
        };
        Self {
            format: FORMAT,
            video: std::path::absolute(&order.video).unwrap_or_else(|_| order.video.clone()),
            title: order.title.clone(),
            segment_seconds: order.cut.segment_length.as_secs_f64(),
            grows: order.cut.grows,
            pes_lengths: order.cut.pes_lengths,
            chunk_limit: order.cut.chunk_limit,
            parallel_uploads: order.parallel_uploads.map(NonZeroUsize::get),
            transcode: order.cut.transcode == Transcode::Auto,
            wanted: order.cut.wanted,
            replace: order.if_taken == IfTaken::Replace,
            relay: order.relay,
            cdn: order.cdn,
            on_damage: order.on_damage,
            robots: order.robots,
            target: target.to_owned(),
            profile,
        }
    }

    /// Where it was to go, with the Region that was chosen or found then.
    pub fn place(&self, region: &str) -> Place {
        let target = match self.target.as_str() {
            "local" => Target::Local,
            _ => Target::Aws { profile: self.profile.clone() },
        };
        Place { target, region: Some(region.to_owned()) }
    }

    /// The order once more. It is refused anywhere but in `expected`.
    pub fn order(
        &self,
        reel: ReelName,
        expected: AccountRegion,
        interrupted: Option<Interrupted>,
        folders: Folders,
    ) -> Order {
        Order {
            video: self.video.clone(),
            reel,
            title: self.title.clone(),
            cut: Cut {
                segment_length: Duration::from_secs_f64(self.segment_seconds.clamp(0.1, 86_400.0)),
                grows: self.grows,
                pes_lengths: self.pes_lengths,
                chunk_limit: self.chunk_limit,
                transcode: if self.transcode { Transcode::Auto } else { Transcode::Never },
                wanted: self.wanted,
            },
            place: self.place(&expected.region),
            expected: Some(expected),
            parallel_uploads: self.parallel_uploads.and_then(NonZeroUsize::new),
            if_taken: IfTaken::replace(self.replace),
            relay: self.relay,
            cdn: self.cdn,
            on_damage: self.on_damage,
            robots: self.robots,
            interrupted,
            retry: RetryPolicy::default(),
            folders,
        }
    }

    #[cfg(test)]
    pub(crate) fn example(video: &str) -> Self {
        Self {
            format: FORMAT,
            video: video.into(),
            title: "v".into(),
            segment_seconds: 6.0,
            grows: false,
            pes_lengths: false,
            chunk_limit: 1 << 25,
            parallel_uploads: None,
            transcode: false,
            wanted: Wanted::default(),
            replace: false,
            relay: false,
            cdn: false,
            on_damage: OnDamage::Ask,
            robots: Robots::default(),
            target: "local".into(),
            profile: None,
        }
    }
}

/// Paths need not be text: those that are not are kept as their bytes.
mod any_path {
    use std::{
        ffi::OsString,
        path::{Path, PathBuf},
    };

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = match path.to_str() {
            Some(text) => Kept::Text(text.to_owned()),
            None => Kept::Bytes(bytes(path)),
        };
        kept.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        Ok(match Kept::deserialize(deserializer)? {
            Kept::Text(text) => text.into(),
            Kept::Bytes(bytes) => of_bytes(bytes).into(),
        })
    }

    #[cfg(unix)]
    fn bytes(path: &Path) -> Vec<u8> {
        std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
    }

    #[cfg(unix)]
    fn of_bytes(bytes: Vec<u8>) -> OsString {
        std::os::unix::ffi::OsStringExt::from_vec(bytes)
    }

    #[cfg(not(unix))]
    fn bytes(path: &Path) -> Vec<u8> {
        path.to_string_lossy().into_owned().into_bytes()
    }

    #[cfg(not(unix))]
    fn of_bytes(bytes: Vec<u8>) -> OsString {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_comes_back_as_it_was() {
        let folders = Folders { state: "/s".into(), work: "/w".into(), backlog_bytes: 1 };
        let expected = AccountRegion { account: "111111111111".into(), region: "eu-west-1".into() };
        let order = Order {
            video: "/v/夜.mp4".into(),
            reel: "night".parse().unwrap(),
            title: "Night".into(),
            cut: Cut {
                segment_length: Duration::from_millis(2500),
                grows: true,
                pes_lengths: true,
                chunk_limit: 5,
                transcode: Transcode::Auto,
                wanted: Wanted {
                    video: Some(2),
                    audio: Some("deu".parse().unwrap()),
                    subtitles: "3,deu".parse().unwrap(),
                    deinterlace: true,
                    container: crate::model::reel::order::WantedContainer::Mp4,
                    ..Wanted::default()
                },
            },
            place: Place { target: Target::Aws { profile: Some("studio".into()) }, region: Some("eu-west-1".into()) },
            expected: Some(expected.clone()),
            parallel_uploads: NonZeroUsize::new(3),
            if_taken: IfTaken::Replace,
            relay: true,
            cdn: true,
            on_damage: OnDamage::Fail,
            robots: Robots::Index,
            interrupted: None,
            retry: RetryPolicy::default(),
            folders: folders.clone(),
        };
        let text = serde_json::to_string(&OrderForm::of(&order)).unwrap();
        let form: OrderForm = serde_json::from_str(&text).unwrap();
        assert_eq!(form.order(order.reel.clone(), expected, None, folders), order);
        let earlier: OrderForm = serde_json::from_str(&text.replace(r#""on_damage":"fail","#, "")).unwrap();
        assert_eq!(earlier.on_damage, OnDamage::Accept, "as versions did that knew no such question");
        let earlier: OrderForm = serde_json::from_str(&text.replace(r#""cdn":true,"#, "")).unwrap();
        assert!(earlier.relay && !earlier.cdn, "as versions did that switched none on");
    }
}
