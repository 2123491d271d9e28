//! How many connections the stand-in keeps, and how long one may wait for a request's head: beyond that it ends, in
//! order. Where all seats are taken, who has waited longest makes room for who comes. A connection with a request under
//! way, its body and its answer included, keeps its seat however long that takes.

use std::{
    mem,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// Of the three listeners together.
#[derive(Debug, Clone, Copy)]
pub struct Seating {
    pub connections: usize,
    /// From a head's first byte to its end.
    pub head: Duration,
    /// From the connection's begin, or the end of an answer, to the first byte of a head.
    pub idle: Duration,
}

impl Default for Seating {
    fn default() -> Self {
        Self {
            connections: (descriptors() / 4).clamp(16, 1024),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
        }
    }
}

/// That this process may have. A quarter of them are for connections: a request can hold a file besides, and a wizard
/// has the other end of each connection in the same process.
fn descriptors() -> usize {
    #[cfg(unix)]
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let limit = None;
    limit.and_then(|limit: u64| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

#[derive(Debug, Clone)]
pub(in crate::local) struct Seats {
    seating: Seating,
    taken: Arc<Mutex<Vec<Arc<Occupant>>>>,
    /// Somebody left, or waits now.
    changed: Arc<Notify>,
}

impl Seats {
    pub(in crate::local) fn new(seating: Seating) -> Self {
        Self { seating, taken: Arc::default(), changed: Arc::default() }
    }

    /// Waits until there is one, and sees to it that there will be.
    pub(in crate::local) async fn take(&self) -> Seat {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(seat) = self.take_free() {
                return seat;
            }
            self.make_room();
            changed.await;
        }
    }

    fn take_free(&self) -> Option<Seat> {
        let mut taken = held(&self.taken);
        if taken.len() >= self.seating.connections {
            return None;
        }
        let place = Arc::new(Occupant { state: Mutex::new(Use::new()), changed: Arc::clone(&self.changed) });
        taken.push(Arc::clone(&place));
        Some(Seat { place, seats: self.clone() })
    }

    /// Asks who has waited longest to leave, of those who have not begun to ask if there are any, unless somebody was
    /// asked and has not left yet.
    pub(in crate::local) fn make_room(&self) {
        let taken = held(&self.taken);
        let mut waiting = Vec::new();
        for place in taken.iter() {
            let state = held(&place.state);
            match state.waits_since() {
                Some(_) if state.must_leave => return,
                // who has not begun to ask goes first
                Some(since) => waiting.push((state.head_since.is_some(), since, place)),
                None => {}
            }
        }
        if let Some((.., place)) = waiting.into_iter().min_by_key(|(asks, since, _)| (*asks, *since)) {
            let mut state = held(&place.state);
            // a request can have begun between the two looks: it clears the mark again, or is not asked at all
            state.must_leave = state.waits_since().is_some();
            state.wake();
        }
    }
}

/// A connection's; free again once it is dropped.
#[derive(Debug)]
pub(in crate::local) struct Seat {
    place: Arc<Occupant>,
    seats: Seats,
}

impl Seat {
    pub(in crate::local) fn place(&self) -> Arc<Occupant> {
        Arc::clone(&self.place)
    }

    /// Bytes came. Who begins to ask just as it is to leave stays: its request must not be lost.
    pub(in crate::local) fn hears(&self) {
        let mut state = held(&self.place.state);
        if state.requests > 0 || state.head_since.is_some() {
            return;
        }
        state.head_since = Some(Instant::now());
        let was_to_leave = mem::take(&mut state.must_leave);
        drop(state);
        if was_to_leave {
            self.place.changed.notify_waiters();
        }
    }

    /// Bytes were to go; `blocked` if the other side does not take them yet.
    pub(in crate::local) fn writes(&self, blocked: bool) {
        let mut state = held(&self.place.state);
        if mem::replace(&mut state.blocked, blocked) && !blocked {
            state.since = Instant::now();
            drop(state);
            self.place.changed.notify_waiters();
        }
    }

    /// Nothing is there to read: until when that may stay so. The past, if it may not.
    pub(in crate::local) fn waits(&self, waker: &Waker) -> Option<Instant> {
        let mut state = held(&self.place.state);
        state.waker = Some(waker.clone());
        let since = state.waits_since()?;
        let Seating { head, idle, .. } = self.seats.seating;
        Some(match state.head_since {
            _ if state.must_leave => since,
            Some(head_since) => head_since + head,
            None => since + idle,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        held(&self.seats.taken).retain(|place| !Arc::ptr_eq(place, &self.place));
        self.seats.changed.notify_waiters();
    }
}

/// What is known of a connection.
#[derive(Debug)]
pub(in crate::local) struct Occupant {
    state: Mutex<Use>,
    changed: Arc<Notify>,
}

impl Occupant {
    /// A request's head is there: the request is under way until what is returned is dropped.
    pub(in crate::local) fn begin(self: Arc<Self>) -> UnderWay {
        let mut state = held(&self.state);
        state.requests += 1;
        state.head_since = None;
        let was_to_leave = mem::take(&mut state.must_leave);
        drop(state);
        if was_to_leave {
            // another has to
            self.changed.notify_waiters();
        }
        UnderWay(self)
    }
}

#[derive(Debug)]
pub(in crate::local) struct UnderWay(Arc<Occupant>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = held(&self.0.state);
        state.requests -= 1;
        state.since = Instant::now();
        // who reads next hears until when it may wait
        state.wake();
        drop(state);
        self.0.changed.notify_waiters();
    }
}

#[derive(Debug)]
struct Use {
    /// Under way.
    requests: usize,
    /// What was written is not taken yet.
    blocked: bool,
    /// The connection's begin, or the end of the last answer.
    since: Instant,
    /// First byte of the head that is waited for.
    head_since: Option<Instant>,
    must_leave: bool,
    waker: Option<Waker>,
}

impl Use {
    fn new() -> Self {
        let since = Instant::now();
        Self { requests: 0, blocked: false, since, head_since: None, must_leave: false, waker: None }
    }

    /// `None` if a request is under way.
    fn waits_since(&self) -> Option<Instant> {
        (self.requests == 0 && !self.blocked).then_some(self.since)
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
