//! HTML that shows a reel on other pages: the watch page in a frame, or a video element of the page's own. Pure text;
//! what plays it is the watch page's hls.js, version and hash.

use super::watch_page::{escape, hls_js, hls_js_integrity};
use crate::model::{reel::name::ReelName, shown};

/// A reel as other pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embed {
    pub reel: ReelName,
    pub title: String,
    /// URL of the watch page, with a slash at its end.
    pub watch: String,
    /// `None`: sound alone.
    pub resolution: Option<(u32, u32)>,
    /// Segments do not decode on their own; bare hls.js can't jump in it in Chromium.
    pub open_gops: bool,
    /// Browsers other than Safari and Firefox for Android can play it.
    pub relay: bool,
}

/// Which way plays is decided as on the watch page; its text is the same for every reel, so that a page with a
/// Content-Security-Policy can name its hash. Nothing of the video is loaded before someone presses play.
const SCRIPT: &str = r"
document.querySelectorAll('video[data-zipreel]').forEach(video => {
  const reel = video.dataset.zipreel, hls = video.canPlayType('application/vnd.apple.mpegurl');
  video.removeAttribute('data-zipreel');
  // Chromium's own HLS says maybe, and fails: it refuses byte ranges of a host without CORS
  if (hls && (/^Apple/.test(navigator.vendor) || /Android.*Firefox\//.test(navigator.userAgent))) {
    video.src = reel + 'index.m3u8';
    return;
  }
  const link = Object.assign(document.createElement('a'), { href: reel, textContent: video.getAttribute('aria-label') });
  if (!window.Hls || !Hls.isSupported()) return video.replaceWith(link);
  const player = new Hls();
  player.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) { player.destroy(); video.replaceWith(link); } });
  player.attachMedia(video);
  video.addEventListener('play', () => player.loadSource(reel + 'index.relay.m3u8'), { once: true });
});
";

impl Embed {
    pub fn playlist(&self) -> String {
        format!("{}index.m3u8", self.watch)
    }

    /// The watch page without what stands around its player.
    pub fn iframe(&self) -> String {
        let (watch, title) = (escape(&self.watch), escape(&shown::line(&self.title)));
        format!(
            "<iframe src=\"{watch}\" title=\"{title}\" style=\"width: 100%; {}; border: 0\" \
             allow=\"autoplay; fullscreen; picture-in-picture; clipboard-write\" loading=\"lazy\"></iframe>",
            self.extent()
        )
    }

    /// A video element, hls.js, and which of both ways to take.
    pub fn video(&self) -> String {
        let (watch, title) = (escape(&self.watch), escape(&shown::line(&self.title)));
        format!(
            "<video controls playsinline preload=\"none\" data-zipreel=\"{watch}\" poster=\"{watch}poster.jpg\" aria-label=\"{title}\" \
             style=\"width: 100%; {}; background: #000\"></video>\n\
             <script src=\"{}\" integrity=\"{}\" crossorigin=\"anonymous\"></script>\n\
             <script>{SCRIPT}</script>",
            self.extent(),
            hls_js(),
            hls_js_integrity(),
        )
    }

    /// How high it is; sound needs room for its picture and the controls alone.
    fn extent(&self) -> String {
        match self.resolution {
            Some((width, height)) => format!("aspect-ratio: {width} / {height}"),
            None => "height: 16rem".to_owned(),
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
            resolution: Some((1920, 1080)),
            open_gops: false,
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
    fn the_video_takes_the_hls_js_of_the_watch_page() {
        let html = embed("Holiday").video();
        assert!(html.contains(&format!("src=\"{}\" integrity=\"{}\"", hls_js(), hls_js_integrity())), "{html}");
        assert!(html.contains("aspect-ratio: 1920 / 1080") && html.contains("https://gate.example/holiday/poster.jpg"));
    }

    #[test]
    fn the_script_is_the_same_for_every_reel() {
        let other =
            Embed { reel: "other".parse().unwrap(), watch: "https://other.example/other/".into(), ..embed("x") };
        let script = |embed: &Embed| embed.video().split_once("<script>").unwrap().1.to_owned();
        assert_eq!(script(&embed("Holiday")), script(&other));
    }
}
