//! What is true of one code is true over all nodes.

use futures_util::future::join_all;

use crate::cluster::{Cluster, count};
use crate::support::authenticator::{code, next_code};
use crate::support::text;

const CONTENDERS: usize = 96;

#[tokio::test]
async fn a_code_is_accepted_once_whichever_nodes_it_is_shown_to() {
    let cluster = Cluster::start();
    let token = cluster.home.token(&cluster.organization(), "alice");
    let setup = cluster.next().setup(&token).await.body();
    let secret = text(&setup["secret"]);
    let confirming = code(&secret);
    let answers = join_all((0..CONTENDERS).map(|_| cluster.next().verify_setup(&token, &confirming))).await;
    assert_eq!((count(&answers, 200), count(&answers, 409)), (1, CONTENDERS - 1), "{answers:?}");

    for presented in [next_code(&secret), text(&setup["backup_codes"][3])] {
        let answers = join_all((0..CONTENDERS).map(|_| cluster.verify(&token, &presented))).await;
        assert_eq!(count(&answers, 200), 1, "{answers:?}");
        // A backup code that is used already counts as a wrong one, so that the last ones may find a lock.
        assert_eq!(count(&answers, 422) + count(&answers, 423), CONTENDERS - 1, "{answers:?}");
    }
}

#[tokio::test]
async fn no_more_wrong_codes_are_judged_than_one_node_would() {
    let cluster = Cluster::start();
    let token = cluster.home.token(&cluster.organization(), "alice");
    let secret = text(&cluster.next().setup(&token).await.body()["secret"]);
    assert_eq!(cluster.next().verify_setup(&token, &code(&secret)).await.status, 200);
    let wrong = if next_code(&secret) == "000000" || code(&secret) == "000000" { "111111" } else { "000000" };
    let answers = join_all((0..CONTENDERS).map(|_| cluster.verify(&token, wrong))).await;
    assert_eq!((count(&answers, 422), count(&answers, 423)), (5, CONTENDERS - 5), "{answers:?}");
}
