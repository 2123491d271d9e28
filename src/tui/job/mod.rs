//! What this session does: publishings, repairs, deletions, checks. A job outlives every screen; what it tells goes to
//! it and to nothing else. One publishing runs at a time and the others wait for their turn; all else runs beside.

mod list;
mod person;
mod publishing;
mod work;

pub(super) use crate::tui::job::{
    list::{Jobs, Step},
    person::{Asked, AtScreen},
    publishing::{Publishing, Said, is_chunk},
    work::{Course, End, Job, Kind, Run, Stage},
};
