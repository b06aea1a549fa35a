//! Migrations are embedded when the crate is compiled; cargo has to know that they are part of it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
