//! The arrows between the crates, and what the domain must not pull in, as `docs/ARCHITECTURE.md` states them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Every arrow that may exist: a crate, and the crates of the workspace that it depends on.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "countersign",
        &[
            "countersign-domain",
            "countersign-http",
            "countersign-jobs",
            "countersign-limits",
            "countersign-secrets",
            "countersign-storage",
            "countersign-webhooks",
        ],
    ),
    // It calls the built program from outside. The floor under it keeps its statements prepared as the adapter does.
    ("countersign-bench", &["countersign-bcrypt-lanes", "countersign-storage"]),
    ("countersign-bcrypt-lanes", &[]),
    ("countersign-domain", &[]),
    ("countersign-http", &["countersign-domain"]),
    ("countersign-jobs", &["countersign-domain"]),
    ("countersign-limits", &["countersign-domain"]),
    ("countersign-secrets", &["countersign-bcrypt-lanes", "countersign-domain"]),
    ("countersign-storage", &["countersign-domain"]),
    ("countersign-testkit", &["countersign-domain"]),
    ("countersign-webhooks", &["countersign-domain"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new().other_options(["--locked".to_owned(), "--offline".to_owned()]).exec().unwrap()
}

fn arrows(metadata: &Metadata, kind: DependencyKind) -> BTreeMap<String, BTreeSet<String>> {
    let members = metadata.workspace_packages();
    let names: BTreeSet<String> = members.iter().map(|package| package.name.to_string()).collect();
    let inside = |package: &cargo_metadata::Package| {
        let dependencies = package.dependencies.iter().filter(|dependency| dependency.kind == kind);
        dependencies.map(|dependency| dependency.name.clone()).filter(|name| names.contains(name)).collect()
    };
    members.iter().map(|package| (package.name.to_string(), inside(package))).collect()
}

#[test]
fn only_the_stated_arrows_exist() {
    let stated: BTreeMap<String, BTreeSet<String>> = ARROWS
        .iter()
        .map(|(from, to)| ((*from).to_owned(), to.iter().map(|name| (*name).to_owned()).collect()))
        .collect();
    assert_eq!(arrows(&metadata(), DependencyKind::Normal), stated);
}

#[test]
fn tests_share_nothing_but_the_testkit() {
    for (from, to) in arrows(&metadata(), DependencyKind::Development) {
        let others: Vec<_> = to.iter().filter(|name| *name != "countersign-testkit").collect();
        assert!(others.is_empty(), "the tests of {from} depend on {others:?}");
    }
}

#[test]
fn the_domain_needs_no_runtime_no_database_and_no_web_framework() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().unwrap();
    let name = |id: &PackageId| metadata[id].name.to_string();
    let domain =
        metadata.workspace_packages().into_iter().find(|package| package.name == "countersign-domain");
    let (mut seen, mut next) = (BTreeSet::new(), vec![domain.unwrap().id.clone()]);
    while let Some(id) = next.pop() {
        let node = resolve.nodes.iter().find(|node| node.id == id).unwrap();
        let normal = |dependency: &&cargo_metadata::NodeDep| {
            dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        };
        next.extend(
            node.deps
                .iter()
                .filter(normal)
                .map(|dependency| dependency.pkg.clone())
                .filter(|id| !seen.contains(id)),
        );
        seen.insert(id);
    }
    let names: BTreeSet<String> = seen.iter().map(name).collect();
    for needed in ["thiserror", "ulid"] {
        assert!(names.contains(needed), "the tree was not walked: {names:?}");
    }
    let unwanted = |name: &&String| {
        ["tokio", "diesel", "actix"].iter().any(|prefix| name.starts_with(prefix)) || name.contains("sqlite")
    };
    assert_eq!(names.iter().filter(unwanted).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// What makes a thread wait. Adapters that have to wait do so on threads of their own.
const BLOCKING: &[&str] = &[
    "std::fs",
    "std::process",
    "thread::sleep",
    "thread::park",
    "block_on",
    "block_in_place",
    "blocking_recv",
    "blocking_send",
    "blocking_lock",
    "recv_timeout",
    "stdin(",
];

#[test]
fn what_runs_on_the_runtime_calls_nothing_that_blocks() {
    let metadata = metadata();
    let mut files = 0;
    for crate_name in ["domain", "http", "limits"] {
        let folder = metadata.workspace_root.join("crates").join(crate_name).join("src");
        let mut folders = vec![folder.into_std_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let found: Vec<_> = BLOCKING.iter().filter(|name| text.contains(**name)).collect();
                    assert!(found.is_empty(), "{} has {found:?}", path.display());
                    files += 1;
                }
            }
        }
    }
    assert!(files > 50, "the sources were not walked");
}
