//! The proof reads what an earlier run deployed from the playlist's address, after the index: that a network fails there
//! says nothing of the reel.

use zipreel::local::Operation;

use super::make::base;
use crate::{
    mishap::account::{delete_function, functions, set_faults},
    publish::sandbox::{Run, Sandbox},
};

const INDEX: &str = "zipreel-good-index";

/// Publishes once more what is all there but for the index.
async fn again(sandbox: &Sandbox, faults: &str) -> Run {
    delete_function(sandbox, INDEX).await;
    set_faults(sandbox, faults);
    sandbox.publish(&base(), &["--name", "good", "--segment-seconds", "2"]).await
}

/// How a request fails, how often such requests are made, and what is said of it.
struct Trouble {
    fault: &'static str,
    of: Operation,
    said: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_fails_during_the_proof_is_waited_for_and_withdraws_no_good_reel() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&base(), &["--name", "good", "--segment-seconds", "2"]).await.published();
    let calls = |of| sandbox.stand_in.counts().calls(of);
    let troubles = [
        Trouble { fault: "503@Gate", of: Operation::Gate, said: "the answer was 503 Service Unavailable" },
        Trouble { fault: "reset-mid@Download", of: Operation::Download, said: "could not fetch `" },
    ];
    let before = troubles.each_ref().map(|trouble| calls(trouble.of));
    again(&sandbox, "seed=1").await.published();
    let after = troubles.each_ref().map(|trouble| calls(trouble.of));
    for ((Trouble { fault, said, .. }, before), after) in troubles.iter().zip(before).zip(after) {
        // the last reads of all are the proof's: of the first segment, the middle one and the last
        let last = after - before;
        let once = again(&sandbox, &format!("{fault}=at:{last}")).await;
        assert_eq!(once.published()["sent"], 0, "{fault}: {once:?}");
        assert_eq!(sandbox.stand_in.faults().struck(), 1, "{fault}: {once:?}");
        let for_ever = again(&sandbox, &format!("{fault}=after:{}", last - 1)).await;
        let failed = for_ever.failed();
        let what = failed["what"].as_str().unwrap();
        assert!(what.starts_with("could not fetch `") && what.contains(said), "{fault}: {failed}");
        assert!(!failed.to_string().contains("decode"), "{fault}: {failed}");
        assert_eq!(failed["class"], "transient", "{fault}: {failed}");
        assert!(functions(&sandbox).await.contains_key(INDEX), "{fault}: what is good stays visible");
    }
}
