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
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 8, base: Duration::from_millis(500), cap: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// The wait after failed attempt `attempt` (from 1): exponential, with equal jitter by `random` in 0..1, and never
    /// less than what the server asked for. `None` when no attempt is left.
    pub fn wait(&self, attempt: u32, random: f64, retry_after: Option<Duration>) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let ceiling = self.base.saturating_mul(1 << (attempt - 1).min(16)).min(self.cap);
        let jittered = ceiling.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
        Some(jittered.max(retry_after.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_end() {
        let policy = RetryPolicy::default();
        let waits: Vec<u64> =
            (1..8).map(|attempt| policy.wait(attempt, 1.0, None).unwrap().as_millis() as u64).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000]);
        assert_eq!(policy.wait(8, 1.0, None), None);
        assert_eq!(policy.wait(1, 0.0, None), Some(Duration::from_millis(250)));
    }

    #[test]
    fn the_server_may_ask_for_longer() {
        let asked = Some(Duration::from_secs(7));
        assert_eq!(RetryPolicy::default().wait(1, 0.5, asked), asked);
    }
}
