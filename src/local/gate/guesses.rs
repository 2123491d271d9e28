//! What guesses (reels and generations that this instance does not know) may cost, altogether and of one client.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use time::OffsetDateTime;

use super::{functions::Deadline, reels::bound};
use crate::local::limits::Bucket;

/// So many at once, and one more every ten seconds: at most 15 in any minute, so that 200 instances cost at most 50
/// GetFunction a second of the account's 100.
const AT_ONCE: f64 = 9.0;
const A_SECOND: f64 = 6.0 / 60.0;
/// Of these, one client's. Twelve clients that never rest use up an instance's; fewer leave some to others.
const AT_ONCE_OF_A_CLIENT: f64 = 3.0;
const A_SECOND_OF_A_CLIENT: f64 = 0.5 / 60.0;
const CLIENTS_KEPT: usize = 1000;

/// Who an address counts as: an IPv6 address as its /64, since whoever has one has all of these.
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
    all: Bucket,
    clients: HashMap<Client, Own>,
}

#[derive(Debug)]
struct Own {
    bucket: Bucket,
    used: OffsetDateTime,
}

impl Guesses {
    pub(super) fn new(now: OffsetDateTime) -> Self {
        Self { all: Bucket::new(AT_ONCE, A_SECOND, now), clients: HashMap::new() }
    }

    /// Takes one guess; false if there is none left, for all or for this client.
    pub(super) fn take(&mut self, client: Client, now: OffsetDateTime) -> bool {
        if !self.clients.contains_key(&client) {
            bound(&mut self.clients, CLIENTS_KEPT, |own| own.used);
        }
        let own = self
            .clients
            .entry(client)
            .or_insert_with(|| Own { bucket: Bucket::new(AT_ONCE_OF_A_CLIENT, A_SECOND_OF_A_CLIENT, now), used: now });
        own.used = now;
        if !own.bucket.take(now) {
            return false;
        }
        let taken = self.all.take(now);
        if !taken {
            own.bucket.give_back();
        }
        taken
    }

    /// The guess found something, or had no answer.
    pub(super) fn give_back(&mut self, client: Client) {
        self.all.give_back();
        if let Some(own) = self.clients.get_mut(&client) {
            own.bucket.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

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

    #[test]
    fn one_client_leaves_some_to_others_and_all_together_cost_fifteen_in_any_minute() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut guesses = Guesses::new(start);
        let taken = |guesses: &mut Guesses, second: i64, address: &str| {
            guesses.take(client(address), start + Duration::seconds(second))
        };
        assert_eq!((0..60).filter(|at| taken(&mut guesses, *at, "192.0.2.1")).count(), 3);
        assert!(taken(&mut guesses, 60, "192.0.2.2"));
        let many = |guesses: &mut Guesses, from: i64| {
            (0..6000).filter(|at| taken(guesses, from + at / 100, &format!("192.0.{}.{}", at / 250, at % 250))).count()
        };
        assert_eq!(many(&mut guesses, 600), 14);
        assert_eq!(many(&mut guesses, 660), 6);
    }
}
