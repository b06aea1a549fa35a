//! Who may come in: principals, scopes, rates.

pub mod admit;
pub mod api_key;
pub mod authenticate;
pub mod bucket;
pub mod organization;
pub mod ports;
pub mod principal;
pub mod scope;
