//! Credentials that can be looked for anew. The SDK keeps what a profile gave it, static keys for a quarter of an hour
//! and others until they expire, so a person who has just renewed them and presses r would be refused once more.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_config::{
    default_provider::credentials::DefaultCredentialsChain, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, Result, error::CredentialsError, future},
};
use tokio::sync::Mutex;

/// A sign-in by IAM Identity Center asks twice over the network; a `credential_process` may take its time.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(30);
/// Credentials this close to their end are no longer used.
const MARGIN: Duration = Duration::from_secs(60);

type Lookup = dyn Fn() -> Pin<Box<dyn Future<Output = Result> + Send>> + Send + Sync;

#[derive(Clone)]
pub(in crate::cloud) struct Renewable {
    look: Arc<Lookup>,
    kept: Arc<Mutex<Option<Credentials>>>,
}

impl Renewable {
    fn new<F>(look: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result> + Send + 'static,
    {
        Self { look: Arc::new(move || Box::pin(look())), kept: Arc::default() }
    }

    /// AWS's whole chain, or the profile that was asked for: it wins over keys in the environment, as with AWS's own
    /// command line. The chain would take the environment's, and publish to another account than was named. Each lookup
    /// has a provider of its own, since providers keep what they have read.
    pub(in crate::cloud) fn find(profile: Option<&str>, config: ProviderConfig) -> Self {
        let profile = profile.map(str::to_owned);
        Self::new(move || {
            let (profile, config) = (profile.clone(), config.clone());
            async move {
                match profile {
                    Some(profile) => {
                        let provider = ProfileFileCredentialsProvider::builder().configure(&config);
                        provider.profile_name(profile).build().provide_credentials().await
                    }
                    None => {
                        let chain = DefaultCredentialsChain::builder().configure(config).build().await;
                        chain.provide_credentials().await
                    }
                }
            }
        })
    }

    /// The next call looks for credentials again. While someone does, theirs will be new anyway.
    pub(in crate::cloud) fn forget(&self) {
        if let Ok(mut kept) = self.kept.try_lock() {
            *kept = None;
        }
    }

    /// Those who ask at the same time wait for one lookup.
    async fn credentials(&self) -> Result {
        let mut kept = self.kept.lock().await;
        if let Some(known) = kept.as_ref().filter(|known| lives(known, SystemTime::now())) {
            return Ok(known.clone());
        }
        let found = tokio::time::timeout(LOOKUP_TIMEOUT, (self.look)())
            .await
            .map_err(|_| CredentialsError::provider_timed_out(LOOKUP_TIMEOUT))??;
        *kept = Some(found.clone());
        Ok(found)
    }
}

impl fmt::Debug for Renewable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewable(…)")
    }
}

impl ProvideCredentials for Renewable {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

fn lives(credentials: &Credentials, now: SystemTime) -> bool {
    credentials.expiry().is_none_or(|end| now + MARGIN < end)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn renewed_keys_are_used_once_the_old_are_forgotten() {
        let looked = Arc::new(AtomicU32::new(0));
        let count = looked.clone();
        let credentials = Renewable::new(move || {
            let key = format!("KEY{}", count.fetch_add(1, Ordering::Relaxed));
            std::future::ready(Ok(Credentials::new(key, "s", None, None, "test")))
        });
        let key = async || credentials.provide_credentials().await.unwrap().access_key_id().to_owned();
        assert_eq!((key().await, key().await), ("KEY0".to_owned(), "KEY0".to_owned()), "one lookup serves all calls");
        credentials.forget();
        assert_eq!(key().await, "KEY1");
    }

    #[test]
    fn credentials_about_to_end_are_not_used() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let ending = |seconds| Credentials::new("a", "b", None, Some(now + Duration::from_secs(seconds)), "test");
        assert!(lives(&ending(61), now) && !lives(&ending(60), now));
        assert!(lives(&Credentials::new("a", "b", None, None, "test"), now));
    }
}
