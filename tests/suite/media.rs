//! Probing and splitting real clips with the real ffmpeg.
