//! What guesses (reels and generations that this instance does not know) may cost, altogether and of one client. Whoever
//! finds the slot taken may wait for the next one.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use time::{Duration, OffsetDateTime};

use super::{bounded::bound, functions::Deadline};
use crate::local::limits::Bucket;

/// One guess of an instance in each slot of this length, so 200 instances cost 50 GetFunction a second of the account's
/// 100. Where its slots begin is random: instances that are guessed at in the same second do not ask in step after that.
const SLOT: Duration = Duration::seconds(4);
/// Two guesses of an instance are at least this far apart: 200 never ask more than 200 times in one second.
const SLOT_APART: Duration = Duration::seconds(1);
/// Guesses that may wait for their slot, and one more every minute. Lambda gives an instance one request at a time, so
/// one that waits serves nobody else: without a bound, a few guesses a second would hold them all.
const WAITS_AT_ONCE: f64 = 3.0;
const WAITS_A_SECOND: f64 = 1.0 / 60.0;
/// Guesses of one client.
const AT_ONCE_OF_A_CLIENT: f64 = 3.0;
const A_SECOND_OF_A_CLIENT: f64 = 0.5 / 60.0;
/// Seconds, at most, that a client is told to stay away once it has made its guesses: another instance may let it guess
/// sooner.
const AWAY: u64 = 20;
const CLIENTS_KEPT: usize = 1000;

/// Who an address counts as: an IPv6 address as its /64, since someone who has one has all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Client {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(network(address)),
        }
    }
}

fn network(address: Ipv6Addr) -> [u16; 4] {
    let [a, b, c, d, ..] = address.segments();
    [a, b, c, d]
}

/// Who wants an answer, and until when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker {
    pub(super) client: Client,
    pub(super) deadline: Deadline,
}

#[derive(Debug)]
pub(super) struct Guesses {
    /// When a slot of this instance begins; others do whole slots before and after.
    begin: OffsetDateTime,
    /// From when on the next guess may be made.
    next: OffsetDateTime,
    waits: Bucket,
    clients: HashMap<Client, Own>,
}

/// A guess that is made. It is spent, unless it is given back.
#[derive(Debug)]
#[must_use]
pub(super) struct Taken {
    client: Client,
    slot: OffsetDateTime,
}

#[derive(Debug)]
struct Own {
    bucket: Bucket,
    used: OffsetDateTime,
}

impl Guesses {
    /// `into_slot`: how much of a slot is over, from 0 to 1.
    pub(super) fn new(now: OffsetDateTime, into_slot: f64) -> Self {
        let waits = Bucket::new(WAITS_AT_ONCE, WAITS_A_SECOND, now);
        Self { begin: now - SLOT * into_slot, next: now, waits, clients: HashMap::new() }
    }

    /// For how many seconds this client has to stay away, if it has no guess left.
    pub(super) fn away(&mut self, client: Client, now: OffsetDateTime) -> Option<u64> {
        let wait = self.own(client, now).wait(now);
        (wait > 0.0).then(|| (wait.ceil() as u64).min(AWAY))
    }

    fn own(&mut self, client: Client, now: OffsetDateTime) -> &mut Bucket {
        if !self.clients.contains_key(&client) {
            bound(&mut self.clients, CLIENTS_KEPT, |own| own.used);
        }
        let own = self
            .clients
            .entry(client)
            .or_insert_with(|| Own { bucket: Bucket::new(AT_ONCE_OF_A_CLIENT, A_SECOND_OF_A_CLIENT, now), used: now });
        own.used = now;
        &mut own.bucket
    }

    /// How long to wait for the slot; `None` if that is longer than `most`, or if too many have waited of late.
    pub(super) fn wait(&mut self, now: OffsetDateTime, most: Duration) -> Option<Duration> {
        // a clock that was set back is not waited for
        self.next = self.next.min(now + SLOT_APART + SLOT);
        let wait = (self.next - now).max(Duration::ZERO);
        (wait.is_zero() || (wait <= most && self.waits.take(now))).then_some(wait)
    }

    /// Uses the slot that was waited for, and one guess of the client.
    pub(super) fn take(&mut self, client: Client, now: OffsetDateTime) -> Taken {
        let taken = Taken { client, slot: self.next };
        self.own(client, now).take(now);
        let least = now + SLOT_APART;
        let over = (least - self.begin).whole_nanoseconds().rem_euclid(SLOT.whole_nanoseconds());
        self.next = if over == 0 { least } else { least + SLOT - Duration::nanoseconds_i128(over) };
        taken
    }

    /// The guess found something.
    pub(super) fn give_back(&mut self, taken: &Taken) {
        self.next = taken.slot;
        self.give_back_to_client(taken);
    }

    /// The guess had no answer: AWS was asked, which the client need not pay for.
    pub(super) fn give_back_to_client(&mut self, taken: &Taken) {
        if let Some(own) = self.clients.get_mut(&taken.client) {
            own.bucket.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::seconds(5);

    fn client(address: &str) -> Client {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn who_has_a_network_of_ipv6_is_one_client() {
        let one = client("2001:db8:1:2:3:4:5:6");
        for (address, same) in [
            ("2001:db8:1:2::", true),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", true),
            ("2001:db8:1:3::", false),
            ("2001:db8::1:2", false),
            ("32.1.13.184", false),
        ] {
            assert_eq!(client(address) == one, same, "{address}");
        }
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }

    fn numbered(number: i64) -> Client {
        Client::V4(u32::try_from(number).unwrap().into())
    }

    /// Milliseconds at which guesses are made, of one each tenth of a second, each by a client of its own.
    fn flooded(into_slot: f64, from: i64, until: i64) -> Vec<i64> {
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut guesses = Guesses::new(start, into_slot);
        let mut made = Vec::new();
        for at in (from..until).step_by(100) {
            let now = start + Duration::milliseconds(at);
            if guesses.away(numbered(at), now).is_none() && guesses.wait(now, Duration::ZERO).is_some() {
                let _ = guesses.take(numbered(at), now);
                made.push(at);
            }
        }
        made
    }

    #[test]
    fn two_hundred_instances_guess_two_hundred_times_in_the_first_second_and_fifty_in_each_later_one() {
        let mut seconds = [0; 60];
        for instance in 0..200 {
            let made = flooded(f64::from(instance) / 200.0, 37, 60_000);
            assert!(made.windows(2).all(|pair| pair[1] - pair[0] >= 1000), "{made:?}");
            made.iter().for_each(|at| seconds[usize::try_from(at / 1000).unwrap()] += 1);
        }
        assert_eq!(seconds[0], 200);
        assert!(seconds[1..].iter().all(|count| *count <= 55), "{seconds:?}");
        assert!(seconds[1..].iter().sum::<u32>() <= 50 * 59, "{seconds:?}");
    }

    #[test]
    fn a_guess_that_finds_the_slot_taken_waits_at_most_five_seconds_and_three_wait_at_once() {
        let start = OffsetDateTime::UNIX_EPOCH;
        for into_slot in [0.0, 0.3, 0.75, 0.76, 0.999] {
            let (mut guesses, mut now) = (Guesses::new(start, into_slot), start);
            let mut waited = Vec::new();
            for number in 0..4 {
                let wait = guesses.wait(now, MOST).unwrap();
                waited.push(wait);
                now += wait;
                let _ = guesses.take(numbered(number), now);
            }
            assert!(waited[0].is_zero() && waited[1] >= SLOT_APART && waited[1] <= MOST, "{waited:?}");
            assert_eq!(waited[2..], [SLOT; 2], "{waited:?}");
            assert_eq!(guesses.wait(now, MOST), None);
            now += SLOT;
            assert_eq!(guesses.wait(now, MOST), Some(Duration::ZERO), "the slot is free, though nobody may wait");
        }
    }

    #[test]
    fn what_is_found_takes_no_slot_and_what_has_no_answer_takes_one() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut guesses = Guesses::new(now, 0.5);
        for _ in 0..10 {
            assert_eq!(guesses.wait(now, MOST), Some(Duration::ZERO));
            let taken = guesses.take(numbered(1), now);
            guesses.give_back(&taken);
        }
        let taken = guesses.take(numbered(1), now);
        guesses.give_back_to_client(&taken);
        assert_eq!(guesses.wait(now, MOST), Some(SLOT / 2));
        let has = (0..4).map(|_| (guesses.away(numbered(1), now), guesses.take(numbered(1), now)).0);
        assert_eq!(has.collect::<Vec<_>>(), [None, None, None, Some(AWAY)]);
        let later = |millis| now + Duration::milliseconds(millis);
        assert_eq!([110_500, 121_000].map(|millis| guesses.away(numbered(1), later(millis))), [Some(10), None]);
    }

    #[test]
    fn a_clock_that_is_set_back_closes_no_slot_for_longer() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut guesses = Guesses::new(now, 0.5);
        let _ = guesses.take(numbered(1), now);
        assert!(guesses.wait(now - Duration::hours(1), MOST).is_some());
    }
}
