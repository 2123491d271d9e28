//! What stands between the public and the gate: a function URL, or an HTTP API of API Gateway, as the first reel that
//! was ever served this way had it. Which of the two, the gate's own environment says, beside its address.

use std::collections::BTreeMap;

pub use crate::model::cost::Front;

/// Name of the HTTP API.
pub const API: &str = "zipreel-gate";
/// Id of the permission by which the API calls the gate.
pub const API_PERMISSION: &str = "zipreel-api";
/// The route and the stage that all requests take.
pub const DEFAULT: &str = "$default";
/// The version of what the gate is sent and answers.
pub const PAYLOAD_FORMAT: &str = "2.0";
/// The longest body of an answer that is handed over whole: Lambda takes 6 MB of JSON, in which bytes are base64, and
/// 16 KiB are enough for status and headers. `gate.mjs` has the same number.
pub const WHOLE_ANSWER_MAX: u64 = ((6 << 20) - (16 << 10)) / 4 * 3;

/// In the environment of the gate: its base URL.
pub const GATE_URL: &str = "ZIPREEL_GATE_URL";
/// In the environment of the gate: what that is the address of. Absent where it is a function URL's, as older programs left it.
pub const FRONT: &str = "ZIPREEL_FRONT";

impl Front {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::HttpApi => "http-api",
        }
    }

    /// With the address, if it is another than the function URL.
    pub fn of(environment: &BTreeMap<String, String>) -> (Self, Option<&str>) {
        match (environment.get(FRONT), environment.get(GATE_URL)) {
            (Some(word), Some(url)) if word == Self::HttpApi.word() => (Self::HttpApi, Some(url)),
            _ => (Self::Url, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_without_a_word_means_the_function_url() {
        let of = |pairs: &[(&str, &str)]| {
            let all = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let (front, url) = Front::of(&all);
            (front, url.map(str::to_owned))
        };
        let url = "https://a.execute-api.eu-west-1.amazonaws.com/";
        assert_eq!(of(&[]), (Front::Url, None));
        assert_eq!(of(&[(GATE_URL, url)]), (Front::Url, None));
        assert_eq!(of(&[(FRONT, "http-api")]), (Front::Url, None), "an address belongs to it");
        assert_eq!(of(&[(FRONT, "http-api"), (GATE_URL, url)]), (Front::HttpApi, Some(url.to_owned())));
    }

    #[test]
    fn the_deployed_gate_hands_over_as_much_as_is_said_here() {
        let gate = include_str!("../../../assets/gate/gate.mjs");
        assert!(gate.contains("const WHOLE_MAX = ((6 << 20) - (16 << 10)) / 4 * 3;"));
        assert_eq!(WHOLE_ANSWER_MAX, 4_706_304);
    }
}
