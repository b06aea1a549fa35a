//! Sources, precedence, names and ranges.

use std::path::PathBuf;

use super::*;

fn given(
    file: Option<&str>,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &'static str, &str)],
) -> Loaded {
    let directory = tempfile::tempdir().unwrap();
    let file = file.map(|text| {
        let path = directory.path().join("countersign.toml");
        std::fs::write(&path, text).unwrap();
        path
    });
    let environment = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let flags = flags.iter().map(|(flag, key, text)| (*flag, *key, (*text).to_owned())).collect();
    Config::load(&Given { file, environment, flags }, PathBuf::from("data"))
}

type Loaded = Result<Config, Problems>;

fn refusal(loaded: Loaded) -> String {
    loaded.unwrap_err().to_string()
}

fn port(loaded: Loaded) -> u16 {
    loaded.unwrap().server.listen.port()
}

#[test]
fn without_anything_every_default_is_in_force() {
    let config = given(None, &[], &[]).unwrap();
    assert_eq!(config.top.mode, Mode::Development);
    assert_eq!(config.hashing.cost, 10);
    assert!(config.effective().iter().all(|setting| setting.origin == "default"));
    assert_eq!(config.check(), Ok(()));
}

#[test]
fn a_flag_overrides_a_variable_and_a_variable_overrides_the_file() {
    let file = Some("[server]\nlisten = \"127.0.0.1:1\"\n");
    let variable = &[("COUNTERSIGN_SERVER__LISTEN", "127.0.0.1:2")][..];
    let flag = &[("--listen", "server.listen", "127.0.0.1:3")][..];
    assert_eq!(port(given(file, &[], &[])), 1);
    assert_eq!(port(given(file, variable, &[])), 2);
    assert_eq!(port(given(file, variable, flag)), 3);
}

#[test]
fn every_value_knows_where_it_comes_from() {
    let file = Some("mode = \"production\"\n[hashing]\ncost = 11\n");
    let variable = &[("COUNTERSIGN_AUTH__ISSUER", "https://idp.example")][..];
    let config = given(file, variable, &[("--database", "database.url", "sqlite:x.db")]).unwrap();
    let origin = |key| config.effective().into_iter().find(|setting| setting.key == key).unwrap().origin;
    assert!(origin("hashing.cost").contains("countersign.toml"), "{}", origin("hashing.cost"));
    assert!(origin("mode").contains("countersign.toml"));
    assert_eq!(origin("auth.issuer"), "the variable COUNTERSIGN_AUTH__ISSUER");
    assert_eq!(origin("database.url"), "the flag --database");
    assert_eq!(origin("server.listen"), "default");
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let text = refusal(given(Some("[server]\nlistne = \"127.0.0.1:1\"\n"), &[], &[]));
    assert!(text.contains("server.listne"), "{text}");
    assert!(text.contains("did you mean server.listen?"), "{text}");
    let text = refusal(given(Some("[limits]\njwks_file = \"a\"\n"), &[], &[]));
    assert!(text.contains("did you mean auth.jwks_file?"), "{text}");
    let text = refusal(given(None, &[("COUNTERSIGN_HASHING__COSTS", "4")], &[]));
    assert!(text.contains("did you mean hashing.cost?"), "{text}");
    assert!(text.contains("COUNTERSIGN_HASHING__COSTS"), "{text}");
}

#[test]
fn a_variable_with_one_line_too_few_is_refused() {
    let text = refusal(given(None, &[("COUNTERSIGN_SERVER_LISTEN", "127.0.0.1:1")], &[]));
    assert!(text.contains("COUNTERSIGN_SERVER__LISTEN"), "{text}");
}

#[test]
fn variables_that_only_begin_alike_are_left_alone() {
    let others =
        [("COUNTERSIGN_SERVICE_HOST", "10.0.0.1"), ("COUNTERSIGN_PORT_8080_TCP", "x"), ("PATH", "/bin")];
    assert!(given(None, &others, &[]).is_ok());
}

#[test]
fn all_problems_are_named_at_once() {
    let text = refusal(given(
        Some("mode = \"prod\"\n[server]\nlisten = \"nowhere\"\n[hashing]\ncost = \"much\"\n[oops]\nx = 1\n"),
        &[],
        &[],
    ));
    for about in ["mode:", "server.listen:", "hashing.cost:", "oops.x:"] {
        assert!(text.contains(about), "{about} is missing in {text}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let text = refusal(given(Some("[auth]\nhs256_secret = \"hunter2-hunter2\"\n"), &[], &[]));
    assert!(text.contains("env:NAME") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_secret_without_quotes_is_not_repeated_either() {
    let text = refusal(given(Some("[auth]\nhs256_secret = hunter2-hunter2\n"), &[], &[]));
    assert!(text.contains("line 2") && !text.contains("hunter2"), "{text}");
}

#[test]
fn what_no_setting_can_be_is_refused() {
    for file in
        ["[auth]\naudience = [[1]]\n", "[auth]\nissuer = [\"a\"]\n", "auth = 1\n", "[[server]]\nlisten = 1\n"]
    {
        assert!(given(Some(file), &[], &[]).is_err(), "{file}");
    }
}

#[test]
fn a_file_that_is_no_toml_or_not_there_is_refused_with_its_name() {
    let text = refusal(given(Some("mode = production"), &[], &[]));
    assert!(text.contains("countersign.toml"), "{text}");
    let missing = Given { file: Some("no/such/file.toml".into()), ..Given::default() };
    let text = refusal(Config::load(&missing, PathBuf::new()));
    assert!(text.contains("no/such/file.toml"), "{text}");
}

#[test]
fn values_out_of_range_are_refused_with_what_to_set() {
    let variables = [
        ("COUNTERSIGN_HASHING__COST", "3"),
        ("COUNTERSIGN_AUTH__LEEWAY", "2m"),
        ("COUNTERSIGN_TWO_FACTOR__PENDING_LIFETIME", "2h"),
        ("COUNTERSIGN_TWO_FACTOR__PENDING_ATTEMPTS", "0"),
        ("COUNTERSIGN_TELEMETRY__FILTER", "info,=,"),
        ("COUNTERSIGN_LIMITS__URL", "carrier-pigeon:"),
        ("COUNTERSIGN_DATABASE__URL", "carrier-pigeon:x"),
        ("COUNTERSIGN_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,0.0.0.0/0"),
        ("COUNTERSIGN_SERVER__LISTEN", "0.0.0.0:80"),
    ];
    let config = given(None, &variables, &[]).unwrap();
    insta::assert_snapshot!(config.check().unwrap_err());
}

#[test]
fn tests_may_hash_cheaply_but_production_may_not() {
    let cheap = ("COUNTERSIGN_HASHING__COST", "4");
    assert_eq!(given(None, &[cheap], &[]).unwrap().check(), Ok(()));
    let production = given(None, &[cheap, ("COUNTERSIGN_MODE", "production")], &[]).unwrap();
    assert!(production.check().unwrap_err().to_string().contains("4 is outside 10 to 14"));
}
