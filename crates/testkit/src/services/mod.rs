//! Servers that a test starts for itself and ends by their process. A missing program fails the test.

pub mod authority;
pub mod postgres;
pub mod redis;

use std::net::TcpListener;
use std::time::{Duration, Instant};

/// No server takes that long to be ready unless it hangs.
const HANG: Duration = Duration::from_mins(1);

/// A port of the loopback interface that nobody listens on now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until `fact` holds.
pub(crate) fn wait_until(what: &str, mut fact: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !fact() {
        assert!(begun.elapsed() < HANG, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(10));
    }
}
