//! Lambda's control plane: one function an operation, from a request that has been verified to an answer. All of it is
//! plain synchronous code over the store, run off the event loop because it syncs files.

mod account;
mod call;
mod check;
mod create;
mod permissions;
mod read;
mod tags;
mod update;
mod url;
mod zip;

use serde_json::Value;

use super::{
    error::ApiError,
    http::body::Content,
    operation::{Call, Operation},
};
pub(in crate::local) use crate::local::lambda::call::{Answer, Request, parse};

/// As long as the longest way to name a function.
const SUBJECT_MAX: usize = 140;

/// What the call is about, for counts and logs: the function's name where the request tells it.
pub(in crate::local) fn subject(call: &Call, content: &Content) -> String {
    if call.operation == Operation::CreateFunction {
        let body: Value = serde_json::from_slice(&content.text).unwrap_or_default();
        let name = body["FunctionName"].as_str().unwrap_or_default();
        return name.chars().take(SUBJECT_MAX).collect();
    }
    let target = call.target.rsplit(':').next().unwrap_or_default();
    target.chars().take(SUBJECT_MAX).collect()
}

pub(in crate::local) fn answer(request: &Request<'_>, content: Content) -> Result<Answer, ApiError> {
    use Operation as Op;
    match request.call.operation {
        Op::CreateFunction => create::create_function(request, content),
        Op::GetFunction => read::get_function(request),
        Op::ListFunctions => read::list_functions(request),
        Op::GetFunctionConfiguration => read::get_configuration(request),
        Op::DeleteFunction => read::delete_function(request),
        Op::UpdateFunctionCode => update::update_code(request, content),
        Op::UpdateFunctionConfiguration => update::update_configuration(request, &content),
        Op::ListTags => tags::list(request),
        Op::TagResource => tags::tag(request, &content),
        Op::UntagResource => tags::untag(request),
        Op::GetAccountSettings => Ok(account::settings(request)),
        Op::PutFunctionConcurrency => account::put_concurrency(request, &content),
        Op::GetFunctionConcurrency => account::get_concurrency(request),
        Op::DeleteFunctionConcurrency => account::delete_concurrency(request),
        Op::CreateFunctionUrlConfig => url::create(request, &content),
        Op::UpdateFunctionUrlConfig => url::update(request, &content),
        Op::GetFunctionUrlConfig => url::get(request),
        Op::DeleteFunctionUrlConfig => url::delete(request),
        Op::AddPermission => permissions::add(request, &content),
        Op::GetPolicy => permissions::get(request),
        Op::RemovePermission => permissions::remove(request),
        other => Err(ApiError::service(format!("{other} is no operation of Lambda's"))),
    }
}
