//! One bucket for all who share the store.

use std::sync::Arc;

use countersign_domain::admission::ports::RateLimiter as _;
use countersign_limits::SharedRateLimiter;
use countersign_testkit::build::NOW;
use countersign_testkit::clock::ManualClock;
use countersign_testkit::contention::{CONTENDERS, rounds, together};
use countersign_testkit::services::redis::RedisServer;

use crate::support::{limiter, options, organization, spec, standing_still, store, take};

#[tokio::test]
async fn what_one_takes_is_missing_to_the_other() {
    let server = RedisServer::start();
    let one = limiter(&server.url(), standing_still()).await;
    let other = limiter(&server.url(), standing_still()).await;
    let left = [take(&one, 1).await, take(&other, 1).await, take(&one, 1).await].map(|d| d.remaining);
    assert_eq!(left, [19, 18, 17]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_processes_get_one_burst_together() {
    let server = RedisServer::start();
    let mut limiters = Vec::new();
    for _ in 0..4 {
        limiters.push(Arc::new(limiter(&server.url(), standing_still()).await));
    }
    for round in 0..rounds() {
        let key = organization(round.try_into().unwrap());
        let allowed = together(2 * CONTENDERS, |number| {
            let limiter = limiters[number % 4].clone();
            async move { limiter.take(key, spec(1, 20)).await.unwrap().allowed }
        })
        .await;
        assert_eq!(allowed.into_iter().filter(|allowed| *allowed).count(), 20);
    }
    assert!(limiters.iter().all(|limiter| limiter.local_decisions() == 0));
}

/// Threads that serve requests have runtimes of their own; the connection lives on another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_runtime_may_take() {
    let server = RedisServer::start();
    let clock = Arc::new(ManualClock::new(NOW));
    let limiter = Arc::new(SharedRateLimiter::connect(store(&server.url()), clock, options()).await);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let limiter = limiter.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    for _ in 0..25 {
                        let _ = take(&limiter, 1).await;
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    }
    assert_eq!(limiter.local_decisions(), 0);
}
