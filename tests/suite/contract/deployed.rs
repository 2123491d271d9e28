//! The deployed functions by themselves: their own tests in Node.js, and the simulation that paces the gate.

use tokio::process::Command;

use super::runtime::{node, repository};

#[tokio::test]
async fn the_functions_own_tests_pass_in_node() {
    let tests = ["tests/gate/gate.test.mjs", "tests/gate/relay.test.mjs"];
    let ran = Command::new(node()).arg("--test").args(tests).current_dir(repository()).output().await.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let passed = said.lines().find_map(|line| line.split_once("pass ")?.1.trim().parse::<u32>().ok());
    assert!(passed > Some(25), "{said}");
}
