//! A connection that stays open from request to request.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::reply::{self, Reply};

/// Replies are shorter than this, so one read takes a whole one.
const ROOM: usize = 16 * 1024;

pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(ROOM) })
    }

    /// Sends `request`, waits for the whole reply, and tells its status.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        Ok(self.round_trip(request).await?.status)
    }

    /// The same, with the body of the reply.
    pub(crate) async fn answer(&mut self, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let Reply { status, body, end } = self.round_trip(request).await?;
        Ok((status, self.received.get(body..end).unwrap_or_default().to_vec()))
    }

    async fn round_trip(&mut self, request: &[u8]) -> io::Result<Reply> {
        self.received.clear();
        self.stream.write_all(request).await?;
        loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(reply) = reply::find(&self.received)? {
                return Ok(reply);
            }
        }
    }
}
