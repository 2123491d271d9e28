//! Setting instances aside for gate and relay.

use crate::{
    cloud::{Cloud, CloudError, Done},
    model::{
        gate::public::Public,
        report::fault::{Explain, FaultClass},
    },
};

/// AWS keeps this number of instances for the functions without a reservation.
const ALWAYS_UNRESERVED: u32 = 100;
/// A reservation below this would rather hinder than protect.
const LEAST_RESERVED: u32 = 10;

/// Sets instances aside for a function, as far as the account has them; a note where it has not.
pub(super) async fn reserve(cloud: &Cloud, public: Public) -> Result<(Done, Option<String>), CloudError> {
    let name = public.name();
    let (now, quota) = loop {
        let now = cloud.reserved_concurrency(public).await?;
        let quota = cloud.quota().await?;
        // another process that reserves between the two would make instances vanish from the sum
        if cloud.reserved_concurrency(public).await? == now {
            break (now, quota);
        }
    };
    let Some(wanted) = reservable(quota.unreserved_concurrency + now.unwrap_or(0), public.concurrency()) else {
        let all = quota.concurrency;
        let note = format!(
            "no concurrency is set aside for {name}: the account may run {all} instances at once, and AWS keeps \
             {ALWAYS_UNRESERVED} of them unreserved"
        );
        return Ok((Done::Kept, Some(note)));
    };
    if now == Some(wanted) {
        return Ok((Done::Kept, None));
    }
    match cloud.reserve_concurrency(public, wanted).await {
        Ok(()) => Ok((Done::Updated, None)),
        Err(error) if error.class() == FaultClass::Permanent => {
            Ok((Done::Kept, Some(format!("no concurrency is set aside for {name}: {}", error.fault()))))
        }
        Err(error) => Err(error),
    }
}

/// Instances to reserve out of those that are `free`; `None` where too few are left.
fn reservable(free: u32, wanted: u32) -> Option<u32> {
    let left = wanted.min(free.saturating_sub(ALWAYS_UNRESERVED));
    (left >= LEAST_RESERVED).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_leave_the_account_its_hundred() {
        for (free, reserved) in [(1000, Some(200)), (300, Some(200)), (250, Some(150)), (110, Some(10)), (109, None)] {
            assert_eq!(reservable(free, 200), reserved, "{free}");
        }
        assert_eq!(reservable(10, 200), None, "a new account has 10");
    }
}
