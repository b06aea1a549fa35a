//! The Diesel adapter: every port that keeps data, over one database.
//!
//! [`Database`] implements the storing ports of the domain; [`CachedOrganizations`] and [`CachedApiKeys`] stand
//! in front of what each request reads. [`migrate`] changes the schema, and [`ServerLock`] keeps a second server
//! off a SQLite file.
//!
//! # How a call reaches the database
//!
//! Every method of a port is one *unit*: a closure over a connection that can be repeated. [`Database`] hands
//! it to threads of its own through a bounded queue, so that nothing blocks the async runtime and overload is
//! [`PortFailure::Unavailable`](countersign_domain::failure::PortFailure) within a second. Reads run on a few
//! threads with connections that cannot write. On SQLite all writes run on one thread that commits in groups: it
//! takes what waits, runs it in one immediate transaction, commits once, and only then answers; when a unit fails,
//! it does so again with each unit under a savepoint. On PostgreSQL several threads write, each unit in a transaction of its own; one that loses to
//! another, or its connection, is repeated.
//!
//! # How to extend it
//!
//! - *A table*: a new migration (`migrations/{sqlite,postgres}/<id>/{up,down}.sql`, never an edit of a released one)
//!   with the constraints that back the code, and its `table!` in `schema.rs`. In PostgreSQL an `INTEGER` that holds
//!   an instant, a count or a key's name is a `BIGINT` (what `schema.rs` says decides), a truth value a `BOOLEAN`,
//!   `TEXT` is `TEXT COLLATE "C"`, `BLOB` is `BYTEA`, `GLOB` is `~`, and there is no `STRICT, WITHOUT ROWID`. A trigger
//!   that refuses runs `refuse_change('what it says')`; what must stay also refuses `TRUNCATE`. A check over several
//!   columns has a name that holds the column which a test would look for.
//! - *A port*: one file in `ports/`. A method is one unit. Claims and counts are one conditional `UPDATE`, or a plain
//!   `INSERT` whose unique violation is an answer; `ON CONFLICT` and batch inserts do not exist on a
//!   [`diesel::MultiConnection`]. Others write at the same time: a unit that reads before it writes locks first what it
//!   reads (the factor before what belongs to it), or finds out afterwards that it lost and says so
//!   (`UnitFailure::Conflict`). A look-up by a unique key is `get_result`: the `LIMIT` of
//!   `first` would make SQLite plan the statement again at each call. Whatever a row holds is checked while it is read:
//!   a broken one is
//!   [`PortFailure::Corrupt`](countersign_domain::failure::PortFailure), never a panic.
//! - *A database system*: a variant of `AnyConnection` behind a cargo feature, a scheme of [`DatabaseUrl`], and a
//!   migration folder with the same ids. The units stay as they are.

mod backend;
mod cache;
mod column;
mod connect;
mod database;
mod failover;
mod filesystem;
pub mod migrate;
mod open_connections;
mod pool;
mod ports;
#[cfg(feature = "postgres")]
mod postgres;
pub mod prepared;
mod queue;
mod readers;
mod schema;
mod server_lock;
mod sqlite;
mod unit;
mod url;
mod writer;

pub use cache::api_keys::CachedApiKeys;
pub use cache::organizations::CachedOrganizations;
pub use connect::ConnectError;
pub use database::{Database, DatabaseOptions, OpenError};
pub use filesystem::UnsuitableFileSystem;
pub use server_lock::{ServerLock, ServerLockError};
pub use url::{DatabaseUrl, NotADatabaseUrl};
