//! Whether an answer is AWS's own. Between here and AWS stand proxies, filters and hotels' logins, which answer in its
//! place: such a page means nothing about the account, whatever its status. An answer counts when it has the form of
//! the API that was asked. Pure.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::model::report::fault::FaultClass;

/// How an API writes its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cloud) enum Form {
    /// Lambda, CloudWatch Logs and API Gateway.
    Json,
    /// IAM and STS.
    Xml,
    /// CloudFront.
    Rest,
    /// CloudWatch.
    Cbor,
}

/// What answered, or kept us from asking, in AWS's place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::cloud) enum InBetween {
    #[error(
        "something between here and AWS answered with a page (HTTP {status}{}): a proxy, or a hotel's login",
        leads(leads_to.as_deref())
    )]
    Page { status: u16, leads_to: Option<String> },
    #[error("something between here and AWS answered with nothing in it (HTTP {0}): a proxy, or a gateway")]
    Nothing(u16),
    #[error("the proxy between here and AWS wants a name and a password (HTTP 407)")]
    Password,
    #[error("the proxy between here and AWS opened no way to it")]
    NoWay,
}

fn leads(host: Option<&str>) -> String {
    host.map(|host| format!(", leading to `{host}`")).unwrap_or_default()
}

const LOGIN: &str = "Open any web page in a browser on this network and sign in there, or use another network; then \
                     try again.";
const PASSWORD: &str = "Put the name and the password into HTTPS_PROXY (http://NAME:PASSWORD@HOST:PORT), or name AWS's \
                        hosts in NO_PROXY if they can be reached without the proxy; then run the command again.";
const BLOCKED: &str = "Have *.amazonaws.com let through, name another proxy in HTTPS_PROXY, or use another network; \
                       then try again.";
const BUSY: &str = "If it lasts: look at the proxy that HTTPS_PROXY names, or use another network.";

/// What a busy or broken proxy says passes by itself; a login or a ban does not.
pub fn class_of_page(status: u16) -> FaultClass {
    match status {
        // 511 asks for a login
        408 | 429 | 500..=510 | 512.. => FaultClass::Transient,
        _ => FaultClass::NeedsPerson,
    }
}

impl InBetween {
    pub(in crate::cloud) fn status(&self) -> Option<u16> {
        match self {
            Self::Page { status, .. } | Self::Nothing(status) => Some(*status),
            Self::Password => Some(407),
            Self::NoWay => None,
        }
    }

    pub(in crate::cloud) fn class(&self) -> FaultClass {
        self.status().map_or(FaultClass::Transient, class_of_page)
    }

    pub(in crate::cloud) fn hint(&self) -> &'static str {
        match self.status() {
            _ if self.class() == FaultClass::Transient => BUSY,
            Some(407) => PASSWORD,
            Some(..=399 | 401 | 511) => LOGIN,
            _ => BLOCKED,
        }
    }
}

/// An answer as it arrived.
#[derive(Debug, Clone, Copy)]
pub(in crate::cloud) struct Answer<'a, H> {
    pub status: u16,
    pub header: H,
    pub body: &'a [u8],
}

impl<'a, H: Fn(&str) -> Option<&'a str>> Answer<'a, H> {
    /// The API's own, or what something else wrote.
    pub(in crate::cloud) fn judged(&self, form: Form) -> Result<(), InBetween> {
        let is_own = match (form, self.status) {
            (Form::Json, 200..300) => self.has_id() && (self.body.is_empty() || is_object(self.body)),
            (Form::Json, 400..600) => self.is_json_error(),
            (Form::Xml, 200..300) => self.is_xml_success(),
            (Form::Rest, 200..300) => {
                self.has_id() && (self.body.is_empty() || xml(self.body).and_then(root).is_some())
            }
            (Form::Xml | Form::Rest, 400..600) => xml(self.body).is_some_and(|text| {
                root(text) == Some("ErrorResponse") && text.contains("<Error>") && text.contains("<Code>")
            }),
            (Form::Cbor, 200..300 | 400..600) => (self.header)("smithy-protocol") == Some("rpc-v2-cbor"),
            // AWS's APIs redirect nobody
            _ => false,
        };
        if is_own {
            return Ok(());
        }
        let leads_to = (self.header)("location").and_then(host);
        match self.status {
            407 => Err(InBetween::Password),
            status if self.body.is_empty() && leads_to.is_none() => Err(InBetween::Nothing(status)),
            status => Err(InBetween::Page { status, leads_to }),
        }
    }

    fn has_id(&self) -> bool {
        (self.header)("x-amzn-requestid").is_some_and(|id| !id.is_empty())
    }

    /// The code stands in a header or in the body. `code` alone is said by many others than AWS, so it needs the
    /// request's id beside it.
    fn is_json_error(&self) -> bool {
        let by_header = (self.header)("x-amzn-errortype").is_some_and(|code| !code.is_empty());
        if self.body.is_empty() {
            return by_header;
        }
        let Ok(body) = serde_json::from_slice::<Map<String, Value>>(self.body) else { return false };
        let says = |key: &str| body.get(key).and_then(Value::as_str).is_some_and(|code| !code.is_empty());
        by_header || says("__type") || (self.has_id() && (says("code") || says("Code")))
    }

    fn is_xml_success(&self) -> bool {
        let Some(text) = xml(self.body) else { return false };
        let is_response = root(text).is_some_and(|root| root.ends_with("Response") && root != "ErrorResponse");
        is_response && (self.has_id() || text.contains("<RequestId>"))
    }
}

fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn xml(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body).ok()
}

/// The name of an XML text's first element; `None` for HTML with its DOCTYPE, and for what is no XML.
fn root(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(prolog) = rest.strip_prefix("<?") {
        rest = prolog.split_once("?>")?.1.trim_start();
    }
    let end = |character: char| !character.is_ascii_alphanumeric();
    rest.strip_prefix('<')?.split(end).next().filter(|name| !name.is_empty())
}

/// The host of a link, if it is one that can be shown as it is.
fn host(link: &str) -> Option<String> {
    let host = link.split_once("://")?.1.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    (!host.is_empty() && host.len() <= 253 && host.bytes().all(plain)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use FaultClass::{NeedsPerson, Transient};

    const ID: (&str, &str) = ("x-amzn-requestid", "5506f096-ef39-4917-9bec-94a008c038ef");

    type Headers<'a> = &'a [(&'a str, &'a str)];

    fn judge(form: Form, status: u16, headers: Headers<'_>, body: &str) -> Result<(), InBetween> {
        let header = |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        Answer { status, header, body: body.as_bytes() }.judged(form)
    }

    #[test]
    fn what_lambda_and_logs_answer_is_their_own() {
        let not_found = ("x-amzn-errortype", "ResourceNotFoundException");
        let answers: [(u16, Headers<'_>, &str); 8] = [
            (200, &[ID], r#"{"Functions":[]}"#),
            // DeleteFunction, and CloudWatch Logs' CreateLogGroup
            (204, &[ID], ""),
            (200, &[ID], ""),
            (404, &[ID, not_found], r#"{"Message":"Function not found: arn:…","Type":"User"}"#),
            (404, &[ID, not_found], ""),
            (
                400,
                &[ID],
                r#"{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#,
            ),
            (403, &[ID], r#"{"Code":"AccessDeniedException","Message":"User … is not authorized"}"#),
            (429, &[ID, ("x-amzn-errortype", "TooManyRequestsException:")], r#"{"message":"Rate exceeded"}"#),
        ];
        for (status, headers, body) in answers {
            assert_eq!(judge(Form::Json, status, headers, body), Ok(()), "{status} {body}");
        }
    }

    #[test]
    fn what_iam_and_sts_answer_is_their_own() {
        let success = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
            <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn></GetCallerIdentityResult>
            <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#;
        let error = r#"<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
            <Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>The role … cannot be found.</Message></Error>
            <RequestId>f00cb5d5</RequestId></ErrorResponse>"#;
        assert_eq!(judge(Form::Xml, 200, &[], success), Ok(()), "the id stands in the body");
        assert_eq!(judge(Form::Xml, 404, &[ID], error), Ok(()));
        let bare = "<DeleteRoleResponse></DeleteRoleResponse>";
        assert_eq!(judge(Form::Xml, 200, &[ID], bare), Ok(()), "the id stands in a header");
        assert!(judge(Form::Xml, 200, &[], bare).is_err());
        assert!(judge(Form::Xml, 200, &[ID], error).is_err(), "an error is no success");
    }

    /// Recorded of MiniStack 1.5.33.
    #[test]
    fn ministacks_answers_are_as_good() {
        let code = |code: &'static str| [("content-type", "application/json"), ("x-amzn-errortype", code), ID];
        for (status, headers, body) in [
            (
                404,
                code("ResourceNotFoundException"),
                r#"{"__type": "ResourceNotFoundException", "message": "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody"}"#,
            ),
            (
                400,
                code("ResourceAlreadyExistsException"),
                r#"{"__type": "ResourceAlreadyExistsException", "message": "The specified log group already exists: x"}"#,
            ),
        ] {
            assert_eq!(judge(Form::Json, status, &headers, body), Ok(()), "{body}");
        }
        assert_eq!(judge(Form::Json, 200, &[ID], "{}"), Ok(()));
        let identity = r#"<?xml version="1.0" encoding="UTF-8"?><GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:root</Arn><UserId>123456789012</UserId><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>caad7f69-ec9b-4090-9283-4533ea3b2e42</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#;
        assert_eq!(judge(Form::Xml, 200, &[ID], identity), Ok(()));
        let no_role = r#"<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>Role nobody not found.</Message></Error><RequestId>f00cb5d5-a760-4f37-b749-2ccddab80892</RequestId></ErrorResponse>"#;
        assert_eq!(judge(Form::Xml, 404, &[ID], no_role), Ok(()));
    }

    /// As LocalStack's serializer writes them: its errors may come without the request's id in a header.
    #[test]
    fn localstacks_answers_are_as_good() {
        let code = ("x-amzn-errortype", "ResourceNotFoundException");
        let body = r#"{"__type": "ResourceNotFoundException", "Type": "User", "Message": "Function not found: arn:…"}"#;
        assert_eq!(judge(Form::Json, 404, &[code], body), Ok(()));
        assert_eq!(judge(Form::Json, 200, &[ID, ("x-amz-request-id", ID.1)], r#"{"Functions": []}"#), Ok(()));
        let created = "<?xml version='1.0' encoding='utf-8'?>\n<CreateRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><CreateRoleResult><Role /></CreateRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></CreateRoleResponse>";
        assert_eq!(judge(Form::Xml, 200, &[], created), Ok(()));
        let exists = "<?xml version='1.0' encoding='utf-8'?>\n<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Code>EntityAlreadyExists</Code><Message>Role with name a already exists.</Message><Type>Sender</Type></Error><RequestId>1</RequestId></ErrorResponse>";
        assert_eq!(judge(Form::Xml, 409, &[], exists), Ok(()));
    }

    #[test]
    fn pages_are_nobodys_answer_whatever_their_status() {
        let html = "<!DOCTYPE html><html><body><h1>Welcome to the Grand Hotel</h1></body></html>";
        let xhtml =
            "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><Error><Code>x</Code></Error></html>";
        let pages: [(u16, Headers<'_>, &str, FaultClass); 15] = [
            (200, &[], html, NeedsPerson),
            (200, &[], "", NeedsPerson),
            (200, &[ID], html, NeedsPerson),
            (200, &[], "{}", NeedsPerson),
            (404, &[], html, NeedsPerson),
            (404, &[], "", NeedsPerson),
            (404, &[("x-amzn-errortype", "ResourceNotFoundException")], html, NeedsPerson),
            (404, &[], r#"{"code":"ResourceNotFoundException"}"#, NeedsPerson),
            (403, &[], xhtml, NeedsPerson),
            (302, &[("location", "http://login.hotel.example/?back=x")], "", NeedsPerson),
            (511, &[], html, NeedsPerson),
            (429, &[], html, Transient),
            (408, &[], html, Transient),
            (502, &[], "", Transient),
            (503, &[], html, Transient),
        ];
        for form in [Form::Json, Form::Xml] {
            for (status, headers, body, class) in pages {
                let between = judge(form, status, headers, body);
                let between = between.expect_err(&format!("{form:?} {status} {body}"));
                assert_eq!(between.class(), class, "{form:?} {status}");
                assert!(between.to_string().contains(&format!("HTTP {status}")), "{between}");
            }
        }
        assert_eq!(judge(Form::Json, 407, &[], html), Err(InBetween::Password));
    }

    #[test]
    fn it_says_where_a_redirect_leads_if_that_can_be_shown() {
        for (location, shown) in [
            ("http://login.hotel.example/?back=https://lambda", Some("login.hotel.example")),
            ("https://me:secret@portal.example:8443/x", Some("portal.example:8443")),
            ("/login", None),
            ("http://\u{1b}[2J/", None),
        ] {
            let Err(InBetween::Page { leads_to, .. }) = judge(Form::Json, 302, &[("location", location)], "x") else {
                panic!("{location:?}")
            };
            assert_eq!(leads_to.as_deref(), shown, "{location:?}");
        }
    }
}
