//! What may be built in: crates from the public registry alone, under licences that an MIT program can carry along.

use std::{env, process::Command};

use spdx::{Expression, ParseMode};

/// SPDX identifiers.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "WTFPL",
    "Zlib",
];

/// Old crates write `/` for OR.
fn allowed(expression: &str) -> bool {
    let read = Expression::parse_mode(expression, ParseMode::LAX);
    read.is_ok_and(|read| read.evaluate(|one| ALLOWED.contains(&one.to_string().as_str())))
}

#[test]
fn a_choice_needs_one_allowed_licence_and_a_sum_needs_all() {
    for good in ["MIT", "MIT/Apache-2.0", "Apache-2.0 OR GPL-2.0-only", "(MIT OR GPL-2.0-only) AND Unicode-3.0"] {
        assert!(allowed(good), "{good}");
    }
    for bad in ["", "GPL-3.0-only", "MIT AND GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0"] {
        assert!(!allowed(bad), "{bad}");
    }
}

#[test]
fn every_crate_comes_from_crates_io_under_an_allowed_licence() {
    let tree = Command::new(env::var("CARGO").unwrap())
        .args(["tree", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p};{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let mut crates: Vec<&str> = std::str::from_utf8(&tree.stdout).unwrap().lines().collect();
    crates.sort_unstable();
    crates.dedup();
    assert!(crates.len() > 100, "the whole tree is listed");
    crates.retain(|line| {
        let (package, licence) = line.split_once(';').unwrap();
        // a crate from anywhere else has its source in brackets behind its version
        let elsewhere = package.replace(" (proc-macro)", "").contains('(');
        (elsewhere && !package.starts_with("zipreel ")) || !allowed(licence)
    });
    assert_eq!(crates, [""; 0]);
}
