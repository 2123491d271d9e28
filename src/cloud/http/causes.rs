//! The chain of an error's causes.

/// The error itself, its cause, the cause's cause, …
pub(in crate::cloud) fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
