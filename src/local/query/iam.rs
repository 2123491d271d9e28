//! The little of IAM that setting up needs: roles and their inline policies. Policies are kept and given back; nothing
//! evaluates them, but a role must trust Lambda for a function to be made with it.

use axum::http::StatusCode;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::local::{
    context::Context,
    error::ApiError,
    form::Form,
    http::xml::element,
    operation::Operation,
    signature::{keys::ACCOUNT, sigv4::encode},
    store::record::{Role, uuid},
};

pub(in crate::local) fn answer(
    shared: &Context,
    operation: Operation,
    form: &Form,
    now: OffsetDateTime,
) -> Result<String, ApiError> {
    let name = role_name(form.required("RoleName")?)?;
    match operation {
        Operation::CreateRole => create_role(shared, name, form, now),
        Operation::GetRole => Ok(element_of("Role", &shape(&role(shared, name)?))),
        Operation::DeleteRole => delete_role(shared, name),
        Operation::UpdateAssumeRolePolicy => {
            let trust = policy(form.required("PolicyDocument")?)?;
            change(shared, name, |role| {
                role.trust = trust.to_owned();
                Ok(())
            })
        }
        Operation::PutRolePolicy => {
            let (id, document) = (form.required("PolicyName")?, policy(form.required("PolicyDocument")?)?);
            change(shared, name, |role| {
                role.policies.insert(id.to_owned(), document.to_owned());
                Ok(())
            })
        }
        Operation::GetRolePolicy => get_role_policy(&role(shared, name)?, form.required("PolicyName")?),
        Operation::DeleteRolePolicy => {
            let id = form.required("PolicyName")?;
            change(shared, name, |role| role.policies.remove(id).map(|_| ()).ok_or_else(|| no_policy(id)))
        }
        Operation::ListRolePolicies => {
            let names: String = role(shared, name)?.policies.keys().map(|id| element("member", id)).collect();
            Ok(element_of("PolicyNames", &names) + "<IsTruncated>false</IsTruncated>")
        }
        Operation::ListAttachedRolePolicies => {
            role(shared, name)?;
            Ok("<AttachedPolicies/><IsTruncated>false</IsTruncated>".to_owned())
        }
        other => Err(ApiError::service(format!("{other} is no action of IAM's"))),
    }
}

fn create_role(shared: &Context, name: &str, form: &Form, now: OffsetDateTime) -> Result<String, ApiError> {
    let trust = policy(form.required("AssumeRolePolicyDocument")?)?;
    let role = new_role(name, trust, form.get("Description").unwrap_or_default(), now);
    let store = shared.store.change()?;
    if store.state().roles.contains_key(name) {
        let message = format!("Role with name {name} already exists.");
        return Err(ApiError::new(StatusCode::CONFLICT, "EntityAlreadyExists", message));
    }
    let answer = element_of("Role", &shape(&role));
    store.put_role(role)?;
    Ok(answer)
}

pub(in crate::local) fn new_role(name: &str, trust: &str, description: &str, now: OffsetDateTime) -> Role {
    Role {
        name: name.to_owned(),
        path: "/".to_owned(),
        id: format!("AROA{}", uuid().replace('-', "")[..17].to_ascii_uppercase()),
        description: description.to_owned(),
        trust: trust.to_owned(),
        created: now,
        policies: Default::default(),
    }
}

fn delete_role(shared: &Context, name: &str) -> Result<String, ApiError> {
    let store = shared.store.change()?;
    if !role(shared, name)?.policies.is_empty() {
        let message = "Cannot delete entity, must delete policies first.";
        return Err(ApiError::new(StatusCode::CONFLICT, "DeleteConflict", message));
    }
    store.remove_role(name)?;
    Ok(String::new())
}

fn get_role_policy(role: &Role, id: &str) -> Result<String, ApiError> {
    let document = role.policies.get(id).ok_or_else(|| no_policy(id))?;
    let document = element("PolicyDocument", &encode(document));
    Ok(element("RoleName", &role.name) + &element("PolicyName", id) + &document)
}

fn role(shared: &Context, name: &str) -> Result<Role, ApiError> {
    shared.store.read().roles.get(name).cloned().ok_or_else(|| no_role(name))
}

fn change(
    shared: &Context,
    name: &str,
    edit: impl FnOnce(&mut Role) -> Result<(), ApiError>,
) -> Result<String, ApiError> {
    let store = shared.store.change()?;
    let mut role = role(shared, name)?;
    edit(&mut role)?;
    store.put_role(role)?;
    Ok(String::new())
}

/// `[\w+=,.@-]{1,64}`: safe as a file's name too.
fn role_name(name: &str) -> Result<&str, ApiError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    // the store writes `=` before a capital letter
    if name.len() <= 64 && name.bytes().all(fits) && !name.starts_with('.') && !name.contains('=') {
        return Ok(name);
    }
    Err(ApiError::validation("The specified value for roleName is invalid."))
}

fn policy(text: &str) -> Result<&str, ApiError> {
    let is_policy = serde_json::from_str::<Value>(text).is_ok_and(|policy| policy["Statement"] != Value::Null);
    is_policy.then_some(text).ok_or_else(|| {
        ApiError::new(StatusCode::BAD_REQUEST, "MalformedPolicyDocument", "This policy contains invalid Json")
    })
}

fn no_role(name: &str) -> ApiError {
    no_entity(format!("The role with name {name} cannot be found."))
}

fn no_policy(id: &str) -> ApiError {
    no_entity(format!("The role policy with name {id} cannot be found."))
}

fn no_entity(message: String) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
}

fn element_of(name: &str, inside: &str) -> String {
    format!("<{name}>{inside}</{name}>")
}

fn shape(role: &Role) -> String {
    let created = role.created.replace_nanosecond(0).unwrap_or(role.created).format(&Rfc3339).unwrap_or_default();
    [
        element("Path", &role.path),
        element("RoleName", &role.name),
        element("RoleId", &role.id),
        element("Arn", &format!("arn:aws:iam::{ACCOUNT}:role/{}", role.name)),
        element("CreateDate", &created),
        // URL-encoded, as IAM has it
        element("AssumeRolePolicyDocument", &encode(&role.trust)),
        element("Description", &role.description),
        element("MaxSessionDuration", "3600"),
    ]
    .concat()
}
