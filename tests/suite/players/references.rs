//! What players do with a playlist that is not ours.

use std::path::PathBuf;

use axum::{Router, extract::State, http::Uri};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{clips::scratch, publish::sandbox::tool};

/// Playlists that ffmpeg itself makes, on a port of their own.
pub(super) struct References {
    address: String,
    server: JoinHandle<()>,
    _folder: TempDir,
}

impl References {
    /// Of these videos: the name of each, the file, and whether its segments are fragmented MP4.
    pub(super) async fn serve(videos: impl Iterator<Item = (&'static str, PathBuf, bool)>) -> Self {
        let folder = scratch();
        for (name, video, is_mp4) in videos {
            let packed: &[&str] = match is_mp4 {
                // byte ranges, as in ours
                true => &["-hls_segment_type", "fmp4", "-hls_flags", "single_file"],
                false => &[],
            };
            let place = folder.path().join(name);
            std::fs::create_dir(&place).unwrap();
            let made = ["-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod"];
            let (from, to) = (video.to_str().unwrap(), place.join("index.m3u8"));
            tool("ffmpeg", &[&["-v", "error", "-i", from], &made[..], packed, &[to.to_str().unwrap()]].concat());
        }
        let root = folder.path().to_owned();
        let read = async |State(root): State<PathBuf>, uri: Uri| std::fs::read(root.join(&uri.path()[1..])).unwrap();
        let router = Router::new().fallback(read).with_state(root);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, server, _folder: folder }
    }

    pub(super) fn url(&self, name: &str) -> String {
        format!("{}/{}/index.m3u8", self.address, name)
    }
}

impl Drop for References {
    fn drop(&mut self) {
        self.server.abort();
    }
}
