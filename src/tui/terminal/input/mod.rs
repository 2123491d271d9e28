//! What the terminal sends, read by one thread from beginning to end: keys and answers come the same way, so whoever
//! asked the terminal something would take keys away if it read by itself.

mod heard;
mod parse;

use std::io;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(in crate::tui) use heard::{Heard, Told};

/// Dropped, it takes no byte of the terminal any more.
pub(in crate::tui) struct Keyboard {
    heard: UnboundedReceiver<io::Result<Heard>>,
    /// Its end ends the reading thread.
    #[cfg(unix)]
    _wake: std::os::unix::net::UnixStream,
}

impl Keyboard {
    pub(in crate::tui) async fn next(&mut self) -> Option<io::Result<Heard>> {
        self.heard.recv().await
    }
}

impl futures_util::Stream for Keyboard {
    type Item = io::Result<Heard>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.heard.poll_recv(context)
    }
}

#[cfg(unix)]
pub(in crate::tui) use unix::open;

#[cfg(unix)]
mod unix {
    use std::{os::unix::net::UnixStream, thread, time::Duration};

    use ratatui::crossterm::{event::Event, terminal};
    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        io::Errno,
    };
    use tokio::{
        signal::unix::{SignalKind, signal},
        sync::mpsc::UnboundedSender,
    };

    use super::{Heard, Keyboard, io, parse, unbounded_channel};

    /// After an escape nothing more comes for so long: it was the key. Terminals send sequences at once, networks may
    /// break them.
    const PAUSE: Duration = Duration::from_millis(30);

    /// The terminal has to be in raw mode.
    pub(in crate::tui) fn open() -> io::Result<Keyboard> {
        let (wake, woken) = UnixStream::pair()?;
        let (sender, heard) = unbounded_channel();
        let mut resized = signal(SignalKind::window_change())?;
        let sizes = sender.clone();
        tokio::spawn(async move {
            while resized.recv().await.is_some() {
                let Ok((columns, rows)) = terminal::size() else { continue };
                if sizes.send(Ok(Heard::Input(Event::Resize(columns, rows)))).is_err() {
                    return;
                }
            }
        });
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            if let Err(error) = read(&woken, &sender) {
                // the wizard may have ended meanwhile
                let _ = sender.send(Err(error));
            }
        })?;
        Ok(Keyboard { heard, _wake: wake })
    }

    fn read(woken: &UnixStream, sender: &UnboundedSender<io::Result<Heard>>) -> io::Result<()> {
        let input = io::stdin();
        let pause = Timespec { tv_sec: 0, tv_nsec: i64::from(PAUSE.subsec_nanos()) };
        let (mut bytes, mut block) = (Vec::new(), [0; 4096]);
        loop {
            let mut ready = [PollFd::new(&input, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
            let wait = (!bytes.is_empty()).then_some(&pause);
            let came = match poll(&mut ready, wait) {
                Ok(came) => came,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            if !ready[1].revents().is_empty() {
                return Ok(());
            }
            if came > 0 {
                match rustix::io::read(&input, &mut block) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(read) => bytes.extend_from_slice(&block[..read]),
                    Err(Errno::INTR | Errno::AGAIN) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            let mut taken = 0;
            while let Some(rest) = bytes.get(taken..) {
                match parse::next(rest, came == 0) {
                    parse::Read::Heard(heard, length) => {
                        taken += length;
                        if sender.send(Ok(heard)).is_err() {
                            return Ok(());
                        }
                    }
                    parse::Read::Skipped(length) => taken += length,
                    parse::Read::Unfinished => break,
                }
            }
            bytes.drain(..taken);
        }
    }
}

#[cfg(not(unix))]
pub(in crate::tui) fn open() -> io::Result<Keyboard> {
    use futures_util::StreamExt;
    let (sender, heard) = unbounded_channel();
    tokio::spawn(async move {
        let mut events = ratatui::crossterm::event::EventStream::new();
        while let Some(event) = events.next().await {
            if sender.send(event.map(Heard::Input)).is_err() {
                return;
            }
        }
    });
    Ok(Keyboard { heard })
}
