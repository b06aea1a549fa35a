//! A store that is gone, hangs, forgets or refuses: decisions go on, and never more is given than a process may give.

use std::sync::Arc;

use countersign_domain::admission::ports::RateLimiter as _;
use countersign_domain::health::Dependency as _;
use countersign_testkit::contention::together;
use countersign_testkit::services::free_port;
use countersign_testkit::services::redis::RedisServer;

use crate::support::{
    HALF, WHOLE, is_shared, limiter, options, organization, spec, standing_still, take, until_shared,
};

#[tokio::test]
async fn without_the_store_a_process_gives_its_part() {
    let mut server = RedisServer::start();
    let limiter = limiter(&server.url(), standing_still()).await;
    assert_eq!(take(&limiter, 1).await.spec, WHOLE);
    server.kill();
    let mut given = 0;
    for _ in 0..30 {
        let decision = take(&limiter, 1).await;
        assert_eq!(decision.spec, HALF);
        given += usize::from(decision.allowed);
    }
    assert_eq!(given, 10);
    assert_eq!((limiter.losses(), limiter.local_decisions()), (1, 30));
    // A plan of one token is not divided to nothing.
    let smallest = limiter.take(organization(2), spec(1, 1)).await.unwrap();
    assert_eq!((smallest.allowed, smallest.spec), (true, spec(1, 1)));
}

#[tokio::test]
async fn when_the_store_is_back_limits_are_shared_again() {
    let mut server = RedisServer::start();
    let limiter = limiter(&server.url(), options()).await;
    server.kill();
    assert!(!is_shared(&limiter).await);
    server.restart();
    until_shared(&limiter).await;
    assert_eq!(limiter.losses(), 1);
    limiter.check().await.unwrap();
}

#[tokio::test]
async fn a_store_that_hangs_is_waited_for_once() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), countersign_limits::SharedOptions::default()).await;
    server.pause();
    let first = take(&limiter, 1).await;
    assert_eq!(first.spec, HALF);
    let reason = format!("{:?}", limiter.check().await.unwrap_err());
    assert!(reason.contains("no answer within"), "{reason}");
    for _ in 0..1_000 {
        assert_eq!(take(&limiter, 1).await.spec, HALF);
    }
    server.resume();
    until_shared(&limiter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_that_sees_the_store_die_is_answered() {
    let mut server = RedisServer::start();
    let limiter = Arc::new(limiter(&server.url(), standing_still()).await);
    let crowd = {
        let limiter = limiter.clone();
        tokio::spawn(together(200, move |_| {
            let limiter = limiter.clone();
            async move {
                let mut allowed = 0_usize;
                for _ in 0..20 {
                    allowed += usize::from(take(&limiter, 1).await.allowed);
                }
                allowed
            }
        }))
    };
    server.kill();
    let allowed: usize = crowd.await.unwrap().into_iter().sum();
    // Twenty by the store, and ten by the process on its own.
    assert!((10..=30).contains(&allowed), "{allowed}");
    assert_eq!(limiter.losses(), 1);
}

#[tokio::test]
async fn a_store_that_forgets_everything_gives_one_burst_more() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), standing_still()).await;
    let mut given = [0, 0];
    for given in &mut given {
        for _ in 0..30 {
            *given += usize::from(take(&limiter, 1).await.allowed);
        }
        server.cli(&["FLUSHALL"]);
    }
    assert_eq!(given, [20, 20]);
}

#[tokio::test]
async fn a_script_that_is_forgotten_is_told_again() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), standing_still()).await;
    assert_eq!(take(&limiter, 1).await.remaining, 19);
    server.cli(&["SCRIPT", "FLUSH"]);
    assert_eq!(take(&limiter, 1).await.remaining, 18);
    assert_eq!((limiter.losses(), limiter.local_decisions()), (0, 0));
}

#[tokio::test]
async fn a_store_that_refuses_to_write_is_not_used() {
    let refusals: [(&[&str], &[&str]); 2] = [
        (&["CONFIG", "SET", "maxmemory", "1"], &["CONFIG", "SET", "maxmemory", "0"]),
        (&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"]),
    ];
    for (refuse, recover) in refusals {
        let server = RedisServer::start();
        let limiter = limiter(&server.url(), options()).await;
        assert_eq!(server.cli(refuse), "OK");
        assert!(!is_shared(&limiter).await, "{refuse:?}");
        assert!(limiter.check().await.is_err());
        assert_eq!(server.cli(recover), "OK");
        until_shared(&limiter).await;
    }
}

#[tokio::test]
async fn a_process_may_begin_before_the_store() {
    let port = free_port();
    let limiter = limiter(&format!("redis://127.0.0.1:{port}"), options()).await;
    assert!(!is_shared(&limiter).await);
    let failure = limiter.check().await.unwrap_err();
    assert!(format!("{failure:?}").contains("refused"), "{failure:?}");
    assert!(limiter.is_dispensable());
}
