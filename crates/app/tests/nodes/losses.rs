//! A node that is lost takes nothing with it that was answered.

use futures_util::future::join_all;

use crate::cluster::Cluster;
use crate::support::authenticator::code;
use crate::support::text;

#[tokio::test]
async fn what_a_lost_node_has_answered_is_in_force_on_the_others() {
    let mut cluster = Cluster::start();
    let organization = cluster.organization();
    let tokens: Vec<_> =
        (0..12).map(|number| cluster.home.token(&organization, &format!("user-{number}"))).collect();
    let lost = cluster.nodes.remove(0);
    let enrol = async |token: &String| {
        let setup = lost.setup(token).await;
        let confirmed = lost.verify_setup(token, &code(&text(&setup.body()["secret"]))).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    };
    join_all(tokens.iter().map(enrol)).await;
    lost.kill();
    for token in &tokens {
        assert_eq!(cluster.next().state(token).await, "enabled");
    }
    let again = cluster.start_node();
    assert_eq!(again.state(&tokens[0]).await, "enabled");
}
