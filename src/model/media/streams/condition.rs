//! What is wrong with the streams that would be published: encrypted, empty, broken.

use crate::model::media::{
    damage::Damage,
    facts::{Kind, Media, Stream},
    structure::Medium,
};

/// How the first of the two is encrypted: by the container's own words for it, or by a sample entry that names nothing
/// else.
pub fn encryption(media: &Media, video: Option<&Stream>, audio: Option<&Stream>) -> Option<(Medium, String)> {
    let how = |stream: &Stream| {
        let lock = media.structure.lock_of(stream.index, stream.id).map(ToString::to_string);
        let is_locked = ["encv", "enca", "drmi", "drms"].contains(&stream.tag.as_str());
        lock.or_else(|| is_locked.then(|| stream.tag.clone()))
    };
    let of = |medium, stream: Option<&Stream>| Some((medium, how(stream?)?));
    of(Medium::Pictures, video).or_else(|| of(Medium::Sound, audio))
}

/// The file describes the stream and holds nothing of it.
pub fn is_empty(media: &Media, stream: &Stream) -> bool {
    media.structure.tracks.get(stream.index as usize).is_some_and(|track| track.is_empty)
}

/// What is known to be wrong before anything was read to its end.
pub fn damage(
    media: &Media,
    video: Option<&Stream>,
    audio: Option<&Stream>,
    describe: impl Fn(&Stream) -> String,
) -> Damage {
    let ids: Vec<_> = video.into_iter().chain(audio).map(|stream| stream.id).collect();
    let mut damage = media.structure.damage_of(&ids);
    if audio.is_none() {
        let broken = media.streams.iter().filter(|stream| is_broken_sound(stream));
        let words = |stream| format!("the sound can't be read ({}): the reel will be silent", describe(stream));
        damage.unreadable.extend(broken.map(words));
    }
    damage
}

/// Its codec is known, and not one packet of it could be decoded to learn the rest.
pub fn is_broken_sound(stream: &Stream) -> bool {
    stream.kind == Kind::Audio && !stream.codec.is_empty() && (stream.channels == 0 || stream.sample_rate == 0)
}

/// Why a reel will be silent, unless broken sound is the reason: that is damage.
pub fn silence(media: &Media) -> Option<String> {
    let sounds = || media.streams.iter().filter(|stream| stream.kind == Kind::Audio);
    if let Some(unknown) = sounds().find(|stream| stream.codec.is_empty()) {
        let tag = &unknown.tag;
        return Some(format!("there is no sound that ffmpeg knows (it is marked `{tag}`): the reel will be silent"));
    }
    (!sounds().any(is_broken_sound)).then(|| "there is no sound: the reel will be silent".to_owned())
}
