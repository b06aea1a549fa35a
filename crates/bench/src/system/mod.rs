//! The system under test: the built program with its data, and the people who use it.

pub(crate) mod cluster;
pub(crate) mod crowd;
pub(crate) mod enrol;
pub(crate) mod home;
pub(crate) mod import;
pub(crate) mod people;
pub(crate) mod process;
pub(crate) mod server;
pub(crate) mod site;
