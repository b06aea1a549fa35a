//! The second factor: TOTP (RFC 6238) with backup codes, from set-up to removal.

pub mod assertion;
pub mod backup_code;
pub mod backup_codes;
pub mod base32;
pub mod change_policy;
pub mod code;
pub mod disable;
pub mod factor;
pub mod import;
pub mod imported_code;
pub mod lockout;
mod matching;
pub mod otpauth;
pub mod params;
pub mod policy;
pub mod ports;
pub mod presented_code;
pub mod proof;
pub mod proof_ports;
pub mod regenerate;
pub mod reseal;
pub mod reset;
pub mod secret;
pub mod setup;
pub mod status;
pub mod verify;
pub mod verify_setup;
