//! The database refuses by itself what the code must never do.

use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;

use crate::support::{Files, count};

const ORGANIZATION: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A database with one valid row of everything.
fn furnished() -> (Files, SqliteConnection) {
    let files = Files::migrated();
    let mut connection = files.sql();
    connection.batch_execute(&valid_rows()).unwrap();
    (files, connection)
}

/// What each row of `factors` says; other columns have defaults.
const FACTOR: &str =
    "factors (organization_id, environment, user_id, factor_id, sealing_key_id, sealed_secret, algorithm,
    digits, period_seconds, state, setup_id, expires_at, attempts, enabled_at, last_step)";

/// `@` stands for an id, `FACTOR` for the table with its columns.
fn sql(text: &str) -> String {
    text.replace('@', ORGANIZATION).replace("FACTOR", FACTOR)
}

fn valid_rows() -> String {
    sql("
    INSERT INTO organizations VALUES ('@', 'Example', 'free', 'active', 31, 0, 1, NULL, 3, 30, 8);
    INSERT INTO api_keys VALUES (1, 'abcdefghijkl', '@', 'live', '2fa:read', zeroblob(32), 0, 7);
    INSERT INTO FACTOR VALUES ('@', 'live', 'pending', '@', 1, x'00', 'SHA1', 6, 30, 'pending', '@', 10, 0, NULL, NULL);
    INSERT INTO FACTOR VALUES ('@', 'live', 'enabled', '@', 1, x'00', 'SHA1', 6, 30, 'enabled', NULL, NULL, NULL, 5, 7);
    INSERT INTO backup_code_sets VALUES ('@', 'live', 'enabled', '@', 1);
    INSERT INTO backup_codes VALUES ('@', 'live', 'enabled', 0, '$2b$10$' || printf('%053d', 0), 9);
    INSERT INTO FACTOR VALUES ('@', 'live', 'imported', '@', 1, x'00', 'SHA1', 6, 30, 'enabled', NULL, NULL, NULL, 5, 7);
    INSERT INTO imported_backup_codes VALUES ('@', 'live', 'imported', 19, '$2y$12$' || printf('%053d', 0), 9);
    INSERT INTO setup_claims VALUES ('@', 'live', 'alice', '@', 10, 20, 1);
    INSERT INTO usage_counters VALUES ('@', 'live', 0, 1, 1);
    INSERT INTO active_relationships VALUES ('@', 'live', 0, 'r');
    INSERT INTO usage_events VALUES ('@', 'live', 'turns', 0, 0, 1, NULL);
    INSERT INTO usage_events VALUES ('@', 'live', 'relationship', 0, 0, NULL, 'r');
    INSERT INTO audit_events VALUES ('@', '@', 'live', 'alice', 'n', '[]', 'user', NULL, NULL, 0);
    INSERT INTO idempotent_calls VALUES ('@', 'live', zeroblob(32), zeroblob(32), '@', NULL, NULL, NULL, 0);
    INSERT INTO key_registry VALUES ('sealing', 1, zeroblob(16));
    ")
}

/// Each statement is refused with a message that names the reason.
fn refused(cases: &[(&str, &str)]) {
    let (_files, mut connection) = furnished();
    for (statement, reason) in cases {
        let outcome = connection.batch_execute(&sql(statement));
        let message = outcome.expect_err(statement).to_string();
        assert!(message.contains(reason), "{statement}\nwas refused with: {message}");
    }
}

#[test]
fn tables_take_only_the_types_of_their_columns() {
    refused(&[
        ("UPDATE organizations SET anchor_day = 'first'", "cannot store TEXT"),
        ("UPDATE factors SET last_step = 'seven' WHERE user_id = 'enabled'", "cannot store TEXT"),
        ("UPDATE usage_counters SET turns = 1.5", "cannot store REAL"),
        ("UPDATE backup_codes SET hash = x'00'", "cannot store BLOB"),
    ]);
}

#[test]
fn a_plan_has_a_plain_name_and_positive_rates() {
    refused(&[
        ("INSERT INTO plans VALUES ('Pro', 1, 1, 1, 1, 0)", "id NOT GLOB"),
        ("INSERT INTO plans VALUES ('', 1, 1, 1, 1, 0)", "length(id)"),
        ("INSERT INTO plans VALUES ('x', 0, 1, 1, 1, 0)", "requests_per_second"),
        ("INSERT INTO plans VALUES ('x', 1, 4294967296, 1, 1, 0)", "burst"),
        ("INSERT INTO plans VALUES ('x', 1, 1, -1, 1, 0)", "turns"),
        ("INSERT INTO plans VALUES ('x', 1, 1, 1, -1, 0)", "relationships"),
        ("INSERT INTO plans VALUES ('x', 1, 1, 1, 1, 2)", "security_calls_exempt"),
        ("INSERT INTO plans VALUES ('free', 1, 1, 1, 1, 0)", "UNIQUE"),
    ]);
}

#[test]
fn an_organization_has_a_plan_that_exists() {
    refused(&[
        ("UPDATE organizations SET plan_id = 'none'", "FOREIGN KEY"),
        ("DELETE FROM plans WHERE id = 'free'", "FOREIGN KEY"),
        ("UPDATE plans SET id = 'gratis' WHERE id = 'free'", "FOREIGN KEY"),
        ("UPDATE organizations SET status = 'gone'", "status"),
        ("UPDATE organizations SET anchor_day = 32", "anchor_day"),
        ("UPDATE organizations SET name = ''", "length(name)"),
        ("DELETE FROM organizations", "FOREIGN KEY"),
    ]);
}

#[test]
fn no_policy_makes_guessing_easy() {
    refused(&[
        ("UPDATE organizations SET require_2fa = 2", "require_2fa"),
        ("UPDATE organizations SET max_attempts = 2", "max_attempts"),
        ("UPDATE organizations SET max_attempts = 11", "max_attempts"),
        ("UPDATE organizations SET lock_seconds = 29", "lock_seconds"),
        ("UPDATE organizations SET lock_seconds = 3601", "lock_seconds"),
        ("UPDATE organizations SET code_digits = 7", "code_digits"),
        ("UPDATE organizations SET max_attempts = NULL", "NOT NULL"),
    ]);
}

#[test]
fn a_call_is_named_by_digests_and_its_answer_by_its_key() {
    refused(&[
        ("UPDATE idempotent_calls SET name = zeroblob(31)", "length(name)"),
        ("UPDATE idempotent_calls SET request_digest = zeroblob(33)", "length(request_digest)"),
        ("UPDATE idempotent_calls SET claim_id = 'x'", "length(claim_id)"),
        ("UPDATE idempotent_calls SET secrets_of = ''", "length(secrets_of)"),
        ("UPDATE idempotent_calls SET sealed_answer = x'00'", "sealing_key_id IS NULL"),
        ("UPDATE idempotent_calls SET sealing_key_id = 1", "sealing_key_id IS NULL"),
        ("UPDATE idempotent_calls SET sealing_key_id = 1, sealed_answer = x''", "length(sealed_answer)"),
        (
            "INSERT INTO idempotent_calls VALUES ('@', 'live', zeroblob(32), zeroblob(32), '@', NULL, NULL, NULL, 9)",
            "UNIQUE",
        ),
    ]);
}

#[test]
fn an_api_key_keeps_its_identity_and_stays_revoked() {
    refused(&[
        ("UPDATE api_keys SET revoked_at = NULL", "the first revocation"),
        ("UPDATE api_keys SET revoked_at = 8", "the first revocation"),
        ("UPDATE api_keys SET digest = zeroblob(32)", "the identity"),
        ("UPDATE api_keys SET environment = 'test'", "the identity"),
        ("INSERT INTO api_keys VALUES (2, 'short', '@', 'live', '', randomblob(32), 0, NULL)", "length(id)"),
        (
            "INSERT INTO api_keys VALUES (2, 'ABCDEFGHIJKL', '@', 'live', '', zeroblob(31), 0, NULL)",
            "length(digest)",
        ),
        (
            "INSERT INTO api_keys VALUES (2, 'ABCDEFGHIJKL', '@', 'live', '', zeroblob(32), 0, NULL)",
            "api_keys.digest",
        ),
        (
            "INSERT INTO api_keys VALUES (2, 'abcdefghijkl', '@', 'live', '', randomblob(32), 0, NULL)",
            "api_keys.id",
        ),
        (
            "INSERT INTO api_keys VALUES (2, 'ABCDEFGHIJKL', 'x', 'live', '', randomblob(32), 0, NULL)",
            "FOREIGN KEY",
        ),
    ]);
}

#[test]
fn a_pending_factor_has_what_a_pending_one_has_and_nothing_else() {
    refused(&[
        ("UPDATE factors SET setup_id = NULL WHERE state = 'pending'", "setup_id"),
        ("UPDATE factors SET expires_at = NULL WHERE state = 'pending'", "expires_at"),
        ("UPDATE factors SET attempts = NULL WHERE state = 'pending'", "attempts"),
        ("UPDATE factors SET attempts = -1 WHERE state = 'pending'", "attempts"),
        ("UPDATE factors SET enabled_at = 1 WHERE state = 'pending'", "enabled_at"),
        ("UPDATE factors SET last_step = 1 WHERE state = 'pending'", "last_step"),
        ("UPDATE factors SET state = 'enabled' WHERE state = 'pending'", "state = 'pending'"),
    ]);
}

#[test]
fn an_enabled_factor_has_what_an_enabled_one_has_and_nothing_else() {
    refused(&[
        ("UPDATE factors SET enabled_at = NULL WHERE state = 'enabled'", "enabled_at"),
        ("UPDATE factors SET setup_id = '@' WHERE state = 'enabled'", "setup_id"),
        ("UPDATE factors SET expires_at = 1 WHERE state = 'enabled'", "expires_at"),
        ("UPDATE factors SET attempts = 0 WHERE state = 'enabled'", "attempts"),
        ("UPDATE factors SET state = 'pending' WHERE state = 'enabled'", "never becomes pending again"),
        ("UPDATE factors SET state = 'gone' WHERE state = 'pending'", "state"),
    ]);
}

#[test]
fn the_last_step_never_becomes_smaller() {
    refused(&[
        ("UPDATE factors SET last_step = 6 WHERE state = 'enabled'", "never becomes smaller"),
        ("UPDATE factors SET last_step = NULL WHERE state = 'enabled'", "never becomes smaller"),
        ("UPDATE factors SET last_step = -1 WHERE state = 'enabled'", "never becomes smaller"),
        (
            "INSERT INTO FACTOR VALUES ('@', 'live', 'x', '@', 1, x'00', 'SHA1', 6, 30, 'enabled', NULL, NULL, NULL, 5, -1)",
            "last_step >= 0",
        ),
    ]);
    let (_files, mut connection) = furnished();
    connection.batch_execute("UPDATE factors SET last_step = 8 WHERE state = 'enabled'").unwrap();
}

#[test]
fn a_user_has_one_factor_with_sound_parameters() {
    refused(&[
        (
            "INSERT INTO FACTOR VALUES ('@', 'live', 'enabled', '@', 1, x'00', 'SHA1', 6, 30, 'pending', '@', 10, 0, NULL, NULL)",
            "UNIQUE",
        ),
        ("UPDATE factors SET algorithm = 'MD5'", "algorithm"),
        ("UPDATE factors SET digits = 5", "digits"),
        ("UPDATE factors SET period_seconds = 14", "period_seconds"),
        ("UPDATE factors SET environment = 'prod'", "environment"),
        ("UPDATE factors SET sealed_secret = x''", "sealed_secret"),
        ("UPDATE factors SET sealing_key_id = -1", "sealing_key_id"),
    ]);
}

#[test]
fn a_backup_code_has_one_of_ten_slots_and_stays_used() {
    refused(&[
        ("UPDATE backup_codes SET used_at = NULL", "stays used"),
        ("UPDATE backup_codes SET used_at = 10", "stays used"),
        ("UPDATE backup_codes SET slot = 10", "slot"),
        ("UPDATE backup_codes SET slot = -1", "slot"),
        ("UPDATE backup_codes SET hash = 'short'", "length(hash)"),
        ("UPDATE backup_codes SET hash = printf('%060d', 0)", "GLOB"),
        ("INSERT INTO backup_codes SELECT * FROM backup_codes", "UNIQUE"),
        ("UPDATE imported_backup_codes SET used_at = NULL", "stays used"),
        ("UPDATE imported_backup_codes SET number = 20", "number"),
        ("UPDATE imported_backup_codes SET hash = '$2x$10$' || printf('%053d', 0)", "GLOB"),
        ("INSERT INTO imported_backup_codes SELECT * FROM imported_backup_codes", "UNIQUE"),
        (
            "INSERT INTO imported_backup_codes SELECT organization_id, environment, 'bob', number, hash, NULL
             FROM imported_backup_codes",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO imported_backup_codes VALUES ('@', 'live', 'enabled', 0, '$2y$12$' || printf('%053d', 0), NULL)",
            "one kind of backup codes",
        ),
        ("INSERT INTO backup_code_sets VALUES ('@', 'live', 'imported', '@', 1)", "one kind of backup codes"),
        (
            "INSERT INTO backup_codes SELECT organization_id, environment, 'bob', slot, hash, NULL FROM backup_codes",
            "FOREIGN KEY",
        ),
        ("INSERT INTO backup_code_sets VALUES ('@', 'live', 'bob', '@', 1)", "FOREIGN KEY"),
        ("INSERT INTO backup_code_sets VALUES ('@', 'live', 'enabled', '@', 1)", "UNIQUE"),
    ]);
}

#[test]
fn codes_go_with_their_factor() {
    let (_files, mut connection) = furnished();
    connection.batch_execute("DELETE FROM factors WHERE user_id IN ('enabled', 'imported')").unwrap();
    assert_eq!(count(&mut connection, "backup_code_sets"), 0);
    assert_eq!(count(&mut connection, "backup_codes"), 0);
    assert_eq!(count(&mut connection, "imported_backup_codes"), 0);
}

#[test]
fn a_claim_has_a_lease_and_a_count_that_is_not_negative() {
    refused(&[
        ("UPDATE setup_claims SET lease_ends_at = NULL", "claim_id IS NULL"),
        ("UPDATE setup_claims SET claim_id = NULL", "claim_id IS NULL"),
        ("UPDATE setup_claims SET setups = -1", "setups"),
    ]);
}

#[test]
fn usage_is_never_negative_and_counts_once() {
    refused(&[
        ("UPDATE usage_counters SET turns = -1", "turns"),
        ("UPDATE usage_counters SET active_relationships = -1", "active_relationships"),
        ("UPDATE usage_counters SET turns = 9223372036854775807 + turns", "cannot store REAL"),
        ("INSERT INTO usage_events VALUES ('@', 'live', 'turns', 0, 0, 1, NULL)", "UNIQUE"),
        ("INSERT INTO active_relationships VALUES ('@', 'live', 0, 'r')", "UNIQUE"),
        ("UPDATE usage_events SET relationship_id = 'r' WHERE turns = 1", "turns IS NULL"),
        ("UPDATE usage_events SET turns = NULL", "turns IS NULL"),
    ]);
}

#[test]
fn the_audit_trail_is_append_only() {
    refused(&[
        ("UPDATE audit_events SET actor = 'operator'", "append-only"),
        ("DELETE FROM audit_events", "append-only"),
        (
            "INSERT OR REPLACE INTO audit_events VALUES ('@', '@', NULL, NULL, 'n', '[]', 'user', NULL, NULL, 0)",
            "append-only",
        ),
        (
            "INSERT INTO audit_events VALUES ('@', 'short', NULL, NULL, 'n', '[]', 'user', NULL, NULL, 0)",
            "length(id)",
        ),
        (
            "INSERT INTO audit_events VALUES ('@', '01ARZ3NDEKTSV4RRFFQ69G5FAW', NULL, NULL, 'n', '[', 'user', NULL, NULL, 0)",
            "json_valid",
        ),
    ]);
}

#[test]
fn a_registered_key_never_changes() {
    refused(&[
        ("UPDATE key_registry SET check_value = zeroblob(16)", "never changes"),
        ("DELETE FROM key_registry", "never forgotten"),
        ("INSERT INTO key_registry VALUES ('sealing', 1, zeroblob(16))", "UNIQUE"),
        ("INSERT INTO key_registry VALUES ('signing', 2, zeroblob(16))", "purpose"),
        ("INSERT INTO key_registry VALUES ('pepper', 2, zeroblob(15))", "check_value"),
    ]);
}
