//! The second factor: TOTP (RFC 6238) with backup codes, from set-up to removal.

pub mod backup_code;
pub mod code;
pub mod factor;
pub mod lockout;
pub mod otpauth;
pub mod params;
pub mod ports;
pub mod presented_code;
pub mod secret;
pub mod setup;
pub mod status;
pub mod verify_setup;
