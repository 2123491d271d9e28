//! How often and after how long something is tried again.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts altogether, the first included.
    pub attempts: u32,
    /// Ceiling of the wait after the first failure; it doubles with each.
    pub base: Duration,
    /// No wait is longer, whatever the attempt.
    pub cap: Duration,
    /// Waits altogether while the other side can't be reached at all: a router restarts, a laptop changes its network.
    /// That uses up no attempts.
    pub offline: Duration,
    /// How long an upload may take from its signature to its body's end.
    pub signature_life: Duration,
    /// So long after an upload whose whole body went out, and whose answer did not come, it is asked whether it arrived.
    pub asks: [Duration; 3],
}

/// AWS refuses a body whose signature is older than this at its end.
pub const SIGNATURE_LIFE: Duration = Duration::from_secs(300);

impl RetryPolicy {
    pub const ORDINARY: Self = Self {
        attempts: 8,
        base: Duration::from_millis(500),
        cap: Duration::from_secs(30),
        offline: Duration::from_secs(30 * 60),
        signature_life: SIGNATURE_LIFE,
        asks: [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)],
    };
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::ORDINARY
    }
}

/// What a failed attempt says about the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failure {
    /// The least wait that the server asked for.
    pub retry_after: Option<Duration>,
    /// The other side was not reached.
    pub offline: bool,
}

/// The attempts at one thing.
#[derive(Debug, Clone)]
pub struct Tries {
    policy: RetryPolicy,
    attempt: u32,
    /// Failures in a row without a connection, and the waits between them.
    offline: (u32, Duration),
}

impl Tries {
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy, attempt: 1, offline: (0, Duration::ZERO) }
    }

    /// The attempt that runs or comes next, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long the connection has been missed, without the time that the attempts themselves took.
    pub fn offline(&self) -> Option<Duration> {
        (self.offline.0 > 0).then_some(self.offline.1)
    }

    /// The wait before the next attempt: exponential, with equal jitter by `random` in 0..1, and never less than what
    /// the server asked for. `None` when no attempt is left.
    pub fn failed(&mut self, failure: Failure, random: f64) -> Option<Duration> {
        let failures = if failure.offline {
            if self.offline.1 >= self.policy.offline {
                return None;
            }
            self.offline.0 += 1;
            self.offline.0
        } else {
            self.offline = (0, Duration::ZERO);
            if self.attempt >= self.policy.attempts {
                return None;
            }
            self.attempt += 1;
            self.attempt - 1
        };
        let ceiling = self.policy.base.saturating_mul(1 << (failures - 1).min(16)).min(self.policy.cap);
        let jittered = ceiling.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
        let wait = jittered.max(failure.retry_after.unwrap_or_default());
        if failure.offline {
            self.offline.1 += wait;
        }
        Some(wait)
    }
}

/// Looks at what changes by itself and says nothing.
#[derive(Debug)]
pub struct Looks {
    pause: Duration,
    longest: Duration,
}

impl Looks {
    const SHORTEST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(1);

    /// At what takes minutes.
    pub fn for_minutes() -> Self {
        Self { longest: Duration::from_secs(15), ..Self::default() }
    }

    /// How long until the next look: each pause is twice as long as the one before.
    pub fn pause(&mut self) -> Duration {
        let next = (self.pause * 2).min(self.longest);
        std::mem::replace(&mut self.pause, next)
    }
}

impl Default for Looks {
    fn default() -> Self {
        Self { pause: Self::SHORTEST, longest: Self::LONGEST }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_soon_at_first_and_every_second_in_the_end() {
        let mut looks = Looks::default();
        let pauses = [(); 7].map(|()| looks.pause().as_millis());
        assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000, 1000]);
    }

    const ANSWERED: Failure = Failure { retry_after: None, offline: false };
    const OFFLINE: Failure = Failure { retry_after: None, offline: true };

    #[test]
    fn waits_double_up_to_the_cap_and_end() {
        let mut tries = Tries::new(RetryPolicy::default());
        let waits: Vec<u64> = (1..8).map(|_| tries.failed(ANSWERED, 1.0).unwrap().as_millis() as u64).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000]);
        assert_eq!((tries.attempt(), tries.failed(ANSWERED, 1.0)), (8, None));
        assert_eq!(Tries::new(RetryPolicy::default()).failed(ANSWERED, 0.0), Some(Duration::from_millis(250)));
    }

    #[test]
    fn the_server_may_ask_for_longer() {
        let asked = Failure { retry_after: Some(Duration::from_secs(7)), offline: false };
        assert_eq!(Tries::new(RetryPolicy::default()).failed(asked, 0.5), asked.retry_after);
    }

    #[test]
    fn a_missing_network_is_waited_for_half_an_hour_and_uses_up_no_attempt() {
        let mut tries = Tries::new(RetryPolicy::default());
        let waits: Vec<Duration> = std::iter::from_fn(|| tries.failed(OFFLINE, 1.0)).collect();
        let waited: Duration = waits.iter().sum();
        assert!((1800..1860).contains(&waited.as_secs()), "{waited:?}");
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(30)));
        assert_eq!(tries.attempt(), 1);
        assert!(tries.failed(ANSWERED, 1.0).is_some() && tries.failed(OFFLINE, 1.0).is_some(), "it was back meanwhile");
    }
}
