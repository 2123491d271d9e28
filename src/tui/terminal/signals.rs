//! Signals that concern the wizard: the end, the terminal that goes away, and the shell's job control.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Signal {
    Terminate,
    /// The terminal is gone.
    HangUp,
    /// As Ctrl-Z, from outside.
    Stop,
    /// We were stopped, perhaps without being asked.
    GoOn,
}

#[cfg(unix)]
pub(in crate::tui) use unix::Signals;

#[cfg(unix)]
mod unix {
    use std::{io, time::Duration};

    use rustix::process::Signal as Number;
    use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

    use super::Signal;

    pub(in crate::tui) struct Signals {
        terminate: Listener,
        hang_up: Listener,
        stop: Listener,
        go_on: Listener,
    }

    impl Signals {
        pub(in crate::tui) fn listen() -> io::Result<Self> {
            let numbered = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                stop: numbered(Number::TSTP)?,
                go_on: numbered(Number::CONT)?,
            })
        }

        pub(in crate::tui) async fn next(&mut self) -> Signal {
            tokio::select! {
                // with the end of a terminal comes a word to go on, which means nothing then
                biased;
                Some(()) = self.hang_up.recv() => Signal::HangUp,
                Some(()) = self.terminate.recv() => Signal::Terminate,
                Some(()) = self.stop.recv() => Signal::Stop,
                Some(()) = self.go_on.recv() => Signal::GoOn,
                else => std::future::pending().await,
            }
        }

        /// Whether the end of a terminal comes, or has come, within this time.
        pub(in crate::tui) async fn hangs_up(&mut self, within: Duration) -> bool {
            matches!(tokio::time::timeout(within, self.hang_up.recv()).await, Ok(Some(())))
        }
    }
}

#[cfg(not(unix))]
pub(in crate::tui) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(in crate::tui) fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(in crate::tui) async fn next(&mut self) -> Signal {
        std::future::pending().await
    }

    pub(in crate::tui) async fn hangs_up(&mut self, _: std::time::Duration) -> bool {
        false
    }
}
