//! The whole benchmark in seconds, against the program of this build: its figures are worth nothing, but it cannot rot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::path::PathBuf;

use countersign_bench::{Extent, Places, Size, run};

/// The program that was built with this test.
fn program() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let folder = this.parent().and_then(|deps| deps.parent()).unwrap();
    let program = folder.join(format!("countersign{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is missing: build it with `cargo build -p countersign`", program.display());
    program
}

#[test]
fn everything_is_measured_and_written_down_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places {
        binary: program(),
        work: folder.path().join("work"),
        documents: folder.path().join("documents"),
        json: folder.path().join("latest.json"),
    };
    let rows = run(&Extent::of(Size::Smoke), &places).unwrap();
    for named in
        ["interleaved", "verify, right", "verify, wrong", "GET /v1/me/2fa", "rate limiter", "backup code"]
            .into_iter()
            .chain([
                "setup",
                "usage/turns",
                "take every hashing thread",
                "floods",
                "start to ready",
                "idle",
                "with 40 users",
                "reseal",
                "user import",
            ])
    {
        assert!(rows.iter().any(|row| row.row.contains(named)), "no row tells of {named}: {rows:#?}");
    }
    assert!(rows.iter().all(|row| row.value > 0.0 && row.ratio > 0.0), "{rows:#?}");

    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let json: Vec<serde_json::Value> = serde_json::from_str(&read(places.json)).unwrap();
    assert_eq!(json.len(), rows.len());
    let page = read(places.documents.join("README.md"));
    assert!(rows.iter().all(|row| page.contains(&row.row)));
    let on_postgres = rows.iter().filter(|row| row.row.contains("on PostgreSQL")).count();
    assert!(on_postgres == 3 || page.contains("Not measured: PostgreSQL: "), "{page}");
    for plot in ["lanes.svg", "growth.svg", "memory.svg"] {
        assert!(page.contains(plot) && read(places.documents.join(plot)).contains("<circle"));
    }
    assert_eq!(std::fs::read_dir(&places.work).unwrap().count(), 0);
}
