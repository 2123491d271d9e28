//! Real clips, made once by ffmpeg and kept under `target/clips`.
