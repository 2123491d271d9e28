//! The stages overlap, and what is deployed is not sent again.

use serde_json::Value;

use super::sandbox::Sandbox;
use crate::clips::{Clip, clip};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_chunk_is_deployed_while_ffmpeg_still_splits() {
    let sandbox = Sandbox::start().await;
    // converting takes long enough on any machine
    let args = ["--name", "overlap", "--transcode", "auto", "--segment-seconds", "1", "--chunk-mib", "1"];
    let run = sandbox.publish(&clip(Clip::Mpeg2), &args).await;
    run.published();
    let place = |wanted: &dyn Fn(&Value) -> bool| run.lines.iter().position(wanted).unwrap();
    let deployed = place(&|line| line["event"] == "chunk-deployed");
    let split = place(&|line| line["event"] == "job" && line["job"] == "split" && line["state"] == "succeeded");
    let closed_after = run.lines[deployed..].iter().filter(|line| line["event"] == "segment-closed").count();
    assert!(deployed < split && closed_after > 0, "deployed at line {deployed}, split ended at line {split}");
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_again_sends_no_chunk_again() {
    let sandbox = Sandbox::start().await;
    let args = ["--name", "again", "--segment-seconds", "2", "--chunk-mib", "1"];
    let first = sandbox.publish(&clip(Clip::Mp4), &args).await;
    let bytes = first.published()["bytes"].clone();
    assert_eq!(first.published()["sent"], bytes);
    // as on the same machine, and as on another that has no journal
    for state in ["state", "elsewhere"] {
        let again = sandbox.publish_in(state, &clip(Clip::Mp4), &args).await;
        let published = again.published();
        assert_eq!((&published["sent"], &published["bytes"]), (&Value::from(0), &bytes), "{state}");
        assert_eq!(published["generation"], first.published()["generation"]);
        assert!(again.events("chunk-deployed").all(|line| line["sent"] == 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_ends_once() {
    let sandbox = Sandbox::start().await;
    let run =
        sandbox.publish(&clip(Clip::Mp4), &["--name", "jobs", "--segment-seconds", "2", "--chunk-mib", "1"]).await;
    run.published();
    let jobs: std::collections::BTreeSet<&str> = run.events("job").map(|line| line["job"].as_str().unwrap()).collect();
    assert!(
        ["probe", "hash", "split", "pack", "upload", "index", "verify", "chunk src/0001"]
            .iter()
            .all(|job| jobs.contains(job))
    );
    for job in jobs {
        let ends = run.events("job").filter(|line| line["job"] == job);
        let ends =
            ends.filter(|line| ["succeeded", "skipped", "failed", "cancelled"].iter().any(|s| line["state"] == *s));
        assert_eq!(ends.count(), 1, "{job}");
    }
}
