//! How segments come about: pieces as ffmpeg closes them (`pieces`), put together (`join`, `fragments`) until a segment
//! ends (`open`), divided and mended
//! where the stream changes (`rework`, `seam`, `sounds`, `breaks`) or has no picture (`stills`).

pub(crate) mod breaks;
pub(crate) mod fragments;
pub mod join;
pub mod open;
pub(crate) mod pieces;
mod rework;
mod seam;
pub(crate) mod sounds;
pub(crate) mod stills;

use self::{
    fragments::FragmentJoiner,
    join::{Joiner, Joining},
    open::ClosedSegment,
    stills::JoinError,
};
use crate::model::media::{container::Container, ffmpeg_output::Piece};

pub(crate) enum Segments {
    Ts(Box<Joiner>),
    Mp4(Box<FragmentJoiner>),
}

impl Segments {
    pub(crate) fn new(container: Container, joining: Joining<'_>) -> Self {
        match container {
            Container::Ts => Self::Ts(Box::new(Joiner::new(joining))),
            Container::Mp4 => Self::Mp4(Box::new(FragmentJoiner::new(joining))),
        }
    }

    /// Takes a piece in; gives the segments that it completes.
    pub(crate) async fn add(&mut self, piece: &Piece) -> Result<Vec<ClosedSegment>, JoinError> {
        match self {
            Self::Ts(joiner) => joiner.add(piece).await,
            Self::Mp4(joiner) => joiner.add(piece).await,
        }
    }

    /// The last piece ends with its last frame; gives the last segments.
    pub(crate) async fn finish(&mut self) -> Result<Vec<ClosedSegment>, JoinError> {
        match self {
            Self::Ts(joiner) => joiner.finish().await,
            Self::Mp4(joiner) => joiner.finish().await,
        }
    }

    /// No piece was taken in so far.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Ts(joiner) => joiner.is_empty(),
            Self::Mp4(joiner) => joiner.is_empty(),
        }
    }

    /// Every segment so far begins with a picture that a decoder can begin with.
    pub(crate) fn independent(&self) -> bool {
        match self {
            Self::Ts(joiner) => joiner.independent,
            Self::Mp4(joiner) => joiner.independent,
        }
    }
}
