//! The deployed functions by themselves: their own tests in Node.js, and the simulation that paces the gate.

use std::io::Read;

use tokio::process::Command;
use zipreel::model::gate::public::Public;

use super::{
    runtime::{node, repository},
    sides::{GATE_FILES, RELAY_FILES},
};

#[test]
fn the_zips_hold_the_files_that_are_tested_here() {
    for (public, files) in [(Public::Gate, GATE_FILES), (Public::Relay, RELAY_FILES)] {
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(public.package())).unwrap();
        assert_eq!(zip.len(), files.len());
        for path in files {
            let mut packed = Vec::new();
            zip.by_name(path.rsplit('/').next().unwrap()).unwrap().read_to_end(&mut packed).unwrap();
            assert!(packed == std::fs::read(repository().join(path)).unwrap(), "{path}");
        }
    }
}

#[tokio::test]
async fn the_functions_own_tests_pass_in_node() {
    // all that are there: none waits to be named here
    let files = std::fs::read_dir(repository().join("tests/gate")).unwrap().map(|file| file.unwrap().path());
    let tests: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    assert!(tests.len() >= 7, "{tests:?}");
    let ran = Command::new(node()).arg("--test").args(tests).current_dir(repository()).output().await.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let passed = said.lines().find_map(|line| line.split_once("pass ")?.1.trim().parse::<u32>().ok());
    assert!(passed > Some(80), "{said}");
}

/// Instances that begin cold in the same second and are asked for every chunk, with every request answered: by how many
/// chunks there are, and whose requests they are.
const HOLDS: [(u32, u32, &str, &str); 4] =
    [(34, 250, "second", "30"), (340, 200, "second", "30"), (340, 350, "views", "10"), (340, 800, "premiere", "5")];

/// The rows that the simulation prints. It fails by itself if a link had less than two minutes left, or an answer took
/// longer than eight seconds.
async fn simulate(options: &[&str]) -> Vec<serde_json::Value> {
    let mut node = Command::new(node());
    let ran = node.args(["tests/gate/simulate.mjs", "--json"]).args(options).current_dir(repository());
    let ran = ran.output().await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[tokio::test]
async fn guesses_cost_two_hundred_instances_fifty_get_function_a_second_and_without_them_nobody_waits() {
    let rows = simulate(&["--attack", "0,1,1000", "--minutes", "1"]).await;
    let [quiet, one, crowd] = rows.as_slice() else { panic!("{rows:?}") };
    for row in &rows {
        let number = |name: &str| row[name].as_f64().unwrap();
        assert!(number("viewers") > 100.0, "{row}");
        assert!(number("first") <= 200.0 && number("busiestLater") <= 65.0, "{row}");
        assert!(number("getFunctionPerSecond") <= 50.0, "{row}");
    }
    // a first viewer of a reel waits for AWS alone: for GetFunction and for the index
    assert_eq!((&quiet["refused"], &quiet["longest"]), (&0.into(), &80.into()), "{quiet}");
    // one address keeps nobody from a reel, many do, and even they hold the instances for a small part of the time only
    assert_eq!(one["refused"], 0, "{one}");
    assert!(one["longest"].as_u64() <= Some(5100), "{one}");
    assert!(crowd["refused"].as_f64() > Some(0.5) && crowd["held"].as_f64() < Some(0.25), "{crowd}");
}

#[tokio::test]
async fn the_gate_keeps_its_promises_on_a_shared_rate_of_get_function() {
    let rows = simulate(&["--instances", "1,10,100,1000", "--chunks", "34,340"]).await;
    assert_eq!(rows.len(), 8);
    for row in &rows {
        assert!(row["getFunctionPerSecond"].as_f64() <= Some(101.0), "{row}");
        assert!(row["longest"].as_u64() <= Some(8100), "{row}");
    }
    for (chunks, instances, load, minutes) in HOLDS {
        let (instances, chunks) = (instances.to_string(), chunks.to_string());
        let options = ["--instances", &instances, "--chunks", &chunks, "--load", load, "--minutes", minutes];
        let row = &simulate(&options).await[0];
        assert_eq!(row["busy"], 0, "{row}");
    }
    // what the simulation shows past its bound: some are sent away, most are served
    let crowd = rows.iter().find(|row| row["instances"] == 1000 && row["chunks"] == 34).unwrap();
    let (busy, requests) = (crowd["busy"].as_u64().unwrap(), crowd["requests"].as_u64().unwrap());
    assert!(busy > 0 && busy * 20 < requests, "{crowd}");
}
