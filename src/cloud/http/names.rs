//! Names that no DNS knows. A failed lookup alone may be a missing network, which comes back by itself; where other
//! names are found at the same time it is the name that is wrong, and waiting does not help.

use std::{
    collections::BTreeSet,
    error::Error,
    io,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::causes::causes;

/// Names that exist as long as AWS does.
const ALWAYS: [&str; 2] = ["sts.amazonaws.com", "iam.amazonaws.com"];
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Hosts from which AWS has answered this process.
static REACHED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no DNS knows `{0}`, though other names are found")]
pub struct NoSuchHost(String);

pub(in crate::cloud) fn reached(host: &str) {
    let mut reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner);
    if !reached.contains(host) {
        reached.insert(host.to_owned());
    }
}

/// Whether it is this computer itself.
pub(in crate::cloud) fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Whether an error came from looking up a name.
pub(crate) fn is_lookup(error: &(dyn Error + 'static)) -> bool {
    // the system's error has no kind of its own; the words are the standard library's
    causes(error).any(|error| error.is::<io::Error>() && error.to_string().contains("lookup address"))
}

/// To be asked after a failed lookup of `host`: says so if it is the name's own fault.
pub(crate) async fn missing(host: &str) -> Option<NoSuchHost> {
    let reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let unknown = is_unknown(host, &reached, async |name| {
        let lookup = tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((name, 443))).await;
        lookup.is_ok_and(|found| found.is_ok_and(|mut addresses| addresses.next().is_some()))
    });
    unknown.await.then(|| NoSuchHost(host.to_owned()))
}

/// An AWS on this computer (an emulator) needs no network, so that none can be missing where it has answered.
async fn is_unknown(host: &str, reached: &BTreeSet<String>, finds: impl AsyncFn(&str) -> bool) -> bool {
    if finds(host).await {
        // found now, or it was the proxy's name that was not
        return false;
    }
    if reached.iter().any(|host| is_this_machine(host)) {
        return true;
    }
    let others = reached.iter().map(String::as_str).chain(ALWAYS).filter(|other| *other != host);
    for other in others {
        if finds(other).await {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn unknown(reached: &[&str], known: &[&str]) -> bool {
        let reached = reached.iter().map(ToString::to_string).collect();
        is_unknown("lambda.eu-wst-1.amazonaws.com", &reached, async |name| known.contains(&name)).await
    }

    #[tokio::test]
    async fn a_name_is_wrong_where_others_are_found() {
        assert!(unknown(&[], &["sts.amazonaws.com"]).await);
        assert!(unknown(&["sts.cn-north-1.amazonaws.com.cn"], &["sts.cn-north-1.amazonaws.com.cn"]).await);
        assert!(unknown(&["127.0.0.1"], &[]).await, "an emulator answers without any network");
    }

    #[tokio::test]
    async fn where_nothing_is_found_the_network_is_missing() {
        assert!(!unknown(&[], &[]).await);
        assert!(!unknown(&["sts.us-east-1.amazonaws.com"], &[]).await);
    }

    #[tokio::test]
    async fn a_name_that_is_found_by_now_is_not_wrong() {
        assert!(!unknown(&[], &["lambda.eu-wst-1.amazonaws.com", "sts.amazonaws.com"]).await);
    }
}
