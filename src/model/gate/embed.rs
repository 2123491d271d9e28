//! HTML that shows a reel on other pages: the watch page in a frame, or a video element of the page's own, played by the
//! gate's player, which is named by its hash.

use super::{
    players::{player_integrity, player_name},
    watch_page::escape,
};
use crate::model::{reel::name::ReelName, shown};

/// What a frame may do that shows the watch page.
pub const ALLOWED: &str = "autoplay; fullscreen; picture-in-picture; clipboard-write";

/// A reel as other pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embed {
    pub reel: ReelName,
    pub title: String,
    /// URL of the watch page, with a slash at its end.
    pub watch: String,
    /// What players take.
    pub playlist: String,
    /// `None`: sound alone.
    pub resolution: Option<(u32, u32)>,
    /// Browsers other than Safari and Firefox for Android can play it.
    pub relay: bool,
}

impl Embed {
    /// The watch page without what stands around its player.
    pub fn iframe(&self) -> String {
        let (watch, title) = (escape(&self.watch), escape(&shown::line(&self.title)));
        format!(
            "<iframe src=\"{watch}\" title=\"{title}\" style=\"{}; border: 0\" \
             allow=\"{ALLOWED}\" loading=\"lazy\"></iframe>",
            self.extent()
        )
    }

    /// A video element, and the player that the watch page has too. Nothing of the video is loaded before someone
    /// presses play.
    pub fn video(&self) -> String {
        let (watch, title) = (escape(&self.watch), escape(&shown::line(&self.title)));
        let gate = watch.strip_suffix(&format!("{}/", self.reel)).unwrap_or_default();
        format!(
            "<video controls playsinline preload=\"none\" data-zipreel=\"{watch}\" poster=\"{watch}poster.jpg\" aria-label=\"{title}\" \
             style=\"{}; background: #000\"></video>\n\
             <script src=\"{gate}{}\" integrity=\"{}\" crossorigin=\"anonymous\" defer></script>",
            self.extent(),
            player_name(),
            player_integrity(),
        )
    }

    /// As wide as there is room for, and no higher than most of the window; sound needs room for its picture and the
    /// controls alone.
    fn extent(&self) -> String {
        match self.resolution {
            Some((width, height)) => {
                format!("width: min(100%, calc(90vh * {width} / {height})); aspect-ratio: {width} / {height}")
            }
            None => "width: 100%; height: 16rem".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embed(title: &str) -> Embed {
        Embed {
            reel: "holiday".parse().unwrap(),
            title: title.to_owned(),
            watch: "https://gate.example/holiday/".to_owned(),
            playlist: "https://gate.example/holiday/index.m3u8".to_owned(),
            resolution: Some((1920, 1080)),
            relay: true,
        }
    }

    #[test]
    fn a_title_stays_the_text_of_an_attribute() {
        let harm = embed("\"><script>alert(1)</script>");
        for html in [harm.iframe(), harm.video()] {
            assert!(html.contains("\"&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;\""), "{html}");
            assert!(!html.contains("<script>alert"), "{html}");
        }
    }

    #[test]
    fn sound_alone_is_as_high_as_its_controls_need() {
        let sound = Embed { resolution: None, ..embed("Talk") };
        for html in [sound.iframe(), sound.video()] {
            assert!(html.contains("style=\"width: 100%; height: 16rem; "), "{html}");
        }
        assert!(embed("Talk").iframe().contains("aspect-ratio: 1920 / 1080; border"));
    }

    #[test]
    fn a_portrait_is_no_higher_than_the_window() {
        let portrait = Embed { resolution: Some((1080, 1920)), ..embed("Dance") };
        for html in [portrait.iframe(), portrait.video()] {
            assert!(html.contains("width: min(100%, calc(90vh * 1080 / 1920)); aspect-ratio: 1080 / 1920; "), "{html}");
        }
    }

    #[test]
    fn the_video_takes_the_player_of_the_gate_by_its_hash() {
        let html = embed("Holiday").video();
        let script = format!("src=\"https://gate.example/{}\" integrity=\"{}\"", player_name(), player_integrity());
        assert!(html.contains(&script) && player_integrity().starts_with("sha384-"), "{html}");
        assert!(html.contains("https://gate.example/holiday/poster.jpg"), "{html}");
    }
}
