//! Who is who: every open screen and every job has a number, and work is done for one of them. An answer finds its
//! owner by it, wherever that is by then, and is dropped if the owner is gone.

/// A screen, from when it opens to when it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ScreenId(pub(super) u64);

/// A job of this session; it keeps its number when it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct JobId(pub(super) u64);

/// Whom an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Owner {
    /// What all screens share: accounts, profiles, what is unfinished.
    App,
    Screen(ScreenId),
    /// A job, and which attempt at it: news of an earlier attempt are not mixed in.
    Job(JobId, u32),
}
