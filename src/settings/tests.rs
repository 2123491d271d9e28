use super::*;

#[test]
fn every_flag_has_its_key_in_the_file() {
    use clap::CommandFactory;
    let keys = "name='a'\ntitle='t'\nsegment_seconds=4\nregion='eu-west-1'\ntarget='aws'\nprofile='p'\n\
                transcode='auto'\nvideo_stream=1\naudio='all'\naudio_stream='en'\nsubtitles='none'\ndeinterlace=true\ncontainer='mp4'\ncompatible='add'\nloudness='normalize'\non_damage='fail'\nrobots='index'\nchunk_mib=8\n\
                parallel=2\nreplace=true\nstate_dir='s'\nwork_dir='w'\n\
                backlog_gib=1.5\ndata='d'\nport=1\nfaults='429=1x'\n\
                role_arn='r'\ngate_role_arn='g'\nrelay_role_arn='y'\ninvoke_mode='buffered'\nfunction_urls='http://h/{id}/'\napi_urls='http://h/{id}/'\n\
                video='v'\njson=true\nserve=true\n";
    let file: File = toml::from_str(keys).unwrap();
    assert_eq!((file.chunk_mib, file.port), (Some(8), Some(1)));
    let command = crate::cli::Cli::command();
    let shown = command.get_subcommands().flat_map(|sub| sub.get_arguments()).filter(|arg| !arg.is_hide_set());
    let flags = shown.filter_map(|arg| arg.get_long());
    // what is done once, and `--plain`, which is `json=false`
    let spoken = [
        "plain",
        "verbose",
        "yes",
        "deep",
        "repair",
        "help",
        "version",
        "live",
        "template",
        "roles",
        "packages",
        "front",
        "ceiling-gb",
        "to",
        "keep-roles",
        "account",
        "partition",
        "host",
    ];
    for flag in flags.filter(|flag| !spoken.contains(flag)) {
        assert!(keys.contains(&format!("{}=", flag.replace('-', "_"))), "{flag} can't be set in the file");
    }
}

#[test]
fn a_value_that_no_setting_can_have_is_refused_in_the_words_of_its_flag() {
    let path = Path::new("config.toml");
    for (text, why) in [
        ("chunk_mib = 50", "not a whole number of MiB between 1 and 49"),
        ("parallel = 17", "not a whole number between 1 and 16"),
        ("segment_seconds = 0.1", "not a number of seconds between 0.5 and 600"),
        ("backlog_gib = -1", "not a number of GiB above 0"),
        ("backlog_gib = nan", "not a number of GiB above 0"),
        ("region = 'x y'", "not the name of a Region, such as eu-west-1"),
    ] {
        let refused = toml::from_str::<File>(text).unwrap().check(path).unwrap_err().to_string();
        let key = text.split(' ').next().unwrap();
        assert!(
            refused.starts_with(&format!("could not use `{key}` of the config file `config.toml`: {why}")),
            "{refused}"
        );
    }
    for (text, why) in [
        ("chunk_mib = 'x'", "expected a whole number from 0"),
        ("chunk_mib = -1", "expected a whole number from 0"),
        ("video_stream = 1.5", "expected a whole number from 0"),
        ("parallel = 1.5", "expected a whole number above 0"),
        ("port = 99999", "expected a whole number from 0 to 65535"),
        ("backlog_gib = 'x'", "expected a number"),
        ("json = 'x'", "expected true or false"),
        ("title = 1", "expected a text in quotes"),
        ("data = 1", "expected a text in quotes"),
    ] {
        let unusable = Unusable::of(text, &toml::from_str::<File>(text).unwrap_err());
        assert!(unusable.why.starts_with("line 1, column ") && unusable.why.ends_with(why), "{unusable:?}");
    }
}

#[test]
fn agreeing_is_no_setting() {
    let text = "json = true\nyes = true\n";
    let unusable = Unusable::of(text, &toml::from_str::<File>(text).unwrap_err());
    assert_eq!(unusable.why, "line 2, column 1: there is no setting `yes`");
    assert!(unusable.hint.contains("say --yes with the command"), "{unusable:?}");
}

#[test]
fn a_place_is_the_stand_in_unless_a_target_or_a_profile_is_named() {
    let file = |text: &str| toml::from_str::<File>(text).unwrap();
    let of = |target: Option<TargetArg>, profile: Option<&str>, text: &str| {
        place(target, profile.map(str::to_owned), None, &file(text)).target
    };
    let aws = |profile: Option<&str>| Target::Aws { profile: profile.map(str::to_owned) };
    assert_eq!(of(None, None, ""), Target::Local);
    assert_eq!(of(None, None, "profile='p'"), Target::Local);
    assert_eq!(of(None, None, "target='aws'\nprofile='p'"), aws(Some("p")));
    assert_eq!(of(None, Some("q"), "target='local'\nprofile='p'"), aws(Some("q")));
    assert_eq!(of(Some(TargetArg::Aws), None, ""), aws(None));
    assert_eq!(of(Some(TargetArg::Local), Some("q"), "target='aws'"), Target::Local);
}

#[test]
fn an_unknown_key_is_an_error_that_names_it() {
    let error = toml::from_str::<File>("segment_secs=4").unwrap_err();
    assert!(error.to_string().contains("segment_secs"));
}

#[test]
fn a_title_that_nobody_could_see_is_refused() {
    let checked = |text: &str| toml::from_str::<File>(text).unwrap().check(Path::new("c.toml"));
    let refused = checked("title = '  '").unwrap_err().to_string();
    assert_eq!(
        refused,
        "could not use `title` of the config file `c.toml`: a title needs at least one letter, digit or sign"
    );
    assert!(checked("title = ' Harbour '").is_ok());
}
