//! Where the credentials come from, so that what is wrong with them can be mended: which command to run, for which
//! profile. Reads AWS's two files with the SDK's own parser; secrets are not looked at.

use aws_config::profile::{Profile as Section, ProfileSet, load};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use crate::{cloud::CloudError, model::shown};

/// A profile of AWS's files, for lists to pick from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub region: Option<String>,
}

/// All profiles by name, `default` first. Missing files have none.
pub async fn profiles() -> Result<Vec<Profile>, CloudError> {
    list(&Fs::real(), &Env::real()).await
}

async fn list(fs: &Fs, env: &Env) -> Result<Vec<Profile>, CloudError> {
    let set = load(fs, env, &EnvConfigFiles::default(), None).await;
    let set = set.map_err(|error| CloudError::files(&error))?;
    let region = |name: &str| Some(set.get_profile(name)?.get("region")?.to_owned());
    let mut found: Vec<_> =
        set.profiles().map(|name| Profile { name: name.to_owned(), region: region(name) }).collect();
    found.sort_by(|a, b| (a.name != "default", &a.name).cmp(&(b.name != "default", &b.name)));
    Ok(found)
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::cloud) enum SignIn {
    /// Keys that we were given: the stand-in's.
    Given,
    Environment,
    /// A profile that signs in by IAM Identity Center.
    Sso(String),
    /// A profile with keys, a role or a process of its own.
    Other(String),
    /// A profile that was asked for and is in neither file.
    NoProfile(String),
    /// No profile, no variables: an instance's role, if there is one.
    #[default]
    Nothing,
}

impl SignIn {
    /// `profile`: the one that was asked for.
    pub(in crate::cloud) async fn find(profile: Option<&str>) -> Self {
        Self::look(&Fs::real(), &Env::real(), profile).await
    }

    async fn look(fs: &Fs, env: &Env, profile: Option<&str>) -> Self {
        if profile.is_none() && env.get("AWS_ACCESS_KEY_ID").is_ok() {
            return Self::Environment;
        }
        let asked = profile.map(|name| name.to_owned().into());
        let named = profile.is_some() || env.get("AWS_PROFILE").is_ok();
        let Ok(set) = load(fs, env, &EnvConfigFiles::default(), asked).await else { return Self::Nothing };
        let name = set.selected_profile().to_owned();
        match set.get_profile(&name) {
            Some(section) => match sso(&set, section) {
                Some(by) => Self::Sso(by),
                None => Self::Other(name),
            },
            None if named => Self::NoProfile(name),
            None => Self::Nothing,
        }
    }

    /// What to do about credentials that are missing, expired or refused.
    pub(in crate::cloud) fn hint(&self) -> String {
        let word = |profile: &str| shown::word(profile, "NAME");
        match self {
            Self::Given => "Start the stand-in anew: it no longer takes its own keys.".to_owned(),
            Self::Environment => "Put new values into AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN \
                                  (or take them away and use --profile), then run zipreel again."
                .to_owned(),
            Self::Sso(profile) => {
                format!("Run `aws sso login --profile {}`, then try again.", word(profile))
            }
            Self::Other(profile) => format!(
                "Renew the credentials of profile `{profile}` where they come from (for access keys: \
                 `aws configure --profile {}`), then try again.",
                word(profile)
            ),
            Self::NoProfile(profile) => format!(
                "There is no profile `{profile}`: choose another with --profile, or make it with \
                 `aws configure sso --profile {}`.",
                word(profile)
            ),
            Self::Nothing => "Run `aws configure sso` or `aws configure` and choose the profile with --profile, or \
                              publish to the stand-in with --target local."
                .to_owned(),
        }
    }
}

/// The profile whose sign-in counts: this one, or the one whose credentials it starts from.
fn sso(set: &ProfileSet, section: &Section) -> Option<String> {
    const DEEPEST: usize = 5;
    let mut section = section;
    for _ in 0..DEEPEST {
        if section.get("sso_session").is_some() || section.get("sso_start_url").is_some() {
            return Some(section.name().to_owned());
        }
        section = set.get_profile(section.get("source_profile")?)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[default]\noutput = json\n[profile studio]\nsso_session = s\nregion = eu-west-1\n\
                          [profile admin]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = studio\n\
                          # [profile no]\n[sso-session s]\nsso_region = us-east-2\n";
    const CREDENTIALS: &str = "[default]\naws_access_key_id = A\n[old]\naws_access_key_id = B\n";

    fn files(env: &[(&str, &str)]) -> (Fs, Env) {
        let fs = Fs::from_slice(&[("/h/.aws/config", CONFIG), ("/h/.aws/credentials", CREDENTIALS)]);
        (fs, Env::from_slice(&[&[("HOME", "/h")], env].concat()))
    }

    #[tokio::test]
    async fn profiles_come_from_both_files_and_default_is_first() {
        let (fs, env) = files(&[]);
        let found = list(&fs, &env).await.unwrap();
        let found: Vec<_> = found.iter().map(|profile| (profile.name.as_str(), profile.region.as_deref())).collect();
        assert_eq!(found, [("default", None), ("admin", None), ("old", None), ("studio", Some("eu-west-1"))]);
        assert_eq!(list(&Fs::from_slice(&[]), &env).await.unwrap(), []);
        let broken = Fs::from_slice(&[("/h/.aws/config", "[default\n")]);
        let error = list(&broken, &env).await.unwrap_err();
        assert!(error.cause().contains("/h/.aws/config"), "{}", error.cause());
    }

    #[tokio::test]
    async fn who_must_sign_in_again_is_told_what_to_run() {
        let keys = [("AWS_ACCESS_KEY_ID", "A")];
        let named = [("AWS_PROFILE", "studio")];
        for (env, profile, words) in [
            (&[][..], Some("studio"), "`aws sso login --profile studio`"),
            (&[], Some("admin"), "`aws sso login --profile studio`"),
            (&named, None, "`aws sso login --profile studio`"),
            (&[], Some("old"), "`aws configure --profile old`"),
            (&[], None, "`aws configure --profile default`"),
            (&[], Some("typo"), "no profile `typo`"),
            (&keys, None, "AWS_SESSION_TOKEN"),
            (&keys, Some("studio"), "`aws sso login --profile studio`"),
        ] {
            let (fs, env) = files(env);
            let hint = SignIn::look(&fs, &env, profile).await.hint();
            assert!(hint.contains(words), "{profile:?}: {hint}");
        }
        let nothing = SignIn::look(&Fs::from_slice(&[]), &Env::from_slice(&[]), None).await;
        assert_eq!(nothing, SignIn::Nothing);
    }
}
