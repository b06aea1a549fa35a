//! A server with its world, and a client that can send anything.

pub mod client;
pub mod ports;
pub mod world;

pub use client::{Answer, Call};
pub use world::World;
