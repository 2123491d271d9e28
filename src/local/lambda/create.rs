//! CreateFunction.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    call::{Answer, Request, full_configuration, parse},
    check, zip,
};
use crate::local::{
    error::ApiError,
    http::body::{Content, NewCode},
    operation::function_name,
    signature::keys::ACCOUNT,
    store::{
        Change,
        record::{Code, Function, Settings, uuid},
    },
};

/// Settings that are kept as they come and given back.
const KEPT: [&str; 5] = ["Environment", "LoggingConfig", "EphemeralStorage", "TracingConfig", "DeadLetterConfig"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    function_name: Option<String>,
    code: Option<Map<String, Value>>,
    package_type: Option<String>,
    publish: Option<bool>,
    tags: Option<BTreeMap<String, String>>,
    architectures: Option<Vec<String>>,
    #[serde(flatten)]
    settings: Edit,
}

/// The settings a create or an update may name.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Edit {
    runtime: Option<String>,
    role: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<u64>,
    memory_size: Option<u64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

pub(super) fn create_function(request: &Request<'_>, content: Content) -> Result<Answer, ApiError> {
    let Content { text, code } = content;
    let body: Body = parse(&text)?;
    let (name, code) = body.check(code)?;
    zip::check(request.shared, &code)?;
    let mut settings = body.settings.over(Settings {
        runtime: String::new(),
        role: String::new(),
        handler: String::new(),
        description: String::new(),
        timeout: 3,
        memory: 128,
        architecture: "x86_64".to_owned(),
        others: Map::new(),
    });
    if let Some([architecture]) = body.architectures.as_deref() {
        settings.architecture.clone_from(architecture);
    }
    let (shared, now) = (request.shared, request.now);
    let store = shared.store.change()?;
    check::role(shared, &store.state().roles, &settings.role, now)?;
    if store.function(&name).is_some() {
        return Err(ApiError::conflict(format!("Function already exist: {name}")));
    }
    let code = keep(&store, code, 0, shared.quota_bytes())?;
    let settled = now + shared.settle();
    let function = Function {
        name,
        region: request.region.to_owned(),
        settings,
        code,
        tags: body.tags.unwrap_or_default(),
        revision: uuid(),
        modified: now,
        created: now,
        active_from: settled,
        updated_from: settled,
        url: None,
        policy: Vec::new(),
        reserved_concurrency: None,
    };
    let answer = full_configuration(&function, now);
    store.put_function(function)?;
    Ok(Answer::created(answer))
}

/// Takes code in under the quota; `replaced` bytes of it come free.
pub(super) fn keep(store: &Change<'_>, code: NewCode, replaced: u64, quota: u64) -> Result<Code, ApiError> {
    if store.state().code_bytes() - replaced + code.bytes > quota {
        return Err(ApiError::code_storage_exceeded());
    }
    store.keep_blob(code.file, &code.sha256)?;
    Ok(Code { sha256: code.sha256, bytes: code.bytes, version: uuid() })
}

impl Body {
    /// Everything that can be said without looking at what is there; gives the name and the zip.
    fn check(&self, code: Option<NewCode>) -> Result<(String, NewCode), ApiError> {
        let target = self.function_name.as_deref().ok_or_else(|| check::missing("functionName"))?;
        let name = function_name(target, ACCOUNT).unwrap_or_else(|| target.to_owned());
        check::function_name(&name)?;
        if self.package_type.as_deref().is_some_and(|kind| kind != "Zip") {
            return Err(ApiError::invalid_parameter("The stand-in takes functions of package type Zip only."));
        }
        if self.publish == Some(true) {
            return Err(ApiError::invalid_parameter("The stand-in keeps no published versions."));
        }
        self.settings.check()?;
        if self.settings.role.is_none() {
            return Err(check::missing("role"));
        }
        if self.settings.runtime.is_none() || self.settings.handler.is_none() {
            let message =
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.";
            return Err(ApiError::invalid_parameter(message));
        }
        if let Some(tags) = &self.tags {
            check::tags(tags)?;
        }
        match self.architectures.as_deref() {
            None => {}
            Some([one]) => check::architecture(one)?,
            Some(list) => check::architecture(&list.join(", "))?,
        }
        let code = code.ok_or_else(|| source(self.code.as_ref()))?;
        Ok((name, code))
    }
}

/// What to say to a request without a zip.
pub(super) fn source(code: Option<&Map<String, Value>>) -> ApiError {
    if code.is_some_and(|code| code.contains_key("S3Bucket")) {
        return ApiError::invalid_parameter(
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does \
             not exist",
        );
    }
    ApiError::invalid_parameter("Please provide a source for function code.")
}

impl Edit {
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let given =
            |value: &Option<String>, rule: fn(&str) -> Result<(), ApiError>| value.as_deref().map_or(Ok(()), rule);
        given(&self.runtime, check::runtime)?;
        given(&self.handler, check::handler)?;
        given(&self.description, check::description)?;
        self.timeout.map_or(Ok(()), |seconds| check::between(seconds, "timeout", 1, 900))?;
        self.memory_size.map_or(Ok(()), |megabytes| check::between(megabytes, "memorySize", 128, 10_240))
    }

    pub(super) fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// `settings` with what is given here put over it.
    pub(super) fn over(&self, mut settings: Settings) -> Settings {
        let put = |value: &Option<String>, field: &mut String| {
            if let Some(value) = value {
                field.clone_from(value);
            }
        };
        put(&self.runtime, &mut settings.runtime);
        put(&self.role, &mut settings.role);
        put(&self.handler, &mut settings.handler);
        put(&self.description, &mut settings.description);
        settings.timeout = self.timeout.unwrap_or(settings.timeout);
        settings.memory = self.memory_size.unwrap_or(settings.memory);
        let kept = self.others.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
        settings.others.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        settings
    }
}
