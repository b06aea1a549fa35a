//! Where settings come from, seen from outside.

use serde_json::Value;

use crate::support::{Home, Ran};

fn effective(ran: &Ran, key: &str) -> (Value, String) {
    let diagnosis: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let settings = diagnosis["configuration"].as_array().unwrap();
    let setting = settings.iter().find(|setting| setting["key"] == key).unwrap();
    (setting["value"].clone(), setting["origin"].as_str().unwrap().to_owned())
}

#[test]
fn flags_override_variables_and_variables_override_the_file() {
    let home = Home::new();
    home.write("settings.toml", "[database]\nurl = \"sqlite:file.db\"\n[hashing]\ncost = 5\n");
    let run = |variables: &[(&str, &str)], line| home.run_with(variables, line);
    let variable = ("COUNTERSIGN_DATABASE__URL", "sqlite:variable.db");
    let file = run(&[], "--output json --config settings.toml doctor");
    assert_eq!(effective(&file, "database.url").0, "sqlite:file.db");
    let variables = run(&[variable], "--output json --config settings.toml doctor");
    assert_eq!(effective(&variables, "database.url").0, "sqlite:variable.db");
    let flags = run(&[variable], "--output json --config settings.toml --database sqlite:flag.db doctor");
    assert_eq!(
        effective(&flags, "database.url"),
        ("sqlite:flag.db".into(), "the flag --database".to_owned())
    );
}

#[test]
fn the_file_can_be_named_by_a_variable() {
    let home = Home::new();
    home.write("settings.toml", "[two_factor]\nsetups = 3\n");
    let ran = home.run_with(&[("COUNTERSIGN_CONFIG", "settings.toml")], "--output json doctor");
    let (value, origin) = effective(&ran, "two_factor.setups");
    assert_eq!((value, origin.as_str()), (3.into(), "settings.toml"));
}

#[test]
fn the_data_directory_can_be_elsewhere() {
    let home = Home::new();
    let ran = home.run("--data-dir else/where --output json org create --name A");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(home.path().join("else/where/countersign.db").exists());
    assert!(!home.path().join("countersign-data").exists());
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() {
    let home = Home::new();
    home.write("settings.toml", "[server]\nlistn = \"127.0.0.1:0\"\n");
    let ran = home.run("--config settings.toml org list");
    assert_eq!(ran.code, 1);
    for part in ["server.listn", "did you mean server.listen?", "settings.toml"] {
        assert!(ran.stderr.contains(part), "{part} is missing in {}", ran.stderr);
    }
}

#[test]
fn an_empty_database_of_ones_own_is_made_in_development() {
    let home = Home::new();
    assert_eq!(home.list("--database sqlite:own.db org list"), Vec::<Value>::new());
    assert!(home.path().join("own.db").exists());
    assert!(!home.path().join("countersign-data").exists());
}
