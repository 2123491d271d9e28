//! Looking into videos in the background: the highlighted one is probed, pictured, and watched for changes, so that
//! what the picker knows of it is true; chosen ones are looked at again before they are taken.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use image::DynamicImage;
use tokio::time::sleep;

use super::{
    answer::Answer,
    folder::{self, Print},
};
use crate::{
    model::report::fault::Fault,
    tui::{
        backend::Backend,
        terminal::caught::{blocking, caught},
    },
};

/// Between looks at the highlighted file's size and time.
pub(in crate::tui) const WATCH: Duration = Duration::from_secs(2);

/// Longest side of a frame kept for the picture, pixels: more than a terminal shows.
const FRAME_SIDE: u32 = 960;

/// Never ends by itself: it is dropped when the cursor moves on.
pub(in crate::tui) async fn look(
    backend: Arc<dyn Backend>,
    tell: &(impl Fn(Answer) + Sync),
    video: PathBuf,
    known: Option<Print>,
    every: Duration,
) {
    let mut print = print(&video).await;
    let mut holds = known.is_some() && print == known;
    loop {
        let mut playable = true;
        if !holds {
            let probe = caught(async { backend.probe(video.clone()).await }).await;
            playable = probe.is_ok();
            tell(Answer::Probed { video: video.clone(), print, probe });
        }
        if playable {
            let frame = match caught(async { backend.frame(video.clone()).await }).await {
                Ok(bytes) => blocking(move || decode(&bytes)).await.and_then(|frame| frame),
                Err(fault) => Err(fault),
            };
            tell(Answer::Framed { video: video.clone(), frame });
        }
        print = changed(tell, &video, print, every).await;
        holds = false;
    }
}

/// Waits until the file has another print, and then until it rests: a download is probed once it stands still.
async fn changed(
    tell: &(impl Fn(Answer) + Sync),
    video: &Path,
    mut last: Option<Print>,
    every: Duration,
) -> Option<Print> {
    let mut has_changed = false;
    loop {
        sleep(every).await;
        let now = print(video).await;
        if now != last {
            if !has_changed {
                tell(Answer::Changing { video: video.to_owned() });
            }
            has_changed = true;
            last = now;
        } else if has_changed {
            return now;
        }
    }
}

/// The newest probe of a chosen file.
pub(in crate::tui) async fn examine(backend: &dyn Backend, video: PathBuf, known: Option<Print>) -> Answer {
    let print = print(&video).await;
    let holds = known.is_some() && print == known;
    let probe = if holds { None } else { Some(caught(async { backend.probe(video.clone()).await }).await) };
    Answer::Examined { video, print, probe }
}

async fn print(video: &Path) -> Option<Print> {
    let video = video.to_owned();
    blocking(move || folder::print(&video)).await.unwrap_or_default()
}

fn decode(bytes: &[u8]) -> Result<Arc<DynamicImage>, Fault> {
    let frame =
        image::load_from_memory(bytes).map_err(|error| Fault::permanent("could not read the frame").because(error))?;
    Ok(Arc::new(frame.thumbnail(FRAME_SIDE, FRAME_SIDE)))
}
