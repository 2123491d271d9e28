//! What is waited for: a person at hand, a network that is gone. And what is not: a picture, once all else has failed.

use std::time::Duration;

use zipreel::{
    cloud::Cloud,
    local::{Config, StandIn},
    media::ffmpeg::Tools,
    model::{
        reel::order::Order,
        report::event::{JobName, Published},
        retry::RetryPolicy,
    },
    remote::{self, Depth},
    running::{attempt::Retries, reporter::Control},
};

use super::{
    account::connect,
    engine::{BoardReporter, POLICY, REEL, config, order, publish, start},
};
#[cfg(unix)]
use super::{account::processes_in, engine::told};
use crate::{
    clips::scratch,
    publish::sandbox::{free_ports, program, start_again},
    split::until,
};

async fn is_whole(cloud: &Cloud) {
    let report = remote::check(cloud, &REEL.parse().unwrap(), Depth::Bytes, &Retries::default(), |_| ()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

/// Runs with a person at hand, who sees what waits, acts, and presses `r`.
async fn attended(
    stand_in: &StandIn,
    order: Order,
    tools: Tools,
    act: impl FnOnce(Vec<(JobName, String)>),
) -> Published {
    let cloud = connect(stand_in.endpoint()).await;
    let (control, seen) = (Control::attended(), BoardReporter::default());
    let run = tokio::spawn({
        let (cloud, seen, control) = (cloud.clone(), seen.clone(), control.clone());
        async move { publish(order, &cloud, &tools, &seen, &control).await }
    });
    until("something waits", || !seen.waiting().is_empty()).await;
    assert!(!run.is_finished());
    act(seen.waiting());
    let press = async {
        loop {
            control.retry();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let published = tokio::select! {
        published = run => published.unwrap().unwrap(),
        () = press => unreachable!("the person never tires"),
    };
    is_whole(&cloud).await;
    published
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_person_at_hand_it_waits_for_the_sign_in_and_goes_on() {
    let folder = scratch();
    let stand_in = start(folder.path().join("data")).await;
    stand_in.faults().set("expired-credentials@CreateFunction=after:2".parse().unwrap());
    let tools = Tools::find().await.unwrap();
    let published = attended(&stand_in, order(folder.path(), "one"), tools, |waiting| {
        let (name, text) = &waiting[0];
        assert!(matches!(name, JobName::Chunk { .. }), "{name}");
        assert!(text.contains("token included in the request is expired"), "{text}");
        assert!(text.contains("Start the stand-in anew"), "what to do where keys are the stand-in's: {text}");
        stand_in.faults().clear();
    })
    .await;
    assert_eq!(published.sent_bytes, published.bytes, "each chunk was sent");
    assert_eq!(stand_in.counts().repeated_bytes(), 0, "and none of them twice");
}

/// ffmpeg under a limit on the size of its files writes short ones, as on a full disk.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn with_a_person_at_hand_it_waits_for_room_on_the_disk_and_goes_on() {
    use std::fs;
    let folder = scratch();
    let stand_in = start(folder.path().join("data")).await;
    let (room, limited) = (folder.path().join("room"), folder.path().join("limited-ffmpeg"));
    let real = Tools::find().await.unwrap();
    let script = format!(
        "#!/bin/sh\n[ -e '{}' ] || {{ trap '' XFSZ; ulimit -f 200; }}\nexec '{}' \"$@\"\n",
        room.display(),
        real.ffmpeg.display()
    );
    program(&limited, &script);
    let order = order(folder.path(), "one");
    let (work_dir, megabytes) = (order.folders.work.clone(), order.folders.backlog_bytes >> 20);
    attended(&stand_in, order, Tools { ffmpeg: limited, ..real }, |waiting| {
        let [(name, text)] = &waiting[..] else { panic!("{waiting:?}") };
        assert_eq!(*name, JobName::Split);
        assert!(text.contains(work_dir.to_str().unwrap()), "the folder: {text}");
        assert!(text.contains(&format!("{megabytes} MiB")) && text.contains("try again"), "the room: {text}");
        fs::write(&room, "").unwrap();
    })
    .await;
}

/// Without the picture the reel plays as well, and without chunks there is no reel.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_publishing_that_fails_does_not_wait_for_its_poster() {
    use std::fs;
    let folder = scratch();
    let stand_in = start(folder.path().join("data")).await;
    stand_in.faults().set("expired-credentials@CreateFunction=1.0".parse().unwrap());
    let (grabs, slow) = (folder.path().join("grabs"), folder.path().join("slow-ffmpeg"));
    let real = Tools::find().await.unwrap();
    // it never comes to an end with a picture, and begins to split when it is at one
    let script = format!(
        "#!/bin/sh\nfor word; do case \"$word\" in\nimage2pipe) echo grab >> '{grabs}'; sleep 600;;\n\
         hls) while [ ! -e '{grabs}' ]; do sleep 0.05; done;;\nesac; done\nexec '{}' \"$@\"\n",
        real.ffmpeg.display(),
        grabs = grabs.display()
    );
    program(&slow, &script);
    let (cloud, tools) = (connect(stand_in.endpoint()).await, Tools { ffmpeg: slow, ..real });
    let order = order(folder.path(), "one");
    let stopped = publish(order, &cloud, &tools, &BoardReporter::default(), &Control::default()).await.unwrap_err();
    assert!(told(&stopped).contains("token included in the request is expired"), "{stopped:?}");
    assert_eq!(fs::read_to_string(&grabs).unwrap(), "grab\n", "it tried one place of the video after another");
    until("no grab is left", || processes_in(folder.path()).is_empty()).await;
}

/// While nothing listens, no attempt is used up; and it is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_gone_is_waited_for() {
    let folder = scratch();
    // so that it comes back at the same place
    let config = Config { port: free_ports(), ..config(folder.path().join("data")) };
    let stand_in = start_again(config.clone()).await;
    stand_in.faults().set("stall-mid@CreateFunction=at:2".parse().unwrap());
    let cloud = connect(stand_in.endpoint()).await;
    let policy = RetryPolicy { attempts: 2, offline: Duration::from_secs(600), ..POLICY };
    let order = Order { retry: policy, ..order(folder.path(), "one") };
    let seen = BoardReporter::default();
    let run = tokio::spawn({
        let (cloud, seen, tools) = (cloud.clone(), seen.clone(), Tools::find().await.unwrap());
        async move { publish(order, &cloud, &tools, &seen, &Control::default()).await }
    });
    until("an upload is under way", || stand_in.faults().stalled() > 0).await;
    drop(stand_in);
    let said = || seen.causes().iter().filter(|cause| cause.contains("waiting up to 10 min")).count();
    until("more attempts than are allowed have met no network", || said() > 8).await;
    let _again = start_again(config).await;
    run.await.unwrap().unwrap();
    is_whole(&cloud).await;
}
