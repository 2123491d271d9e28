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

/// Instances that begin cold in the same second and are asked for every chunk, with every request answered.
const HOLDS: [(u32, u32); 2] = [(34, 300), (340, 200)];

#[tokio::test]
async fn the_gate_keeps_its_promises_on_a_shared_rate_of_get_function() {
    let simulate = async |instances: &str, chunks: &str| {
        let options = ["tests/gate/simulate.mjs", "--json", "--instances", instances, "--chunks", chunks];
        let ran = Command::new(node()).args(options).current_dir(repository()).output().await.unwrap();
        // it fails by itself if a link had less than two minutes left, or an answer took longer than eight seconds
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_slice::<Vec<serde_json::Value>>(&ran.stdout).unwrap()
    };
    let rows = simulate("1,10,100,1000", "34,340").await;
    assert_eq!(rows.len(), 8);
    for row in &rows {
        assert!(row["getFunctionPerSecond"].as_f64() <= Some(101.0), "{row}");
        assert!(row["longest"].as_u64() <= Some(8100), "{row}");
    }
    for (chunks, instances) in HOLDS {
        let row = &simulate(&instances.to_string(), &chunks.to_string()).await[0];
        assert_eq!(row["busy"], 0, "{row}");
    }
    // what the simulation shows past its bound: some are sent away, most are served
    let crowd = rows.iter().find(|row| row["instances"] == 1000 && row["chunks"] == 34).unwrap();
    let (busy, requests) = (crowd["busy"].as_u64().unwrap(), crowd["requests"].as_u64().unwrap());
    assert!(busy > 0 && busy * 20 < requests, "{crowd}");
}
