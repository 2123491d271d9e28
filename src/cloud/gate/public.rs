//! The functions that the public calls: the gate and the relay. Deployed, compared with what they should be, updated in
//! place, opened to all by URL, bounded and removed. Each call may be repeated and says whether it changed anything.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use aws_sdk_lambda::{
    operation::get_function_configuration::GetFunctionConfigurationOutput,
    primitives::Blob,
    types::{
        ApplicationLogLevel, Architecture, Environment, EnvironmentResponse, FunctionCode, FunctionUrlAuthType,
        InvokeMode as SdkInvokeMode, LastUpdateStatus, LogFormat, LoggingConfig, Runtime, State, SystemLogLevel,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::permissions::Permission;
use crate::{
    cloud::{Cloud, CloudError, Done, limiter::Rank},
    model::{
        gate::public::{MEMORY_MB, Public, RUNTIME, is_newer, log_group},
        retry::Looks,
    },
};

/// How long a function may be Pending, or its update in progress.
const SETTLES_WITHIN: Duration = Duration::from_secs(120);

/// How a function URL hands over answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InvokeMode {
    /// As they come, up to 200 MB.
    #[default]
    Stream,
    /// Whole, up to 6 MB: for emulators that can't stream.
    Buffered,
}

impl InvokeMode {
    fn sdk(self) -> SdkInvokeMode {
        match self {
            Self::Stream => SdkInvokeMode::ResponseStream,
            Self::Buffered => SdkInvokeMode::Buffered,
        }
    }
}

/// A deployed public function, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    pub environment: BTreeMap<String, String>,
    pub description: String,
    /// The code is this program's.
    pub same_code: bool,
    /// So are runtime, role, limits and log settings.
    pub same_settings: bool,
}

impl Deployed {
    pub fn is_newer(&self) -> bool {
        is_newer(&self.description)
    }
}

impl Cloud {
    /// What is deployed; `None` if there is no such function.
    pub async fn public(&self, public: Public) -> Result<Option<Deployed>, CloudError> {
        Ok(self.configuration(public).await?.map(|found| self.deployed(public, &found)))
    }

    fn deployed(&self, public: Public, found: &GetFunctionConfigurationOutput) -> Deployed {
        Deployed {
            environment: variables(found),
            description: found.description().unwrap_or_default().to_owned(),
            same_code: found.code_sha256() == Some(&sha256(&public.package())),
            same_settings: self.has_settings(public, found),
        }
    }

    /// Makes the function, or brings its code and settings up to this program's. Waits until it can be called.
    /// `environment` is set on a new one only.
    pub async fn ensure_public(
        &self,
        public: Public,
        environment: &BTreeMap<String, String>,
    ) -> Result<Done, CloudError> {
        let mut done = Done::Kept;
        if self.configuration(public).await?.is_none() {
            match self.create_public(public, environment).await {
                Ok(()) => done = Done::Made,
                // our own creation whose answer was lost, or another process was quicker: what is there now counts
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
        let mut found = self.settled(public).await?;
        let deployed = self.deployed(public, &found);
        if deployed.is_newer() {
            return Ok(Done::Newer);
        }
        if !deployed.same_code {
            self.limiter.acquire(Rank::First).await;
            let request = self.lambda.update_function_code().function_name(public.name());
            let request = request.architectures(Architecture::Arm64).zip_file(Blob::new(public.package()));
            let sent = request.set_revision_id(found.revision_id.take()).send().await;
            unless_changed(self.checked(|| format!("could not update function `{}`", public.name()), sent))?;
            (found, done) = (self.settled(public).await?, Done::Updated);
        }
        if !deployed.same_settings {
            self.limiter.acquire(Rank::First).await;
            let request = self
                .lambda
                .update_function_configuration()
                .function_name(public.name())
                .set_revision_id(found.revision_id.take())
                .description(public.description())
                .runtime(Runtime::from(RUNTIME))
                .handler(public.handler())
                .memory_size(MEMORY_MB)
                .timeout(public.timeout())
                .role(self.role_of(public, &variables(&found)))
                .logging_config(logging(public));
            let sent = request.send().await;
            unless_changed(self.checked(|| format!("could not configure function `{}`", public.name()), sent))?;
            self.settled(public).await?;
            done = Done::Updated;
        }
        Ok(done)
    }

    async fn create_public(&self, public: Public, environment: &BTreeMap<String, String>) -> Result<(), CloudError> {
        self.limiter.acquire(Rank::First).await;
        let request = self
            .lambda
            .create_function()
            .function_name(public.name())
            .description(public.description())
            .runtime(Runtime::from(RUNTIME))
            .architectures(Architecture::Arm64)
            .handler(public.handler())
            .memory_size(MEMORY_MB)
            .timeout(public.timeout())
            .role(self.role_of(public, environment))
            .logging_config(logging(public))
            .environment(to_sdk(environment))
            .code(FunctionCode::builder().zip_file(Blob::new(public.package())).build());
        self.checked(|| format!("could not create function `{}`", public.name()), request.send().await)?;
        Ok(())
    }

    /// Sets the whole environment, if it is another, and with it the role that goes by it. `wanted` is asked once the function has been read: what others
    /// change after that is noticed, and this is tried again.
    pub async fn ensure_environment<W>(
        &self,
        public: Public,
        wanted: impl FnOnce(BTreeMap<String, String>) -> W,
    ) -> Result<Done, CloudError>
    where
        W: Future<Output = Result<BTreeMap<String, String>, CloudError>>,
    {
        let found = self.settled(public).await?;
        let before = variables(&found);
        let wanted = wanted(before.clone()).await?;
        if before == wanted {
            return Ok(Done::Kept);
        }
        let role = self.role_of(public, &wanted);
        let role = (role != self.role_of(public, &before)).then_some(role);
        self.limiter.acquire(Rank::First).await;
        let request = self.lambda.update_function_configuration().function_name(public.name());
        let request = request.set_revision_id(found.revision_id).set_role(role).environment(to_sdk(&wanted));
        let sent = request.send().await;
        unless_changed(self.checked(|| format!("could not tell function `{}` its addresses", public.name()), sent))?;
        self.settled(public).await?;
        Ok(Done::Updated)
    }

    /// Gives the function its public URL and lets everyone call it.
    pub async fn ensure_url(&self, public: Public) -> Result<(Done, String), CloudError> {
        let name = public.name();
        let mut done = match self.mend_url(public).await? {
            Some(done) => done,
            None => match self.create_url(public).await {
                Ok(()) => Done::Made,
                Err(error) if error.is_conflict() => self.mend_url(public).await?.ok_or_else(|| error.passing())?,
                Err(error) => return Err(error),
            },
        };
        if self.ensure_permissions(public, &Permission::OF_A_URL).await? && done == Done::Kept {
            done = Done::Updated;
        }
        let url = self.function_url(name).await?;
        let url = url.ok_or_else(|| CloudError::unexpected("could not read the URL just made", "there is none"))?;
        Ok((done, url))
    }

    /// What had to be done to the URL that is there; `None` if there is none.
    async fn mend_url(&self, public: Public) -> Result<Option<Done>, CloudError> {
        let (name, mode) = (public.name(), self.overrides.invoke_mode.sdk());
        self.limiter.acquire(Rank::First).await;
        let sent = self.lambda.get_function_url_config().function_name(name).send().await;
        match self.checked(|| format!("could not read the URL of function `{name}`"), sent) {
            Ok(url) if url.auth_type == FunctionUrlAuthType::None && url.invoke_mode.as_ref() == Some(&mode) => {
                Ok(Some(Done::Kept))
            }
            Ok(_) => {
                self.limiter.acquire(Rank::First).await;
                let request = self.lambda.update_function_url_config().function_name(name);
                let sent = request.auth_type(FunctionUrlAuthType::None).invoke_mode(mode).send().await;
                self.checked(|| format!("could not change the URL of function `{name}`"), sent)?;
                Ok(Some(Done::Updated))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create_url(&self, public: Public) -> Result<(), CloudError> {
        let name = public.name();
        self.limiter.acquire(Rank::First).await;
        let request = self.lambda.create_function_url_config().function_name(name);
        let request = request.auth_type(FunctionUrlAuthType::None).invoke_mode(self.overrides.invoke_mode.sdk());
        self.checked(|| format!("could not give function `{name}` a URL"), request.send().await)?;
        Ok(())
    }

    /// Instances that are set aside for the function and that it may not exceed.
    pub async fn reserved_concurrency(&self, public: Public) -> Result<Option<u32>, CloudError> {
        self.limiter.acquire(Rank::First).await;
        let sent = self.lambda.get_function_concurrency().function_name(public.name()).send().await;
        let answer = self.checked(|| format!("could not read the concurrency of `{}`", public.name()), sent)?;
        Ok(answer.reserved_concurrent_executions.and_then(|count| u32::try_from(count).ok()))
    }

    pub async fn reserve_concurrency(&self, public: Public, instances: u32) -> Result<(), CloudError> {
        self.limiter.acquire(Rank::First).await;
        let request = self.lambda.put_function_concurrency().function_name(public.name());
        let sent = request.reserved_concurrent_executions(i32::try_from(instances).unwrap_or(i32::MAX)).send().await;
        self.checked(|| format!("could not reserve concurrency for `{}`", public.name()), sent)?;
        Ok(())
    }

    /// Removes a function's URL, then the function. True if there was one.
    pub async fn delete_public(&self, public: Public) -> Result<bool, CloudError> {
        self.limiter.acquire(Rank::First).await;
        let sent = self.lambda.delete_function_url_config().function_name(public.name()).send().await;
        match self.checked(|| format!("could not take away the URL of `{}`", public.name()), sent) {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        self.delete_function(public.name()).await
    }

    async fn configuration(&self, public: Public) -> Result<Option<GetFunctionConfigurationOutput>, CloudError> {
        self.limiter.acquire(Rank::First).await;
        let sent = self.lambda.get_function_configuration().function_name(public.name()).send().await;
        match self.checked(|| format!("could not read function `{}`", public.name()), sent) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn has_settings(&self, public: Public, found: &GetFunctionConfigurationOutput) -> bool {
        let logs = found.logging_config();
        found.description() == Some(&public.description())
            && found.runtime().map(Runtime::as_str) == Some(RUNTIME)
            && found.handler() == Some(public.handler())
            && found.memory_size() == Some(MEMORY_MB)
            && found.timeout() == Some(public.timeout())
            && found.role() == Some(&self.role_of(public, &variables(found)))
            && logs.and_then(LoggingConfig::log_group).is_none_or(|group| group == log_group(public))
            && logs.and_then(LoggingConfig::log_format) == Some(&LogFormat::Json)
            && logs.and_then(LoggingConfig::system_log_level) == Some(&SystemLogLevel::Warn)
            && logs.and_then(LoggingConfig::application_log_level) == Some(&ApplicationLogLevel::Warn)
    }

    /// The function once it is Active and no update of it is in progress.
    async fn settled(&self, public: Public) -> Result<GetFunctionConfigurationOutput, CloudError> {
        let name = public.name();
        let end = Instant::now() + SETTLES_WITHIN;
        let mut looks = Looks::default();
        loop {
            let Some(found) = self.configuration(public).await? else {
                // a creation meets a deletion that is not everywhere yet
                let error = CloudError::unexpected(format!("could not wait for function `{name}`"), "it is gone");
                return Err(error.passing());
            };
            let why =
                || found.state_reason().or(found.last_update_status_reason()).unwrap_or("no reason given").to_owned();
            let updated = !matches!(found.last_update_status(), Some(LastUpdateStatus::InProgress));
            match found.state() {
                _ if matches!(found.last_update_status(), Some(LastUpdateStatus::Failed)) => {
                    return Err(CloudError::unexpected(format!("could not update function `{name}`"), why()));
                }
                Some(State::Failed) => {
                    return Err(CloudError::unexpected(format!("could not start function `{name}`"), why()));
                }
                // Inactive: not called for long; the next call wakes it
                None | Some(State::Active | State::Inactive) if updated => return Ok(found),
                _ if Instant::now() > end => {
                    let what = format!("could not see function `{name}` become active");
                    return Err(CloudError::unexpected(what, why()).passing());
                }
                _ => tokio::time::sleep(looks.pause()).await,
            }
        }
    }
}

/// Where somebody else has changed the function since it was read, it is worth reading it again.
fn unless_changed<T>(answer: Result<T, CloudError>) -> Result<T, CloudError> {
    answer.map_err(|error| if error.is_precondition() { error.passing() } else { error })
}

fn logging(public: Public) -> LoggingConfig {
    // a line a call would cost more than the calls
    LoggingConfig::builder()
        .log_group(log_group(public))
        .log_format(LogFormat::Json)
        .system_log_level(SystemLogLevel::Warn)
        .application_log_level(ApplicationLogLevel::Warn)
        .build()
}

fn variables(found: &GetFunctionConfigurationOutput) -> BTreeMap<String, String> {
    variables_of(found.environment())
}

pub(super) fn variables_of(environment: Option<&EnvironmentResponse>) -> BTreeMap<String, String> {
    let variables = environment.and_then(EnvironmentResponse::variables);
    variables.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn to_sdk(environment: &BTreeMap<String, String>) -> Environment {
    let variables: HashMap<_, _> = environment.clone().into_iter().collect();
    Environment::builder().set_variables(Some(variables)).build()
}

/// As AWS states it: `CodeSha256`.
fn sha256(zip: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(zip))
}
