//! The player that the watch page has inside and that pages elsewhere take from the gate: `libraries.js`, `open-gops.js`,
//! `tracks.js` and `player.js` as one, named by its hash, so that such a page plays for ever with the one that it was made for.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256, Sha384};

use crate::model::hex::hex;

/// This version's.
pub const PLAYER: &str = concat!(
    include_str!("../../../assets/gate/libraries.js"),
    include_str!("../../../assets/gate/open-gops.js"),
    include_str!("../../../assets/gate/tracks.js"),
    include_str!("../../../assets/gate/player.js")
);

/// Those of releases before, as `(file of the gate's package, text)`. A release that changes it leaves the old one
/// beside it, as one file, as `player-<hash>.js`, and adds it here: pages that name it are out there.
pub const EARLIER: &[(&str, &str)] = &[];

/// What the gate calls this version's: `player-<hash>.js`.
pub fn player_name() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(|| name_of(PLAYER));
    &NAME
}

/// What a browser has to find under that name.
pub fn player_integrity() -> &'static str {
    static HASH: LazyLock<String> = LazyLock::new(|| format!("sha384-{}", STANDARD.encode(Sha384::digest(PLAYER))));
    &HASH
}

/// The player of this name, whichever version it is of.
pub fn player(name: &str) -> Option<&'static str> {
    among(name, PLAYER, EARLIER)
}

fn among(name: &str, current: &'static str, earlier: &[(&str, &'static str)]) -> Option<&'static str> {
    let all = std::iter::once(current).chain(earlier.iter().map(|(_, text)| *text));
    all.into_iter().find(|text| name_of(text) == name)
}

/// By the first eight hexadecimal digits of its SHA-256.
fn name_of(text: &str) -> String {
    let hash = Sha256::digest(text);
    format!("player-{}.js", hex(&hash[..4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_player_of_the_package_is_served_by_its_hash() {
        for (name, text) in EARLIER {
            assert_eq!(name_of(text), *name, "what pages elsewhere took by its hash is changed");
        }
        assert_eq!(player(player_name()), Some(PLAYER));
        assert_eq!(player("player-00000000.js"), None);
    }

    #[test]
    fn a_version_that_was_replaced_is_still_found() {
        let (old, new) = ("// old", "// new");
        let earlier = [(name_of(old), old)];
        let earlier: Vec<_> = earlier.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        assert_eq!(among(&name_of(old), new, &earlier), Some(old));
        assert_eq!(among(&name_of(new), new, &earlier), Some(new));
        assert_eq!(among(&name_of("// other"), new, &earlier), None);
    }
}
