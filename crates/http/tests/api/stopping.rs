//! How the server stops.

use super::support::client::Connection;
use super::support::{Call, World};

#[tokio::test]
async fn requests_in_flight_are_finished_and_idle_connections_closed() {
    let (world, mut busy) = World::serving_a_set_up().await;
    let mut idle = Connection::open(world.address).await;
    idle.write(&Call::get("/healthz").bytes()).await;
    assert_eq!(idle.answer().await.unwrap().status, 200);

    let stop = tokio::spawn(world.handle.stop(true));
    assert!(idle.answer().await.is_none());
    world.hasher.open();
    let answer = busy.answer().await.unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    stop.await.unwrap();
    world.stopped.await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(world.address).await.is_err());
}
