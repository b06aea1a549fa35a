//! What the log says of a loss.

use std::io;
use std::sync::{Arc, Mutex};

use countersign_testkit::services::redis::RedisServer;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{limiter, options, take, until_shared};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Everything happens on one thread, so that the log of this thread is all of it.
#[tokio::test]
async fn a_loss_and_its_end_are_one_line_each() {
    let log = Kept::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
    let _kept = tracing::subscriber::set_default(subscriber);
    let mut server = RedisServer::start_with(&["--requirepass", "hunter2"]);
    let limiter = limiter(&format!("redis://:hunter2@127.0.0.1:{}", server.port()), options()).await;
    server.kill();
    for _ in 0..50 {
        let _ = take(&limiter, 1).await;
    }
    server.restart();
    until_shared(&limiter).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains("WARN") && lines[0].contains("shared limits are lost"), "{log}");
    assert!(lines[1].contains("INFO") && lines[1].contains("limits are shared"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}
