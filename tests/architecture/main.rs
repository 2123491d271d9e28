//! Holds the architecture: which folder may name which, that no file is in a circle with another, how long files and
//! functions are, and who alone names what is not ours.

mod arrows;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use arrows::{Module, functions, modules};

/// Rooms from the highest to the lowest, each with those it may name. `model` and what is below it is pure.
#[rustfmt::skip]
const MAY_NAME: &[(&str, &[&str])] = &[
    ("command", &["tui", "settings", "cli", "json", "plain", "use_cases", "local", "running", "model/report",
        "model/gate", "model/media", "model/reel", "model/shown", "model/wording"]),
    ("tui", &["settings", "running", "model/chunk", "model/cost", "model/report", "model/reel",
        "model/wording"]),
    ("settings", &["cli", "use_cases", "model/chunk", "model/report", "model/reel", "model/retry",
        "model/wording"]),
    ("cli", &["model/gate", "model/pace", "model/reel", "model/wording"]),
    ("json", &["use_cases", "model/cost", "model/report", "model/gate", "model/reel"]),
    ("plain", &["model/report", "model/reel", "model/shown", "model/wording"]),
    ("use_cases", &["account", "publish", "remote", "local", "media", "storage", "cloud", "state", "running",
        "model/cost", "model/report", "model/gate", "model/media", "model/reel", "model/retry",
        "model/wording"]),
    ("account", &["remote", "storage", "cloud", "running", "model/chunk", "model/report", "model/gate", "model/reel",
        "model/retry", "model/wording"]),
    ("publish", &["remote", "media", "storage", "state", "running", "model/chunk", "model/cost", "model/report",
        "model/gate", "model/hls", "model/media", "model/pace", "model/reel", "model/retry", "model/shown",
        "model/subtitles", "model/wording"]),
    ("remote", &["media", "storage", "state", "running", "model/report", "model/gate", "model/hls", "model/media",
        "model/reel", "model/retry", "model/wording"]),
    ("local", &["state", "model/chunk", "model/report", "model/gate", "model/hex", "model/hls", "model/reel",
        "model/references", "model/wording"]),
    ("media", &["running", "model/report", "model/media", "model/reel", "model/shown", "model/subtitles"]),
    ("storage", &["cloud", "model/chunk", "model/cost", "model/gate", "model/reel", "model/report",
        "model/wording"]),
    ("cloud", &["model/hex", "model/report", "model/gate", "model/reel", "model/retry", "model/shown"]),
    ("state", &["running", "model/checked_lines", "model/report", "model/media", "model/pace", "model/reel",
        "model/retry"]),
    ("running", &["model/report", "model/retry"]),
    ("model/gate", &["model/chunk", "model/hex", "model/reel", "model/shown"]),
    ("model/chunk", &["model/cost", "model/hls", "model/media", "model/report", "model/reel"]),
    ("model/pace", &["model/report"]),
    ("model/media", &["model/hex", "model/report", "model/wording", "model/written"]),
    ("model/report", &["model/cost", "model/reel", "model/shown", "model/wording"]),
    ("model/cost", &["model/reel", "model/wording"]),
    ("model/hls", &["model/reel"]),
    ("model/reel", &["model/hex", "model/retry", "model/written"]),
    ("model/checked_lines", &["model/shown"]),
    ("model/hex", &[]),
    ("model/retry", &[]),
    ("model/shown", &[]),
    ("model/subtitles", &["model/references"]),
    ("model/references", &[]),
    ("model/wording", &[]),
    ("model/written", &[]),
];

/// Folders of a room, from the lowest to the highest: each may name those before it.
const WITHIN: &[(&str, &[&str])] = &[
    ("cloud", &["http", "identity", "functions", "gate", "account"]),
    ("command", &["wizard"]),
    ("local", &["store", "signature", "faults", "http", "metrics", "lambda", "query", "gate", "cdn", "process"]),
    ("media", &["cut"]),
    ("publish", &["split", "upload", "tracks", "prove", "index", "prepare"]),
    ("tui", &["terminal", "keymap", "widget", "overlay", "job", "work", "pane", "step", "app", "tasks", "view"]),
    ("use_cases", &["account", "reels"]),
];

/// The room of a file: a folder of `src`, a file beside them, or a folder of the model.
fn room(path: &[String]) -> String {
    match path {
        [first, second, ..] if first == "model" => format!("model/{second}"),
        [first, ..] => first.clone(),
        [] => String::new(),
    }
}

#[test]
fn rooms_name_only_what_the_table_says() {
    let place = |room: &str| MAY_NAME.iter().position(|(from, _)| *from == room);
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for module in modules().iter().filter(|module| !["lib.rs", "model/mod.rs"].contains(&module.file.as_str())) {
        let from = room(&module.path);
        let Some(row) = place(&from) else { panic!("the table says nothing of `{from}`") };
        for to in module.names.iter().filter(|to| room(to) != from) {
            match MAY_NAME[row].1.iter().find(|allowed| **allowed == room(to)) {
                Some(allowed) => drop(used.insert((row, *allowed))),
                None => wrong.push(format!("{} names {}", module.file, to.join("::"))),
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    for (row, (from, allowed)) in MAY_NAME.iter().enumerate() {
        for to in *allowed {
            assert!(place(to) > Some(row), "`{from}` stands above `{to}`");
            assert!(used.contains(&(row, to)), "no file of `{from}` names `{to}`");
        }
    }
}

#[test]
fn folders_of_a_room_name_only_those_below() {
    let (mut wrong, mut found) = (Vec::new(), BTreeSet::new());
    let folder = |path: &[String]| -> Option<(usize, usize)> {
        let (first, second) = (path.first()?, path.get(1)?);
        let row = WITHIN.iter().position(|(room, _)| room == first)?;
        Some((row, WITHIN[row].1.iter().position(|folder| folder == second)?))
    };
    for Module { file, path, names, .. } in modules() {
        let parts: Vec<_> = file.split('/').collect();
        if let [room, inner, _, ..] = parts[..]
            && room != "model"
        {
            let row = WITHIN.iter().find(|(of, _)| *of == room);
            assert!(row.is_some_and(|(_, folders)| folders.contains(&inner)), "no table has `{room}/{inner}`");
            found.insert((room, inner));
        }
        let Some(from) = folder(path) else { continue };
        let above = names.iter().filter(|to| folder(to).is_some_and(|to| to.0 == from.0 && to.1 > from.1));
        wrong.extend(above.map(|to| format!("{file} names {}", to.join("::"))));
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(found.len(), WITHIN.iter().map(|(_, folders)| folders.len()).sum::<usize>(), "{found:?}");
}

#[test]
fn no_file_is_in_a_circle() {
    let arrows: BTreeMap<_, _> = modules().iter().map(|module| (&module.path, &module.names)).collect();
    let mut circles = BTreeSet::new();
    for Module { path, names, .. } in modules() {
        let reached = reach(names, &arrows);
        if reached.contains(path) {
            circles.insert(path.join("/"));
        }
    }
    assert_eq!(circles.into_iter().collect::<Vec<_>>(), [""; 0]);
}

/// Everything that can be come to from these.
fn reach(
    from: &BTreeSet<Vec<String>>,
    arrows: &BTreeMap<&Vec<String>, &BTreeSet<Vec<String>>>,
) -> BTreeSet<Vec<String>> {
    let (mut reached, mut open) = (from.clone(), from.iter().cloned().collect::<Vec<_>>());
    while let Some(next) = open.pop() {
        for name in arrows.get(&next).into_iter().copied().flatten() {
            if reached.insert(name.clone()) {
                open.push(name.clone());
            }
        }
    }
    reached
}

/// Of the program, its tests, its scripts and what is deployed.
#[test]
fn files_and_functions_are_short() {
    fn add(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path()) {
            let is_code =
                entry.extension().is_none_or(|kind| ["rs", "mjs", "js", "html", "py"].iter().any(|code| kind == *code));
            if entry.is_dir() {
                add(&entry, files);
            } else if is_code {
                files.push(entry);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "assets", "fuzz/fuzz_targets"] {
        add(&root.join(folder), &mut files);
    }
    let mut long = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let file = file.strip_prefix(root).expect("below it").display();
        if text.lines().count() > 450 {
            long.push(format!("{file} has {} lines", text.lines().count()));
        }
        if file.to_string().ends_with(".rs") {
            let functions = functions(&text).into_iter().filter(|(_, lines)| *lines > 60);
            long.extend(functions.map(|(name, lines)| format!("{name} in {file} has {lines} lines")));
        }
    }
    assert_eq!(long, [""; 0]);
}

#[test]
fn no_folder_is_flat() {
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for module in modules() {
        let folder = module.file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        *files.entry(folder).or_default() += 1;
    }
    let flat: Vec<_> = files.into_iter().filter(|(_, files)| *files > 15).collect();
    assert_eq!(flat, []);
}

/// Code lines (no comments) of files under `src` chosen by `within` that name one of `words`.
fn naming(words: &[&str], within: impl Fn(&str) -> bool) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut hits = Vec::new();
    for Module { file, .. } in modules().iter().filter(|module| within(&module.file)) {
        for (line, text) in fs::read_to_string(root.join(file)).expect("readable").lines().enumerate() {
            let code = text.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                hits.push(format!("{file}:{}: {}", line + 1, text.trim()));
            }
        }
    }
    hits
}

#[test]
fn the_model_is_pure() {
    let words = ["tokio", "aws_", "std::process", "ratatui", "crossterm", "SystemTime::now", "Instant::now", "std::fs"];
    assert_eq!(naming(&words, |file| file.starts_with("model/")), [""; 0]);
}

#[test]
fn only_the_wizard_draws() {
    assert_eq!(naming(&["ratatui", "crossterm"], |file| !file.starts_with("tui/")), [""; 0]);
}

#[test]
fn only_the_cloud_names_the_sdk() {
    let words = ["aws_sdk", "aws_config", "aws_smithy", "aws_runtime", "aws_credential"];
    // the stand-in answers in an encoding of the SDK's
    let apart = |file: &str| !file.starts_with("cloud/") && file != "local/metrics/cbor.rs";
    assert_eq!(naming(&words, apart), [""; 0]);
}

/// What a face may not know is a rule that would stand twice.
#[test]
fn faces_know_no_rule() {
    let faces = ["command/", "tui/", "cli.rs", "json.rs", "plain.rs", "settings.rs"];
    let words = ["ReelLock", "Journal", "LibraryError", "Patience"];
    assert_eq!(naming(&words, |file| faces.iter().any(|face| file.starts_with(face))), [""; 0]);
}

/// What can't be undone is sent from one room, which looks just before and shows that it did.
#[test]
fn deletions_replacements_and_flips_have_one_room() {
    let makers =
        naming(&["&Permit(())", "Ok(Permit(()))"], |file| !["storage/change.rs", "storage/lease.rs"].contains(&file));
    assert_eq!(makers, [""; 0]);
    // what asks for no permit: the gate and the relay, and what `doctor` has just made to try something out
    let bare = naming(&[".delete_function(", ".update_code(", ".create_function("], |file| {
        !file.starts_with("cloud/") && !["storage/lambda.rs", "account/live.rs"].contains(&file)
    });
    assert_eq!(bare, [""; 0]);
}

#[test]
fn no_names_that_say_nothing() {
    for Module { file, path, .. } in modules() {
        let empty = ["utils", "util", "helpers", "manager", "common", "misc"];
        assert!(!path.iter().any(|part| empty.contains(&part.as_str())), "{file}");
    }
}
