//! Holds the layering: `reel/` stays pure, only `tui/` draws, only `cloud/` names the SDK.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Code lines (no comments) of files under `src` chosen by `within` that name one of `words`.
fn naming(words: &[&str], within: impl Fn(&str) -> bool) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 10, "the sources were found");
    let mut hits = Vec::new();
    for file in files {
        let place = file.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
        if !within(&place) {
            continue;
        }
        for (line, text) in fs::read_to_string(&file).expect("readable").lines().enumerate() {
            let code = text.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                hits.push(format!("{place}:{}: {}", line + 1, text.trim()));
            }
        }
    }
    hits
}

#[test]
fn reel_is_pure() {
    let words = ["tokio", "aws_", "std::process", "ratatui", "crossterm", "SystemTime::now", "Instant::now", "std::fs"];
    assert_eq!(naming(&words, |place| place.starts_with("reel/")), [""; 0]);
}

#[test]
fn reel_knows_no_layer_above_it() {
    let words = ["crate::publish", "crate::cloud", "crate::local", "crate::tui", "crate::state", "crate::use_cases"];
    assert_eq!(naming(&words, |place| place.starts_with("reel/")), [""; 0]);
}

#[test]
fn only_the_wizard_draws() {
    assert_eq!(naming(&["ratatui", "crossterm"], |place| !place.starts_with("tui/")), [""; 0]);
}

#[test]
fn the_engine_knows_no_face() {
    let engine = |place: &str| ["publish/", "cloud/", "local/"].iter().any(|folder| place.starts_with(folder));
    assert_eq!(naming(&["crate::tui", "crate::plain", "crate::json", "crate::cli"], engine), [""; 0]);
}

/// What a face may not know is a rule that would stand twice.
#[test]
fn faces_know_no_rule() {
    let faces = ["command/", "tui/", "cli.rs", "json.rs", "plain.rs", "settings.rs"];
    let words =
        ["cloud::", "state::", "crate::library", "crate::account", "ReelLock", "Journal", "LibraryError", "Patience"];
    // what plays the engine for the wizard's own tests may know what it plays
    let tests = ["tui/tests", "tui/script.rs"];
    let within = |place: &str| {
        faces.iter().any(|face| place.starts_with(face)) && !tests.iter().any(|test| place.starts_with(test))
    };
    assert_eq!(naming(&words, within), [""; 0]);
}

#[test]
fn use_cases_know_no_face() {
    let words = ["crate::tui", "crate::plain", "crate::json", "crate::cli", "crate::command", "crate::settings"];
    let below = |place: &str| {
        ["use_cases/", "state/", "account/", "library/", "publish/"].iter().any(|folder| place.starts_with(folder))
    };
    assert_eq!(naming(&words, below), [""; 0]);
}

#[test]
fn only_the_cloud_names_the_sdk() {
    let words = ["aws_sdk", "aws_config", "aws_smithy", "aws_runtime", "aws_credential"];
    assert_eq!(naming(&words, |place| !place.starts_with("cloud/")), [""; 0]);
}

/// What can't be undone is sent from one place, which shows the lease and what was seen just before.
#[test]
fn deletions_replacements_and_flips_have_one_caller() {
    let words = [".delete_function(", ".replace_code(", ".flip_index(", ".create_index("];
    let callers = naming(&words, |place| !place.starts_with("cloud/") && place != "publish/change.rs");
    assert_eq!(callers, [""; 0]);
    let callers = naming(&words, |place| place == "publish/change.rs");
    assert_eq!(callers.len(), words.len(), "each once: {callers:?}");
    // what asks for no lease: a lease itself, the gate and the relay, and what `doctor` has just made
    let any = naming(&[".delete_any(", ".delete_trial("], |place| {
        !["cloud/functions.rs", "cloud/public.rs", "cloud/lease.rs", "account/live.rs"].contains(&place)
    });
    assert_eq!(any, [""; 0]);
    let made = naming(&[".create_function("], |place| {
        !place.starts_with("cloud/") && !["publish/send.rs", "account/live.rs"].contains(&place)
    });
    assert_eq!(made, [""; 0], "what makes functions could make an index");
}

#[test]
fn no_names_that_say_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&root) {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(!["utils", "util", "helpers", "manager", "common", "misc"].contains(&name.as_str()), "{file:?}");
    }
}
