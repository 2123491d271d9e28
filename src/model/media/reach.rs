//! Where a reel will play, as far as its codecs decide: measured by the table of players where it can be (`docs/players.md`), else
//! as the makers say.

/// What a group of players makes of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    pub players: &'static str,
    /// What it depends on; `None`: it plays.
    pub only: Option<&'static str>,
}

/// By the codecs that are published, as ffmpeg calls them, of sound those that a player has to know: one for each group of
/// players, in one order.
pub fn reach(video: &str, audio: &[String]) -> [Reach; 4] {
    let is_hevc = video == "hevc";
    let only = |players, only: Option<&'static str>| Reach { players, only };
    let hevc = |players, where_it_does| only(players, is_hevc.then_some(where_it_does));
    [
        hevc("Chromium", "where the device decodes HEVC"),
        hevc("Firefox", "from 137 on where the system decodes HEVC"),
        match video {
            "av1" => only("Safari", Some("on devices that decode AV1: iPhone 15 Pro, M3 and later")),
            _ if audio.iter().any(|codec| matches!(codec.as_str(), "opus" | "flac")) => {
                only("Safari", Some("from version 17 on"))
            }
            _ => only("Safari", None),
        },
        only("VLC, mpv and ffmpeg", None),
    ]
}

/// One sentence, where there is anything to say.
pub fn sentence(video: &str, audio: &[String]) -> Option<String> {
    let reach = reach(video, audio);
    let limited = reach.iter().filter_map(|one| Some(format!("{} {}", one.players, one.only?)));
    let limited: Vec<String> = limited.collect();
    if limited.is_empty() {
        return None;
    }
    let all: Vec<&str> = reach.iter().filter(|one| one.only.is_none()).map(|one| one.players).collect();
    Some(format!("plays in {}; {}", all.join(", "), limited.join("; ")))
}
