//! Signing in: AWS's whole chain of credentials, or the stand-in's own keys, and who that makes us.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, identity::IdentityCache, provider_config::ProviderConfig,
    timeout::TimeoutConfig,
};
use aws_credential_types::Credentials;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;

use super::{credentials::Renewable, sign_in::SignIn};
use crate::{
    cloud::{
        ErrorKind, InvokeMode,
        error::CloudError,
        http::{self, answer::Form},
        limiter::{Calls, Limiter, Scope},
    },
    model::{
        gate::{
            ceiling::CEILING_GB,
            public::{CHUNK_ROLE, GATE_ROLE, Public, RELAY_ROLE},
        },
        reel::{order::AccountRegion, region},
    },
};

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
    pub overrides: Overrides,
}

/// What is not as on AWS, or not as zipreel would make it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// ARNs of roles that others made, where zipreel may make none.
    pub chunk_role: Option<String>,
    pub gate_role: Option<String>,
    /// Of a relay with a ceiling.
    pub relay_role: Option<String>,
    pub invoke_mode: InvokeMode,
    /// Where function URLs are reached, with `{id}` for the first label of their host: for emulators, whose names
    /// no DNS knows.
    pub function_urls: Option<String>,
    /// The same for HTTP APIs.
    pub api_urls: Option<String>,
}

/// Who the credentials are, as GetCallerIdentity says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 12 digits.
    pub account: String,
    pub arn: String,
}

impl Identity {
    /// `user/alice`, `assumed-role/Admin/alice`: the part of the ARN that tells people apart.
    pub fn name(&self) -> Option<&str> {
        self.arn.splitn(6, ':').nth(5)
    }

    fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or("aws")
    }

    /// The account's owner, whom no policy binds, and of whom IAM's simulator knows nothing.
    pub fn is_root(&self) -> bool {
        self.name() == Some("root")
    }
}

/// One account in one Region.
#[derive(Debug, Clone)]
pub struct Cloud {
    pub(in crate::cloud) lambda: aws_sdk_lambda::Client,
    pub(in crate::cloud) iam: aws_sdk_iam::Client,
    pub(in crate::cloud) logs: aws_sdk_cloudwatchlogs::Client,
    pub(in crate::cloud) apis: aws_sdk_apigatewayv2::Client,
    pub(in crate::cloud) cdn: aws_sdk_cloudfront::Client,
    /// Of which clients are made that few commands need.
    config: SdkConfig,
    pub(in crate::cloud) limiter: Arc<Limiter>,
    /// Of GetFunction, where many are looked at.
    pub(in crate::cloud) looks: Arc<Limiter>,
    sign_in: SignIn,
    /// None where the keys were given.
    credentials: Option<Renewable>,
    pub(in crate::cloud) overrides: Overrides,
    /// Where it is not AWS's own.
    endpoint: Option<String>,
    region: String,
    identity: Identity,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For one attempt of a small call; uploads set their own.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

impl Cloud {
    /// Finds credentials and Region and asks whose they are. Creates nothing.
    pub async fn connect(connect: &Connect) -> Result<Self, CloudError> {
        let sign_in = match connect.keys {
            Some(_) => SignIn::Given,
            None => SignIn::find(connect.profile.as_deref()).await,
        };
        if let SignIn::NoProfile(name) = &sign_in {
            let doing = format!("could not sign in by profile `{name}`");
            let cause = "it stands in neither of AWS's two files".to_owned();
            return Err(CloudError::ours(doing, ErrorKind::NoCredentials, cause).signed_in(&sign_in));
        }
        let (config, credentials) = load(connect).await;
        let region = region_of(&config)?;
        let identity = identify(&config).await.map_err(|error| error.signed_in(&sign_in).reaching(&region))?;
        let place = config.endpoint_url().unwrap_or(identity.partition()).to_owned();
        let scope = Scope { place, account: identity.account.clone(), region: region.clone() };
        Ok(Self {
            lambda: aws_sdk_lambda::Client::new(&judging(&config, Form::Json)),
            iam: aws_sdk_iam::Client::new(&judging(&config, Form::Xml)),
            logs: aws_sdk_cloudwatchlogs::Client::new(&judging(&config, Form::Json)),
            apis: aws_sdk_apigatewayv2::Client::new(&judging(&config, Form::Json)),
            cdn: aws_sdk_cloudfront::Client::new(&judging(&config, Form::Rest)),
            limiter: Limiter::shared(&scope, Calls::Changes),
            looks: Limiter::shared(&scope, Calls::Looks),
            sign_in,
            credentials,
            overrides: connect.overrides.clone(),
            endpoint: config.endpoint_url().map(str::to_owned),
            config,
            region,
            identity,
        })
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    pub fn at(&self) -> AccountRegion {
        AccountRegion { account: self.identity.account.clone(), region: self.region.clone() }
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        self.identity.partition()
    }

    /// ARN of the role that chunks and indexes are made with.
    pub fn chunk_role(&self) -> String {
        self.overrides.chunk_role.clone().unwrap_or_else(|| self.role_arn(CHUNK_ROLE))
    }

    /// ARN of a public function's role, which goes by its environment: a relay with a ceiling has to count.
    pub fn role_of(&self, public: Public, environment: &BTreeMap<String, String>) -> String {
        let or_own = |given: &Option<String>, name| given.clone().unwrap_or_else(|| self.role_arn(name));
        match public {
            Public::Gate | Public::Front => or_own(&self.overrides.gate_role, GATE_ROLE),
            Public::Relay if environment.contains_key(CEILING_GB) => or_own(&self.overrides.relay_role, RELAY_ROLE),
            Public::Relay => self.chunk_role(),
        }
    }

    fn role_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", self.partition(), self.identity.account)
    }

    /// A function URL as it is reached from here, with a slash at its end.
    pub(in crate::cloud) fn reached(&self, url: &str) -> String {
        by_template(self.overrides.function_urls.as_deref(), url)
    }

    /// The same of an HTTP API's address.
    pub(in crate::cloud) fn reached_api(&self, url: &str) -> String {
        by_template(self.overrides.api_urls.as_deref(), url)
    }

    /// Base URL of the API, where it is not AWS's own.
    pub(in crate::cloud) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// Of CloudWatch in this Region, or in another.
    pub(in crate::cloud) fn metrics(&self, region: Option<&'static str>) -> aws_sdk_cloudwatch::Client {
        let config = judging(&self.config, Form::Cbor);
        let config = match region {
            Some(region) => config.into_builder().region(Region::new(region)).build(),
            None => config,
        };
        aws_sdk_cloudwatch::Client::new(&config)
    }

    pub fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// An answer of any service; one that refuses our credentials has the next call look for new ones.
    pub(in crate::cloud) fn answer<T, E>(
        &self,
        doing: impl Fn() -> String,
        sent: Result<T, SdkError<E, Response>>,
    ) -> Result<T, CloudError>
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        sent.map_err(|error| {
            let error = CloudError::from_sdk(doing(), &error);
            if let (Some(credentials), true) = (&self.credentials, error.is_sign_in()) {
                credentials.forget();
            }
            error.signed_in(&self.sign_in)
        })
    }
}

/// By a flag, which was looked at before, by AWS's variables or by its config file.
fn region_of(config: &SdkConfig) -> Result<String, CloudError> {
    let none = |cause| CloudError::ours("could not choose a Region".to_owned(), ErrorKind::NoRegion, cause);
    let found: Option<&str> = config.region().map(|found| found.as_ref());
    match found {
        Some("") | None => Err(none("neither --region, AWS_REGION nor the profile names one".to_owned())),
        Some(name) if region::is_name(name) => Ok(name.to_owned()),
        Some(name) => Err(none(format!("`{name}`, by AWS_REGION or the profile, is {}", region::NO_NAME))),
    }
}

fn by_template(template: Option<&str>, url: &str) -> String {
    let url = url.trim_end_matches('/');
    let id = url.split("://").nth(1).and_then(|host| host.split('.').next());
    match (template, id) {
        (Some(template), Some(id)) => format!("{}/", template.replace("{id}", id).trim_end_matches('/')),
        _ => format!("{url}/"),
    }
}

async fn load(connect: &Connect) -> (SdkConfig, Option<Renewable>) {
    let http = http::client();
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone()).timeout_config(timeouts);
    if let Some(profile) = &connect.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &connect.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &connect.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(Keys { access_key, secret_key }) = &connect.keys {
        let given = Credentials::new(access_key, secret_key, None, None, "zipreel");
        return (loader.credentials_provider(given).load().await, None);
    }
    let config = ProviderConfig::without_region().with_http_client(http).load_default_region().await;
    let credentials = Renewable::find(connect.profile.as_deref(), config);
    let loader = loader.credentials_provider(credentials.clone()).identity_cache(IdentityCache::no_cache());
    (loader.load().await, Some(credentials))
}

/// For one of AWS's APIs. Where credentials and Regions come from (an instance's own service, say) has other forms.
fn judging(config: &SdkConfig, form: Form) -> SdkConfig {
    let client = config.http_client().unwrap_or_else(http::client);
    config.to_builder().http_client(http::judging(client, form)).build()
}

async fn identify(config: &SdkConfig) -> Result<Identity, CloudError> {
    let doing = "could not ask AWS whose credentials these are";
    let answer = aws_sdk_sts::Client::new(&judging(config, Form::Xml))
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| CloudError::from_sdk(doing, &error))?;
    match (answer.account, answer.arn) {
        (Some(account), Some(arn)) => Ok(Identity { account, arn }),
        _ => Err(CloudError::unexpected(doing, "the answer names no account")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_told_from_users_and_roles_of_that_name() {
        for (arn, is_root) in [
            ("arn:aws:iam::123456789012:root", true),
            ("arn:aws-cn:iam::123456789012:root", true),
            ("arn:aws:iam::123456789012:user/root", false),
            ("arn:aws:sts::123456789012:assumed-role/root/me", false),
        ] {
            let identity = Identity { account: "123456789012".to_owned(), arn: arn.to_owned() };
            assert_eq!(identity.is_root(), is_root, "{arn}");
        }
    }
}
