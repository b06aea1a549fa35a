//! The loss of the primary of PostgreSQL, with the cluster of `deploy/ha`: nobody restarts anything, nothing that was
//! acknowledged is lost, and no code is accepted twice.
#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    reason = "a test may panic and say what it measured, and its name says what it shows"
)]

mod cluster;
mod load;
mod service;
#[path = "../support/mod.rs"]
mod support;

use crate::cluster::{HaCluster, Replication};
use crate::load::Load;
use crate::service::Service;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synchronous_cluster_loses_nothing_and_accepts_no_code_twice() {
    let cluster = HaCluster::start(Replication::Synchronous);
    let service = Service::start(&cluster, &[]).await;
    let load = Load::begin(&service).await;
    cluster.kill_the_primary();
    let report = load.until_it_recovers().await;
    eprintln!("writes were acknowledged again after {:?}", report.longest_gap);
    assert_eq!(service.accepted_again(&report.verified).await, Vec::<String>::new());
    let counted = service.turns_used().await;
    let possible = report.turns_acknowledged..=report.turns_acknowledged + report.turns_unknown;
    assert!(possible.contains(&counted), "{counted} of {possible:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asynchronous_cluster_may_lose_writes_and_still_accepts_no_code_twice() {
    let accepted_again = after_losing_writes(&[]).await;
    assert_eq!(accepted_again, Vec::<String>::new());
}

/// What the quarantine is for: without it the test above would find what it looks for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_quarantine_an_asynchronous_cluster_accepts_codes_twice() {
    let accepted_again = after_losing_writes(&[("COUNTERSIGN_DATABASE__FAILOVER_QUARANTINE", "false")]).await;
    assert_ne!(accepted_again, Vec::<String>::new());
}

/// The users whose code was accepted twice, when the primary is lost with writes that no replica has.
async fn after_losing_writes(variables: &[(&str, &str)]) -> Vec<String> {
    let cluster = HaCluster::start(Replication::Asynchronous);
    let service = Service::start(&cluster, variables).await;
    cluster.cut_off_the_replicas();
    let verified = service.verify_everybody().await;
    cluster.kill_the_primary();
    service.wait_until_it_is_ready().await;
    service.accepted_again(&verified).await
}
