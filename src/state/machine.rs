//! An id of this state folder: by it a machine knows in an account what it left there itself.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use super::{StateError, io_error};

const FILE: &str = "machine";

/// 16 hexadecimal digits, drawn at the first need. Blocking.
pub(super) fn id(state_dir: &Path) -> Result<String, StateError> {
    let path = state_dir.join(FILE);
    loop {
        match fs::read_to_string(&path) {
            Ok(text) if is_id(text.trim()) => return Ok(text.trim().to_owned()),
            // a crash within the writing
            Ok(_) => fs::remove_file(&path).map_err(io_error("remove", &path))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error("read", &path)(error)),
        }
        // written whole under another name: two processes that begin at once must not read half of it
        let mut new = tempfile::NamedTempFile::new_in(state_dir).map_err(io_error("write below", state_dir))?;
        write!(new, "{:016x}", fastrand::u64(..)).map_err(io_error("write", &path))?;
        match new.persist_noclobber(&path).map_err(|error| error.error) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io_error("write", &path)(error)),
            _ => {}
        }
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_stays_and_folders_have_their_own() {
        let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let first = id(one.path()).unwrap();
        assert_eq!(id(one.path()).unwrap(), first);
        assert_ne!(id(other.path()).unwrap(), first);
        fs::write(one.path().join(FILE), "half").unwrap();
        assert!(is_id(&id(one.path()).unwrap()));
    }
}
