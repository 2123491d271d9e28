//! What was measured of each player, a file a cell: `make test` prints them as tables when all tests have ended
//! (`tests/tools/matrix`). A cell is written after what it says was asserted, so a failed test leaves a gap.

use std::{fs, path::Path};

use serde_json::json;

pub(crate) const PLAYS: &str = "plays to the end";
pub(crate) const SEEKS: &str = "seeks to the middle";
pub(crate) const BOTH: &str = "plays long and fine playlists";
pub(crate) const SURVIVES: &str = "survives expired links";

/// `player` is its name and version.
pub(crate) fn record(player: &str, column: &str, cell: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../matrix");
    fs::create_dir_all(&folder).unwrap();
    let name = format!("{player} {column}").replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let line = json!({ "player": player, "column": column, "cell": cell });
    fs::write(folder.join(name).with_extension("json"), line.to_string()).unwrap();
}
