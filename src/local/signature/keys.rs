//! The stand-in's own keys: made once, kept in the data folder, readable by its owner only. They are no one's AWS
//! credentials, and nothing here ever reads those.

use std::{fmt, fs, io, path::Path};

use serde::{Deserialize, Serialize};

use crate::local::store::files;

/// The account every ARN of the stand-in names: the one of AWS's own examples.
pub(in crate::local) const ACCOUNT: &str = "123456789012";

const FILE: &str = "keys.json";
/// RFC 4648's base 32: 32 letters, so that a random byte maps evenly.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct KeyPair {
    pub(in crate::local) id: String,
    pub(in crate::local) secret: String,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct Keys {
    /// Signs API calls.
    pub(in crate::local) caller: KeyPair,
    /// Signs download links, as Lambda's own credentials do on AWS.
    pub(in crate::local) links: KeyPair,
}

impl Keys {
    /// The folder's keys, made if it has none yet.
    pub(in crate::local) fn load_or_make(folder: &Path) -> io::Result<Self> {
        match Self::load(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        let keys = Self { caller: pair("ZIPREELLOCAL")?, links: pair("ZIPREELLINKS")? };
        let text = serde_json::to_vec_pretty(&keys)?;
        files::replace(&folder.join(FILE), &text, files::Mode::OwnerOnly)?;
        Ok(keys)
    }

    pub(in crate::local) fn load(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let damaged = |error| io::Error::new(io::ErrorKind::InvalidData, format!("`{}`: {error}", path.display()));
        serde_json::from_slice(&fs::read(&path)?).map_err(damaged)
    }
}

fn pair(prefix: &str) -> io::Result<KeyPair> {
    Ok(KeyPair { id: format!("{prefix}{}", letters(8)?), secret: letters(40)? })
}

fn letters(count: usize) -> io::Result<String> {
    let mut bytes = vec![0; count];
    // the only cryptographic source of randomness among our dependencies
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system's source of randomness failed"))?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_their_secret_is_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_make(folder.path()).unwrap();
        assert_eq!(Keys::load_or_make(folder.path()).unwrap(), keys);
        assert_ne!(keys.caller.secret, keys.links.secret);
        let printed = format!("{keys:?}");
        assert!(printed.contains(&keys.caller.id) && !printed.contains(&keys.caller.secret));
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Keys::load_or_make(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
