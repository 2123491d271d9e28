//! Connections that can be cut: a listener whose accepted streams fail, with a TCP reset, once their [`Cut`] is used.
//! Each has a seat, and ends in order once it has waited too long or has to make room (see [`super::seats`]).

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, connect_info::Connected},
    http::Response,
    middleware::Next,
    serve::{IncomingStream, Listener},
};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    time::{Instant, Sleep, sleep_until},
};

use super::seats::{Occupant, Seat, Seats, UnderWay};

/// Cuts the connection that a request came by, or all of a listener's.
#[derive(Debug, Clone, Default)]
pub(in crate::local) struct Cut(Arc<AtomicBool>);

impl Cut {
    fn is_cut(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Takes effect when the connection is next read or written, so the answer still has to be given.
    pub(in crate::local) fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(in crate::local) struct Cuttable {
    pub(in crate::local) listener: TcpListener,
    /// Cuts all connections.
    pub(in crate::local) all: Cut,
    pub(in crate::local) seats: Seats,
}

impl Listener for Cuttable {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // small answers must not wait for the acknowledgement of the ones before
                    let _ = stream.set_nodelay(true);
                    let seat = self.seats.take().await;
                    let (cut, all) = (Cut::default(), self.all.clone());
                    return (Wire { stream, cut, all, seat, limit: None }, address);
                }
                // out of descriptors, most likely: others may close theirs
                Err(_) => {
                    self.seats.make_room();
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Drop for Cuttable {
    /// Closing alone gives the port back with the last copy of the descriptor: a program that is being started has copies
    /// of all of ours for a moment.
    fn drop(&mut self) {
        #[cfg(unix)]
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Read);
    }
}

pub(in crate::local) struct Wire {
    stream: TcpStream,
    cut: Cut,
    all: Cut,
    seat: Seat,
    /// Until when it may wait.
    limit: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    fn whole(&self) -> io::Result<()> {
        if !self.cut.is_cut() && !self.all.is_cut() {
            return Ok(());
        }
        // closing then sends a reset instead of an orderly end
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }

    /// Whether a request has been waited for too long; wakes the task when it has.
    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.seat.waits(cx.waker()) else { return Poll::Pending };
        if until <= Instant::now() {
            return Poll::Ready(());
        }
        let limit = self.limit.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if limit.deadline() != until {
            limit.as_mut().reset(until);
        }
        limit.as_mut().poll(cx)
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.whole()?;
        let before = buf.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buf) {
            if buf.filled().len() > before {
                self.seat.hears();
            }
            return Poll::Ready(read);
        }
        // nothing is read then, as if the other side had ended
        self.poll_limit(cx).map(Ok)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.whole()?;
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.seat.writes(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.whole()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.seat.writes(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Who a request came from, and by what.
#[derive(Debug, Clone)]
pub(in crate::local) struct Peer {
    pub(in crate::local) address: IpAddr,
    pub(in crate::local) cut: Cut,
    place: Arc<Occupant>,
}

impl Connected<IncomingStream<'_, Cuttable>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        let Wire { cut, seat, .. } = stream.io();
        Self { address: stream.remote_addr().ip(), cut: cut.clone(), place: seat.place() }
    }
}

/// Holds the connection's seat while a request is under way.
pub(in crate::local) async fn seated(
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let under_way = peer.place.begin();
    next.run(request).await.map(|body| Body::new(Seated { body, _under_way: under_way }))
}

/// An answer's body: until it is dropped the request is under way.
struct Seated {
    body: Body,
    _under_way: UnderWay,
}

impl HttpBody for Seated {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::local::http::seats::Seating;

    #[tokio::test]
    async fn a_copy_of_the_descriptor_does_not_go_on_holding_the_port() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cuttable = Cuttable { listener, all: Cut::default(), seats: Seats::new(Seating::default()) };
        let _copy = cuttable.listener.as_fd().try_clone_to_owned().unwrap();
        TcpListener::bind(address).await.unwrap_err();
        drop(cuttable);
        TcpListener::bind(address).await.unwrap();
    }
}
