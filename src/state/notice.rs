//! What a person must know before the first real deployment, and that they were told: once an account.

use std::{fs, io, path::Path};

use super::{StateError, io_error, private};

const FILE: &str = "acknowledged";

/// The notice. What is not certain is said to be so.
pub fn text(account: &str) -> String {
    format!(
        "Before anything is stored in account {account} for the first time:\n\
         - AWS's customer agreement forbids using the services in a way intended to avoid fees or to exceed limits. \
         Storing video as the code of functions (programs that AWS keeps for you) may count as that; AWS may ask you \
         to remove it, or suspend the account.\n\
         - Nobody promises that it lasts: AWS may remove functions that never run, and may change the download links \
         that all of this needs.\n\
         - Every viewer can read your account's id in the addresses that the video is downloaded from.\n\
         - Publish only what is yours to publish.\n\
         None of this was ever tried on a real account by zipreel's authors."
    )
}

pub fn is_acknowledged(state_dir: &Path, account: &str) -> bool {
    fs::read_to_string(state_dir.join(FILE)).is_ok_and(|text| text.lines().any(|line| line == account))
}

pub fn acknowledge(state_dir: &Path, account: &str) -> Result<(), StateError> {
    let path = state_dir.join(FILE);
    let write = || -> io::Result<()> {
        private::root(state_dir)?;
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, format!("{before}{account}\n"))
    };
    write().map_err(io_error("note the agreement in", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_is_told_once() {
        let state = tempfile::tempdir().unwrap();
        assert!(!is_acknowledged(state.path(), "111111111111"));
        acknowledge(state.path(), "111111111111").unwrap();
        assert!(is_acknowledged(state.path(), "111111111111"));
        assert!(!is_acknowledged(state.path(), "222222222222"));
    }
}
