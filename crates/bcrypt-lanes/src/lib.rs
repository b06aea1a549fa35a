//! Several bcrypt computations interleaved on one core, in safe Rust.
