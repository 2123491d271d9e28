//! A file that is locked while this lives.

use std::{
    fs::{File, TryLockError},
    ops::Deref,
};

/// The system's lock on a file. It ends with this value and not, as the lock of a file that is only closed, with the
/// last copy of its descriptor: a program that is being started has copies of all of ours for a moment.
#[derive(Debug)]
pub struct FileLock(File);

impl FileLock {
    /// Fails at once if another holds it.
    pub fn take(file: File) -> Result<Self, TryLockError> {
        file.try_lock()?;
        Ok(Self(file))
    }

    /// Waits for as long as another holds it.
    pub fn wait(file: File) -> std::io::Result<Self> {
        file.lock()?;
        Ok(Self(file))
    }
}

impl Deref for FileLock {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // closing it ends it as well
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_descriptor_does_not_go_on_holding_it() {
        let folder = tempfile::tempdir().unwrap();
        let open =
            || File::options().create(true).truncate(false).write(true).open(folder.path().join("lock")).unwrap();
        let held = FileLock::take(open()).unwrap();
        let _copy = held.try_clone().unwrap();
        assert!(matches!(FileLock::take(open()), Err(TryLockError::WouldBlock)));
        drop(held);
        FileLock::take(open()).unwrap();
    }
}
