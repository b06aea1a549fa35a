//! Recording and showing usage.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use countersign_testkit::on_every_engine;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Engine, Home};

on_every_engine!(
    Engine;
    turns_and_relationships_are_counted_and_a_file_counts_once,
    test_use_is_counted_apart,
    refused_rows_are_named_with_their_line_and_the_others_count,
    a_large_file_goes_in_batches,
    an_event_is_counted_in_the_period_that_it_happened_in,
    an_interrupted_recording_says_how_to_go_on_and_counts_nothing_twice,
);

fn csv(organization: &str, rows: &[&str]) -> String {
    let rows = rows.iter().map(|row| format!("{organization},{row}\n")).collect::<Vec<_>>().concat();
    format!("organization,event_id,turns,relationship_id\n{rows}")
}

async fn turns_and_relationships_are_counted_and_a_file_counts_once(engine: Engine) {
    let home = Home::on(engine);
    let id = home.organization("free");
    home.write("usage.csv", &csv(&id, &["a,3,", "b,4,", "c,,customer-1", "d,,customer-1", "a,3,"]));
    let counted = home.json("usage record usage.csv");
    assert_eq!(counted, json!({"recorded": 4, "duplicates": 1, "refused": 0}));
    assert_eq!(home.json("usage record usage.csv"), json!({"recorded": 0, "duplicates": 5, "refused": 0}));
    let usage = home.json(&format!("usage show --org {id}"));
    assert_eq!(usage["turns"], json!({"used": 7, "limit": 1000}));
    assert_eq!(usage["active_relationships"], json!({"used": 1, "limit": 100}));
    assert!(usage["period"]["starts_at"].as_str().unwrap().ends_with("T00:00:00.000Z"));
}

async fn test_use_is_counted_apart(engine: Engine) {
    let home = Home::on(engine);
    let id = home.organization("enterprise");
    home.write(
        "usage.ndjson",
        &format!("{{\"organization\":\"{id}\",\"environment\":\"test\",\"event_id\":\"a\",\"turns\":5}}\n"),
    );
    home.json("usage record usage.ndjson");
    assert_eq!(home.json(&format!("usage show --org {id}"))["turns"], json!({"used": 0, "limit": null}));
    assert_eq!(home.json(&format!("usage show --org {id} --env test"))["turns"]["used"], 5);
}

async fn refused_rows_are_named_with_their_line_and_the_others_count(engine: Engine) {
    let home = Home::on(engine);
    let id = home.organization("free");
    let nobody = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let text = format!("{}{nobody},z,1,\n", csv(&id, &["a,1,", ",1,", "b,,", "c,2,"]));
    let ran = home.run_with_input("--output json usage record -", &text);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(ran.stdout.trim(), "{\"recorded\":2,\"duplicates\":0,\"refused\":3}");
    for line in [
        "line 3: event_id",
        "line 4: a row has either turns or relationship_id",
        "line 6: there is no organization",
    ] {
        assert!(ran.stderr.contains(line), "{line} is missing in {}", ran.stderr);
    }
    assert_eq!(home.json(&format!("usage show --org {id}"))["turns"]["used"], 3);
}

async fn a_large_file_goes_in_batches(engine: Engine) {
    let home = Home::on(engine);
    let (one, other) = (home.organization("scale"), home.organization("scale"));
    let row = |row| format!("{},e{row},1,\n", if row % 3 == 0 { &one } else { &other });
    let rows = (0..1_200).map(row).collect::<Vec<_>>().concat();
    let text = format!("organization,event_id,turns,relationship_id\n{rows}");
    let ran = home.run_with_input("--output json usage record -", &text);
    assert_eq!(ran.stdout.trim(), "{\"recorded\":1200,\"duplicates\":0,\"refused\":0}", "{}", ran.stderr);
    assert_eq!(home.json(&format!("usage show --org {one}"))["turns"]["used"], 400);
    assert_eq!(home.json(&format!("usage show --org {other}"))["turns"]["used"], 800);
}

async fn an_event_is_counted_in_the_period_that_it_happened_in(engine: Engine) {
    let home = Home::on(engine);
    let id = home.organization("free");
    let text = format!("organization,event_id,turns,at\n{id},old,9,2001-01-01T00:00:00Z\n");
    let ran = home.run_with_input("--output json usage record -", &text);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(home.json(&format!("usage show --org {id}"))["turns"]["used"], 0);
}

#[test]
fn what_is_no_list_of_usage_is_refused() {
    let home = Home::new();
    let ran = home.run_with_input("usage record -", "hello\n");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("header line"), "{}", ran.stderr);
}

async fn an_interrupted_recording_says_how_to_go_on_and_counts_nothing_twice(engine: Engine) {
    let home = Home::on(engine);
    let id = home.organization("scale");
    let rows: Vec<String> = (0..700).map(|row| format!("e{row},1,")).collect();
    let text = csv(&id, &rows.iter().map(String::as_str).collect::<Vec<_>>());
    let mut command = home.command(["usage", "record", "-"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    let used = || home.json(&format!("usage show --org {id}"))["turns"]["used"].as_u64().unwrap();
    // The first batch is stored while the input is still open.
    while used() < 500 {}
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut says = String::new();
    child.stderr.take().unwrap().read_to_string(&mut says).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(says.contains("stopped after 500 new rows; record the file again"), "{says}");
    drop(input);
    let again = home.run_with_input("--output json usage record -", &text);
    assert_eq!(
        again.stdout.trim(),
        "{\"recorded\":200,\"duplicates\":500,\"refused\":0}",
        "{}",
        again.stderr
    );
}
