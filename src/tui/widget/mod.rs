//! Pieces that screens are made of. They know the canvas and no screen.

pub mod canvas;
pub(super) mod field;
pub(super) mod gauge;
pub(super) mod line;
pub(super) mod list;
pub(super) mod page;
pub(super) mod qr;
pub(super) mod text;
