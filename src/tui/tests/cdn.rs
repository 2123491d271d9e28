//! What browsers play by, chosen in the review, and the wait for a CDN.

use super::{
    At, Player,
    pictures::{SIZES, picture, pictures},
};
use crate::{
    model::report::event::{Count, JobChange, JobName, SetupStep, Unit},
    tui::{
        action::Command,
        backend::Account,
        script::{self, Script},
        shared::Connection,
        work::answer::Answer,
    },
};

/// Of an account where these are on, at its review, agreed to.
fn review(relay: bool, cdn: bool) -> Player {
    let mut player = Player::new(script::start_on_aws(), Script::default());
    player.open_settings();
    player.settings_mut().unlisted = false;
    let Connection::Ready(account) = &mut player.app.shared.connection else { panic!("signed in") };
    (account.relay, account.cdn) = (relay, cdn);
    player.enter();
    player.keys("a");
    player
}

/// What is ordered, and what is said of it.
fn said(player: &mut Player) -> ((bool, bool), String) {
    let text = player.text(120, 60).split_whitespace().collect::<Vec<_>>().join(" ");
    let order = &player.review().planned[0].order;
    ((order.relay, order.cdn), text)
}

#[test]
fn browsers_get_nothing_then_the_relay_then_a_cdn_each_with_its_price() {
    let mut player = review(false, false);
    let by_relay = "≈ $81 a thousand full views in browsers, by the relay";
    let hint = "≈ $1.06, once for all views, by CloudFront, Amazon's delivery network (CDN), within its free terabyte a month; then $78 a thousand";
    for (order, words, terms) in [
        (
            (false, false),
            ["Browsers [ ] most can't play it yet; b lets them, by a function that passes it on", by_relay, hint],
            &[][..],
        ),
        (
            (true, false),
            ["Browsers [x] can play it, by a function (the relay); b adds a CDN", by_relay, hint],
            &["`zipreel relay off --target aws"],
        ),
        (
            (true, true),
            [
                "Browsers [x] can play it, by a CDN; b turns that off",
                "≈ $1.06 in browsers, once for all views, within CloudFront's free terabyte a month ≈ $78 a thousand beyond \
                 that, or $1.52 where all of its Pro plan ($15 a month) is used ≈ $81 a thousand by the relay alone",
                "The CDN, Amazon's delivery network CloudFront, keeps copies",
            ],
            &["`zipreel cdn off --target aws", "`zipreel relay off --target aws"],
        ),
        ((false, false), ["[ ] most can't play it yet", by_relay, hint], &[][..]),
    ] {
        let (ordered, text) = said(&mut player);
        assert_eq!(ordered, order);
        words.iter().for_each(|words| assert!(text.contains(words), "{words}: {text}"));
        for ends in ["`zipreel relay off --target aws", "`zipreel cdn off --target aws"] {
            assert_eq!(text.contains(ends), terms.contains(&ends), "{ends}: {text}");
        }
        player.keys("b");
    }
}

#[test]
fn what_it_costs_is_in_sight_once_it_is_chosen() {
    for size in SIZES {
        let mut player = review(false, false);
        for (name, words, price) in [
            ("review_relay", "[x] can play it, by a function", "≈ $81"),
            ("review_cdn", "[x] can play it, by a CDN", "≈ $1.06"),
        ] {
            player.text(size.0, size.1);
            player.keys("b");
            picture(name, &mut player, size);
            let text = player.text(size.0, size.1).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(words), "{text}");
            assert!(size.1 < 24 || text.contains(price), "{text}");
        }
    }
}

#[test]
fn what_is_on_already_is_not_offered() {
    let mut player = review(true, false);
    for (order, words) in [
        ((true, false), "can play it: the relay is on in this account; b adds a CDN"),
        ((true, true), "[x] can play it, by a CDN; b leaves the CDN out"),
        ((true, false), "can play it: the relay is on in this account"),
    ] {
        let (ordered, text) = said(&mut player);
        assert!(ordered == order && text.contains(words), "{ordered:?}: {text}");
        player.keys("b");
    }
    let mut player = review(true, true);
    for _ in 0..2 {
        let (ordered, text) = said(&mut player);
        assert!(ordered == (true, false) && text.contains("can play it: the CDN is on in this account"), "{text}");
        player.keys("b");
    }
}

#[test]
fn the_wait_for_a_cdn_is_told_and_ended_alone() {
    let mut player = review(true, false);
    player.keys("b");
    player.look_and_enter();
    assert_eq!(player.at(), At::Publishing);
    player.engine(script::cutting());
    player.engine(script::packing());
    player.engine((1..=script::UPLOADED + 5).map(script::deployed));
    let deployed = JobName::Setup(SetupStep::CdnDeployed);
    let cdn = JobName::Setup(SetupStep::Cdn);
    let stages = [JobName::Pack, JobName::Upload, JobName::Index, JobName::Verify].map(|stage| (stage, true));
    for (name, is_over) in [(cdn, true), (deployed, false)].into_iter().chain(stages) {
        let started = JobChange::Started { attempt: 1, unit: Unit::Steps, count: Count::default() };
        let ended = is_over.then_some(JobChange::Succeeded);
        player.engine(
            [JobChange::Queued, started].into_iter().chain(ended).map(|change| script::job(name.clone(), change)),
        );
    }
    pictures("publish_cdn", &mut player);
    for is_paused in [true, false] {
        player.keys("p");
        assert_eq!(player.text(80, 24).contains("‖ paused"), is_paused, "what was paused before goes on");
    }
    player.look_and("c");
    let asked = player.text(80, 24);
    assert!(asked.contains("Go on without the CDN?") && asked.contains("plays by the relay"), "{asked}");
    player.look_and("y");
    assert!(player.job().is_stopping());
    assert_eq!(player.at(), At::Publishing, "the links come there");
}

#[test]
fn what_a_publishing_changed_is_looked_up_and_what_is_known_stays_meanwhile() {
    let mut player = review(false, false);
    player.look_and_enter();
    player.engine(script::under_way());
    player.ends(Ok(script::published()));
    let place = player.app.shared.place.clone();
    let looks = |command: &Command| matches!(command, Command::LookAgain(at) if *at == place);
    assert!(player.done.iter().any(looks), "{:?}", player.done);
    let account = Account { relay: true, cdn: true, setup: Vec::new(), notice: None, ..script::account(&place) };
    // a look that fails takes nothing away
    for answer in [Ok(account), Err(script::signed_out())] {
        player.hear(Answer::Connected { place: place.clone(), account: answer });
    }
    player.keys("n");
    player.open_settings();
    player.enter();
    let (ordered, text) = said(&mut player);
    assert!(ordered == (true, false) && text.contains("can play it: the CDN is on in this account"), "{text}");
    assert!(!text.contains("Sets up"), "{text}");
}

#[test]
fn a_cdn_that_was_there_or_has_failed_is_not_waited_for() {
    for (is_on, then) in [(true, None), (false, Some(JobChange::Failed { fault: script::no_right() }))] {
        let mut player = review(true, is_on);
        if !is_on {
            player.keys("b");
        }
        player.look_and_enter();
        player.engine(script::under_way());
        let mut waits = |step: JobName, change| {
            let started = JobChange::Started { attempt: 1, unit: Unit::Steps, count: Count::default() };
            player.engine([JobChange::Queued, started, change].map(|change| script::job(step.clone(), change)));
            player.text(80, 24).contains("c no CDN")
        };
        let [cdn, deployed] = [SetupStep::Cdn, SetupStep::CdnDeployed].map(JobName::Setup);
        assert!(!waits(cdn, JobChange::Skipped { why: "as it should be".into() }), "the reel is not there yet");
        assert_eq!(waits(JobName::Verify, JobChange::Succeeded), !is_on, "its first step may begin later");
        let Some(failed) = then else { continue };
        assert!(!waits(deployed, failed));
    }
}
