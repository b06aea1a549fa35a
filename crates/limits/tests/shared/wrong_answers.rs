//! A store that says what no store should say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{is_shared, limiter, options, until_shared};

const GIVEN: &[u8] = b"*3\r\n:1\r\n:1000000\r\n:0\r\n";

const WRONG: [&[u8]; 16] = [
    b"-LOADING Redis is loading the dataset in memory\r\n",
    b"-MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk\r\n",
    b"-READONLY You can't write against a read only replica.\r\n",
    b"-MOVED 3999 127.0.0.1:1\r\n",
    b"-ASK 3999 127.0.0.1:1\r\n",
    b"-CLUSTERDOWN The cluster is down\r\n",
    b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    b"-NOSCRIPT No matching script.\r\n",
    b"-NOAUTH Authentication required.\r\n",
    b"+OK\r\n",
    b"$-1\r\n",
    b":1\r\n",
    b"*3\r\n:1\r\n:-1\r\n:0\r\n",
    b"*3\r\n:7\r\n:1000000\r\n:0\r\n",
    b"\x00\xff\x00\xffHTTP/1.1 400 Bad Request\r\n\r\n",
    b"$99999999999999999999\r\n",
];

/// A server that gives a token to whoever asks, until it is spoilt.
struct Fake {
    port: u16,
    spoilt: Arc<AtomicBool>,
}

impl Fake {
    async fn start(wrong: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let spoilt = Arc::<AtomicBool>::default();
        let says = spoilt.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, wrong, says.clone()));
            }
        });
        Self { port, spoilt }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

async fn serve(mut stream: TcpStream, wrong: &'static [u8], spoilt: Arc<AtomicBool>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
        for command in text.split("\r\n*") {
            let answer = match (command.contains("EVAL"), spoilt.load(Ordering::SeqCst)) {
                (true, true) => wrong,
                (true, false) => GIVEN,
                (false, _) => b"+OK\r\n",
            };
            if stream.write_all(answer).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn what_is_wrong_from_the_beginning_is_never_believed() {
    for wrong in WRONG {
        let fake = Fake::start(wrong).await;
        fake.spoilt.store(true, Ordering::SeqCst);
        let limiter = limiter(&fake.url(), options()).await;
        assert!(!is_shared(&limiter).await, "{}", wrong.escape_ascii());
    }
}

#[tokio::test]
async fn what_goes_wrong_later_is_noticed_and_forgiven() {
    for wrong in WRONG {
        let fake = Fake::start(wrong).await;
        let limiter = limiter(&fake.url(), options()).await;
        assert!(is_shared(&limiter).await);
        fake.spoilt.store(true, Ordering::SeqCst);
        assert!(!is_shared(&limiter).await, "{}", wrong.escape_ascii());
        fake.spoilt.store(false, Ordering::SeqCst);
        until_shared(&limiter).await;
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_does_not_keep_anybody_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let limiter = limiter(&url, options()).await;
    assert!(!is_shared(&limiter).await);
    assert_eq!(limiter.losses(), 0);
}
