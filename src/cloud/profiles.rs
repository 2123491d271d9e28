//! The profiles of AWS's two files, for lists to pick from. Reads names and Regions; credentials stay unread, and what
//! a profile means is the SDK's to say.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub region: Option<String>,
}

/// All profiles by name, `default` first. Missing files have none. Blocking.
pub fn profiles() -> Vec<Profile> {
    let read = |variable: &str, file: &str| {
        let path = env::var_os(variable).map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".aws").join(file)));
        path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default()
    };
    parse(&read("AWS_CONFIG_FILE", "config"), &read("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
}

fn parse(config: &str, credentials: &str) -> Vec<Profile> {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut section = None;
    for line in config.lines().map(str::trim) {
        if let Some(header) = header(line) {
            // other sections (sso-session, services) are no profiles
            section = if header == "default" { Some(header) } else { header.strip_prefix("profile ").map(str::trim) };
            if let Some(name) = section {
                found.entry(name.to_owned()).or_default();
            }
        } else if let (Some(name), Some(("region", region))) = (section, setting(line)) {
            found.insert(name.to_owned(), Some(region.to_owned()));
        }
    }
    for name in credentials.lines().filter_map(|line| header(line.trim())) {
        found.entry(name.to_owned()).or_default();
    }
    let mut profiles: Vec<_> = found.into_iter().map(|(name, region)| Profile { name, region }).collect();
    profiles.sort_by_key(|profile| profile.name != "default");
    profiles
}

fn header(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.split(']').next().map(str::trim)
}

fn setting(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    Some((key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_come_from_both_files_and_default_is_first() {
        let config = "[profile studio]\nregion = eu-west-1\nsso_session = s\n[sso-session s]\nregion = us-east-2\n\
                      # [profile no]\n[default]\noutput=json\n[ profile  b ]\nregion=us-west-2\n";
        let credentials = "[default]\naws_access_key_id = A\n[old]\naws_access_key_id = B\n";
        let found = parse(config, credentials);
        let names: Vec<_> = found.iter().map(|profile| (profile.name.as_str(), profile.region.as_deref())).collect();
        assert_eq!(names, [("default", None), ("b", Some("us-west-2")), ("old", None), ("studio", Some("eu-west-1"))]);
        assert_eq!(parse("", ""), []);
    }
}
