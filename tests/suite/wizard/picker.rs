//! What a person meets in the picker of the real wizard: the named file and no other, files of every kind, and files
//! that change while they are looked at. `ZIPREEL_TEST_BINARY` runs these against another build.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    flat, folder,
    terminal::{DOWN, ENTER, Terminal},
};
use crate::{
    clips::{Clip, clip},
    mishap::account::zipreel,
    publish::sandbox::Sandbox,
};

/// A second video beside the first, newer and to be mistaken for what was named.
fn two_videos(sandbox: &Sandbox) -> PathBuf {
    let folder = folder(sandbox, "another film.mp4");
    fs::copy(clip(Clip::Mp4), folder.join("right film.final")).unwrap();
    folder
}

/// Enter, as somebody presses it who trusts what they named: each time once the screen has come to rest.
fn trusts(terminal: &Terminal, rests: impl Fn(&str) -> bool) -> String {
    let mut screen = terminal.wait("the folder is listed", |text| text.contains("another film.mp4"));
    for _ in 0..3 {
        terminal.type_keys(ENTER);
        screen = terminal.wait("the screen rests", &rests);
    }
    screen
}

/// The words of the screen in one line, wherever they were wrapped.
fn words(screen: &str) -> String {
    // the files stand on the left of the line
    let left = screen.lines().map(|line| line.split('│').next().unwrap_or_default());
    left.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

fn says_that_it_is_not_there(screen: &str, name: &str) -> bool {
    let words = words(screen).replace(' ', "");
    words.contains("Thereisnofile") && words.contains(&name.replace(' ', ""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_file_without_a_known_ending_is_the_one_that_is_taken() {
    let sandbox = Sandbox::start().await;
    let folder = two_videos(&sandbox);
    let named = folder.join("right film.final");
    let terminal = Terminal::open(&sandbox, &folder, &["--video", named.to_str().unwrap()], &[]);
    terminal.wait("the named file is highlighted", |text| text.contains("▌ right film.final"));
    terminal.wait_for("ready: copied");
    terminal.type_keys(ENTER);
    let screen = terminal.wait_for("✔ not taken");
    assert!(screen.contains("right-film") && !screen.contains("another"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_file_that_is_not_there_is_said_and_no_other_video_is_taken() {
    let sandbox = Sandbox::start().await;
    let folder = two_videos(&sandbox);
    let named = folder.join("gone.mp4");
    let terminal = Terminal::open(&sandbox, &folder, &["--video", named.to_str().unwrap()], &[]);
    let screen = trusts(&terminal, |text| says_that_it_is_not_there(text, "gone.mp4"));
    assert!(!screen.contains("▌ another film.mp4"), "nothing is highlighted in its place:\n{screen}");
    terminal.type_keys(DOWN);
    let screen = terminal.wait("the cursor shows", |text| text.contains("▌"));
    assert!(says_that_it_is_not_there(&screen, "gone.mp4"), "what was said stays:\n{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_path_that_is_not_there_is_said_and_no_other_video_is_taken() {
    let sandbox = Sandbox::start().await;
    let folder = two_videos(&sandbox);
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    terminal.type_keys(&format!("\x1b[200~{}\x1b[201~", folder.join("lost.mp4").display()));
    let screen = trusts(&terminal, |text| says_that_it_is_not_there(text, "lost.mp4"));
    assert!(!screen.contains("▌ another film.mp4"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_folder_is_opened_and_no_video_in_it_is_taken() {
    let sandbox = Sandbox::start().await;
    let folder = two_videos(&sandbox);
    let terminal = Terminal::open(&sandbox, Path::new("/"), &["--video", folder.to_str().unwrap()], &[]);
    let screen = trusts(&terminal, |text| words(text).contains("is a folder: choose a file in it"));
    assert!(!screen.contains("▌ another film.mp4"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_shows_all_files_and_one_of_another_kind_can_be_chosen() {
    let sandbox = Sandbox::start().await;
    let folder = two_videos(&sandbox);
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    let screen = terminal.wait_for("ready: copied");
    assert!(!screen.contains("right film.final"), "{screen}");
    terminal.type_keys("a");
    terminal.wait_for("right film.final");
    terminal.type_keys(DOWN);
    terminal.wait("it is highlighted and probed", |text| {
        text.contains("▌ right film.final") && text.contains("ready: copied")
    });
    terminal.type_keys(ENTER);
    assert!(terminal.wait_for("✔ not taken").contains("right-film"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_completes_is_probed_again_and_can_be_chosen() {
    let sandbox = Sandbox::start().await;
    let whole = fs::read(clip(Clip::Mp4)).unwrap();
    let folder = folder(&sandbox, "download.mp4");
    let download = folder.join("download.mp4");
    fs::write(&download, &whole[..whole.len() / 2]).unwrap();
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait("half of it can't be published", |text| {
        text.contains("▌ download.mp4") && (text.contains("could not") || text.contains("cut"))
    });
    fs::write(&download, &whole).unwrap();
    terminal.wait_for("ready: copied");
    terminal.type_keys(ENTER);
    terminal.wait_for("✔ not taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_takes_the_file_as_it_is_now() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "film.mp4");
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    fs::write(folder.join("film.mp4"), "no video any more").unwrap();
    terminal.type_keys(ENTER);
    let screen =
        terminal.wait("the step is settled", |text| text.contains("✔ not taken") || text.contains("could not"));
    assert!(!screen.contains("✔ not taken"), "it was probed again, and refused:\n{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_installed_meanwhile_is_found_by_a_key() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "film.mp4");
    let programs = sandbox.path("programs");
    fs::create_dir_all(&programs).unwrap();
    let terminal = Terminal::open(&sandbox, &folder, &[], &[("PATH", programs.to_str().unwrap())]);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait("ffmpeg is missed", |text| flat(text).contains("could not"));
    for name in ["ffmpeg", "ffprobe"] {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.exists()).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(found, programs.join(name)).unwrap();
        #[cfg(not(unix))]
        fs::copy(found, programs.join(name)).unwrap();
    }
    terminal.type_keys("r");
    terminal.wait_for("ready: copied");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_marked_files_are_reviewed_together_in_the_order_of_marking() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "first.mp4");
    for name in ["second.mp4", "third.mp4"] {
        fs::copy(clip(Clip::Mp4), folder.join(name)).unwrap();
    }
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    terminal.type_keys(&format!("{DOWN}{DOWN} "));
    terminal.wait_for("1 marked");
    terminal.type_keys("\x1b[A\x1b[A ");
    terminal.wait_for("2 marked");
    terminal.type_keys(ENTER);
    terminal.wait("both names are free", |text| text.matches("✔ not taken").count() == 2);
    terminal.type_keys(ENTER);
    let screen = terminal.wait_for("⏎ publish all 2");
    assert!(screen.contains("1. third") && screen.contains("2. first") && !screen.contains("second"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name_or_title_is_refused_to_several_files() {
    let (sandbox, clips) = (Sandbox::start().await, [Clip::Mp4, Clip::Silent].map(clip));
    let [one, two] = clips.each_ref().map(|clip| clip.to_str().unwrap());
    for flag in ["--name", "--title"] {
        let refused = zipreel(&sandbox, &[one, two, flag, "film"]).await.ended(1);
        assert!(refused.err.contains("could not give 2 videos the same name or title"), "{}", refused.err);
    }
    let alone = zipreel(&sandbox, &[one, "--name", "film"]).await.ended(1);
    assert!(alone.err.contains("could not open the wizard"), "it is read, and there is no terminal: {}", alone.err);
}
