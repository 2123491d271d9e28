//! The wizard's steps: each a plain struct that takes actions and answers and gives commands. How they look is in
//! `view/`.

pub(super) mod choice;
pub(super) mod done;
pub(super) mod home;
pub(super) mod probes;
pub(super) mod publish;
pub(super) mod review;
pub(super) mod rows;
pub(super) mod settings;
pub(super) mod video;
