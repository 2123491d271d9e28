//! Signing in: AWS's whole chain of credentials, or the stand-in's own keys, and who that makes us.

use std::{fmt, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

use super::{error::CloudError, limiter::Limiter};

/// Keys of an endpoint that is not AWS. Never printed.
#[derive(Clone)]
pub struct Keys {
    pub access_key: String,
    pub secret_key: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Whom to connect to, and as whom. Everything left out is AWS's own choice (environment, profile, instance role).
#[derive(Debug, Clone, Default)]
pub struct Connect {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint: Option<String>,
    pub keys: Option<Keys>,
}

/// Who the credentials are, as GetCallerIdentity says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 12 digits.
    pub account: String,
    pub arn: String,
}

/// One account in one Region.
#[derive(Debug, Clone)]
pub struct Cloud {
    pub(super) lambda: aws_sdk_lambda::Client,
    pub(super) limiter: Arc<Limiter>,
    region: String,
    identity: Identity,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For one attempt of a small call; uploads set their own.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

impl Cloud {
    /// Finds credentials and Region and asks whose they are. Creates nothing.
    pub async fn connect(connect: &Connect) -> Result<Self, CloudError> {
        let config = load(connect).await;
        let region = config.region().map(|region| region.as_ref().to_owned()).ok_or_else(|| {
            CloudError::new(
                "could not choose a Region".into(),
                "NoRegion".into(),
                None,
                "neither --region, AWS_REGION nor the profile names one".into(),
                None,
            )
        })?;
        let identity = identify(&config).await?;
        let lambda = aws_sdk_lambda::Client::new(&config);
        Ok(Self { lambda, limiter: Arc::default(), region, identity })
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// ARN of a role of this account by name.
    pub fn role_arn(&self, name: &str) -> String {
        let partition = self.identity.arn.split(':').nth(1).unwrap_or("aws");
        format!("arn:{partition}:iam::{}:role/{name}", self.identity.account)
    }
}

async fn load(connect: &Connect) -> SdkConfig {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts);
    if let Some(profile) = &connect.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &connect.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &connect.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(keys) = &connect.keys {
        loader =
            loader.credentials_provider(Credentials::new(&keys.access_key, &keys.secret_key, None, None, "zipreel"));
    }
    loader.load().await
}

async fn identify(config: &SdkConfig) -> Result<Identity, CloudError> {
    let doing = "could not ask AWS whose credentials these are";
    let answer = aws_sdk_sts::Client::new(config)
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| CloudError::from_sdk(doing, &error))?;
    match (answer.account, answer.arn) {
        (Some(account), Some(arn)) => Ok(Identity { account, arn }),
        _ => Err(CloudError::unexpected(doing, "the answer names no account")),
    }
}
