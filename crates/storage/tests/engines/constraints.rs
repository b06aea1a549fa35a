//! The database refuses by itself what the code must never do.

use countersign_storage::migrate;
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    a_plan_has_a_plain_name_and_positive_rates,
    an_organization_has_a_plan_that_exists,
    no_policy_makes_guessing_easy,
    a_call_is_named_by_digests_and_its_answer_by_its_key,
    an_api_key_keeps_its_identity_and_stays_revoked,
    a_pending_factor_has_what_a_pending_one_has_and_nothing_else,
    an_enabled_factor_has_what_an_enabled_one_has_and_nothing_else,
    the_last_step_never_becomes_smaller,
    a_user_has_one_factor_with_sound_parameters,
    a_backup_code_has_one_of_ten_slots_and_stays_used,
    backup_codes_are_counted_beside_their_factor,
    backup_codes_that_were_there_before_their_count_are_counted,
    a_count_of_backup_codes_is_possible_and_has_a_kind,
    codes_go_with_their_factor,
    a_claim_has_a_lease_and_a_count_that_is_not_negative,
    usage_is_never_negative_and_counts_once,
    a_kept_answer_is_one_that_was_possible,
    the_audit_trail_is_append_only,
    the_lists_of_users_events_are_append_only,
    a_registered_key_never_changes,
    nothing_that_stays_is_swept_away,
);

const ORGANIZATION: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A database with one valid row of everything.
fn furnished(engine: Engine) -> TestDatabase {
    let database = TestDatabase::migrated(engine);
    database.sql(&valid_rows());
    database
}

/// What each row of `factors` says; other columns have defaults.
const FACTOR: &str =
    "factors (organization_id, environment, user_id, factor_id, sealing_key_id, sealed_secret, algorithm,
    digits, period_seconds, state, setup_id, expires_at, attempts, enabled_at, last_step)";

/// `@` stands for an id, `FACTOR` for the table with its columns, `HASH` for a hash.
fn sql(text: &str) -> String {
    let hash = format!("$2b$10${:053}", 0);
    text.replace('@', ORGANIZATION).replace("FACTOR", FACTOR).replace("HASH", &hash)
}

fn valid_rows() -> String {
    sql("
    INSERT INTO organizations VALUES ('@', 'Example', 'free', 'active', 31, 0, true, NULL, 3, 30, 8);
    INSERT INTO api_keys VALUES (1, 'abcdefghijkl', '@', 'live', '2fa:read', zeroblob(32), 0, 7);
    INSERT INTO FACTOR VALUES ('@', 'live', 'pending', '@', 1, zeroblob(1), 'SHA1', 6, 30, 'pending', '@', 10, 0, NULL, NULL);
    INSERT INTO FACTOR VALUES ('@', 'live', 'enabled', '@', 1, zeroblob(1), 'SHA1', 6, 30, 'enabled', NULL, NULL, NULL, 5, 7);
    INSERT INTO backup_code_sets VALUES ('@', 'live', 'enabled', '@', 1);
    INSERT INTO backup_codes VALUES ('@', 'live', 'enabled', 0, 'HASH', 9);
    INSERT INTO FACTOR VALUES ('@', 'live', 'imported', '@', 1, zeroblob(1), 'SHA1', 6, 30, 'enabled', NULL, NULL, NULL, 5, 7);
    INSERT INTO imported_backup_codes VALUES ('@', 'live', 'imported', 19, 'HASH', 9);
    INSERT INTO setup_claims VALUES ('@', 'live', 'alice', '@', 10, 20, 1);
    INSERT INTO usage_periods VALUES ('@', 'live', 0, 1, 1, 1, 0);
    INSERT INTO relationships VALUES ('@', 'live', 'r', 0, NULL);
    INSERT INTO usage_accounts VALUES ('@', 'live', 1);
    INSERT INTO turn_answers VALUES ('@', 'live', 'k', 1, 1, 10, 0, NULL, 0, 1, 2);
    INSERT INTO usage_events VALUES ('@', 'live', 'turns', 0, 0, 1, NULL);
    INSERT INTO usage_events VALUES ('@', 'live', 'relationship', 0, 0, NULL, 'r');
    INSERT INTO audit_events VALUES ('@', '@', 'live', 'alice', 'n', '[]', 'user', NULL, NULL, 0);
    INSERT INTO key_registry VALUES ('sealing', 1, zeroblob(16));
    INSERT INTO idempotent_calls VALUES ('@', 'live', zeroblob(32), zeroblob(32), '@', NULL, NULL, NULL, 0);
    ")
}

/// Each statement is refused with a message that names the reason, here in the words of SQLite.
fn refused(engine: Engine, cases: &[(&str, &str)]) {
    let database = furnished(engine);
    for (statement, reason) in cases {
        let message = database.try_sql(&sql(statement)).expect_err(statement);
        assert!(message.contains(&said(engine, reason)), "{statement}\nwas refused with: {message}");
    }
}

/// What the database system says for a reason: SQLite repeats the check, PostgreSQL names its constraint.
fn said(engine: Engine, reason: &str) -> String {
    if engine == Engine::Sqlite {
        return reason.to_owned();
    }
    match reason {
        "UNIQUE" => "unique constraint".to_owned(),
        "FOREIGN KEY" => "foreign key constraint".to_owned(),
        "NOT NULL" => "not-null constraint".to_owned(),
        "cannot store REAL" => "out of range".to_owned(),
        "json_valid" => "type json".to_owned(),
        "GLOB" => "hash_check".to_owned(),
        "id NOT GLOB" => "id_check".to_owned(),
        "state = 'pending'" => "factors_state".to_owned(),
        reason => match reason.strip_prefix("length(").and_then(|rest| rest.strip_suffix(')')) {
            Some(column) => format!("{column}_check"),
            None => reason.trim_end_matches(" IS NULL").trim_end_matches(" >= 0").replace('.', "_"),
        },
    }
}

async fn a_plan_has_a_plain_name_and_positive_rates(engine: Engine) {
    refused(
        engine,
        &[
            ("INSERT INTO plans VALUES ('Pro', 1, 1, 1, 1, false)", "id NOT GLOB"),
            ("INSERT INTO plans VALUES ('', 1, 1, 1, 1, false)", "length(id)"),
            ("INSERT INTO plans VALUES ('x', 0, 1, 1, 1, false)", "requests_per_second"),
            ("INSERT INTO plans VALUES ('x', 1, 4294967296, 1, 1, false)", "burst"),
            ("INSERT INTO plans VALUES ('x', 1, 1, -1, 1, false)", "turns"),
            ("INSERT INTO plans VALUES ('x', 1, 1, 1, -1, false)", "relationships"),
            ("INSERT INTO plans VALUES ('x', 1, 1, 1, 1, 2)", "security_calls_exempt"),
            ("INSERT INTO plans VALUES ('free', 1, 1, 1, 1, false)", "UNIQUE"),
        ],
    );
}

async fn an_organization_has_a_plan_that_exists(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE organizations SET plan_id = 'none'", "FOREIGN KEY"),
            ("DELETE FROM plans WHERE id = 'free'", "FOREIGN KEY"),
            ("UPDATE plans SET id = 'gratis' WHERE id = 'free'", "FOREIGN KEY"),
            ("UPDATE organizations SET status = 'gone'", "status"),
            ("UPDATE organizations SET anchor_day = 32", "anchor_day"),
            ("UPDATE organizations SET name = ''", "length(name)"),
            ("DELETE FROM organizations", "FOREIGN KEY"),
        ],
    );
}

async fn no_policy_makes_guessing_easy(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE organizations SET require_2fa = 2", "require_2fa"),
            ("UPDATE organizations SET max_attempts = 2", "max_attempts"),
            ("UPDATE organizations SET max_attempts = 11", "max_attempts"),
            ("UPDATE organizations SET lock_seconds = 29", "lock_seconds"),
            ("UPDATE organizations SET lock_seconds = 3601", "lock_seconds"),
            ("UPDATE organizations SET code_digits = 7", "code_digits"),
            ("UPDATE organizations SET max_attempts = NULL", "NOT NULL"),
        ],
    );
}

async fn a_call_is_named_by_digests_and_its_answer_by_its_key(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE idempotent_calls SET name = zeroblob(31)", "length(name)"),
            ("UPDATE idempotent_calls SET request_digest = zeroblob(33)", "length(request_digest)"),
            ("UPDATE idempotent_calls SET claim_id = 'x'", "length(claim_id)"),
            ("UPDATE idempotent_calls SET secrets_of = ''", "length(secrets_of)"),
            ("UPDATE idempotent_calls SET sealed_answer = zeroblob(1)", "sealing_key_id IS NULL"),
            ("UPDATE idempotent_calls SET sealing_key_id = 1", "sealing_key_id IS NULL"),
            (
                "UPDATE idempotent_calls SET sealing_key_id = 1, sealed_answer = zeroblob(0)",
                "length(sealed_answer)",
            ),
            (
                "INSERT INTO idempotent_calls VALUES ('@', 'live', zeroblob(32), zeroblob(32), '@', NULL, NULL, NULL, 9)",
                "UNIQUE",
            ),
        ],
    );
}

async fn an_api_key_keeps_its_identity_and_stays_revoked(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE api_keys SET revoked_at = NULL", "the first revocation"),
            ("UPDATE api_keys SET revoked_at = 8", "the first revocation"),
            ("UPDATE api_keys SET digest = zeroblob(32)", "the identity"),
            ("UPDATE api_keys SET environment = 'test'", "the identity"),
            (
                "INSERT INTO api_keys VALUES (2, 'short', '@', 'live', '', randomblob(32), 0, NULL)",
                "length(id)",
            ),
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
        ],
    );
}

async fn a_pending_factor_has_what_a_pending_one_has_and_nothing_else(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE factors SET setup_id = NULL WHERE state = 'pending'", "setup_id"),
            ("UPDATE factors SET expires_at = NULL WHERE state = 'pending'", "expires_at"),
            ("UPDATE factors SET attempts = NULL WHERE state = 'pending'", "attempts"),
            ("UPDATE factors SET attempts = -1 WHERE state = 'pending'", "attempts"),
            ("UPDATE factors SET enabled_at = 1 WHERE state = 'pending'", "enabled_at"),
            ("UPDATE factors SET last_step = 1 WHERE state = 'pending'", "last_step"),
            ("UPDATE factors SET state = 'enabled' WHERE state = 'pending'", "state = 'pending'"),
        ],
    );
}

async fn an_enabled_factor_has_what_an_enabled_one_has_and_nothing_else(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE factors SET enabled_at = NULL WHERE state = 'enabled'", "enabled_at"),
            ("UPDATE factors SET setup_id = '@' WHERE state = 'enabled'", "setup_id"),
            ("UPDATE factors SET expires_at = 1 WHERE state = 'enabled'", "expires_at"),
            ("UPDATE factors SET attempts = 0 WHERE state = 'enabled'", "attempts"),
            ("UPDATE factors SET state = 'pending' WHERE state = 'enabled'", "never becomes pending again"),
            ("UPDATE factors SET state = 'gone' WHERE state = 'pending'", "state"),
        ],
    );
}

async fn the_last_step_never_becomes_smaller(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE factors SET last_step = 6 WHERE state = 'enabled'", "never becomes smaller"),
            ("UPDATE factors SET last_step = NULL WHERE state = 'enabled'", "never becomes smaller"),
            ("UPDATE factors SET last_step = -1 WHERE state = 'enabled'", "never becomes smaller"),
            (
                "INSERT INTO FACTOR VALUES ('@', 'live', 'x', '@', 1, zeroblob(1), 'SHA1', 6, 30, 'enabled', NULL, NULL, NULL, 5, -1)",
                "last_step >= 0",
            ),
        ],
    );
    furnished(engine).sql("UPDATE factors SET last_step = 8 WHERE state = 'enabled'");
}

async fn a_user_has_one_factor_with_sound_parameters(engine: Engine) {
    refused(
        engine,
        &[
            (
                "INSERT INTO FACTOR VALUES ('@', 'live', 'enabled', '@', 1, zeroblob(1), 'SHA1', 6, 30, 'pending', '@', 10, 0, NULL, NULL)",
                "UNIQUE",
            ),
            ("UPDATE factors SET algorithm = 'MD5'", "algorithm"),
            ("UPDATE factors SET digits = 5", "digits"),
            ("UPDATE factors SET period_seconds = 14", "period_seconds"),
            ("UPDATE factors SET environment = 'prod'", "environment"),
            ("UPDATE factors SET sealed_secret = zeroblob(0)", "sealed_secret"),
            ("UPDATE factors SET sealing_key_id = -1", "sealing_key_id"),
        ],
    );
}

async fn a_backup_code_has_one_of_ten_slots_and_stays_used(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE backup_codes SET used_at = NULL", "stays used"),
            ("UPDATE backup_codes SET used_at = 10", "stays used"),
            ("UPDATE backup_codes SET slot = 10", "slot"),
            ("UPDATE backup_codes SET slot = -1", "slot"),
            ("UPDATE backup_codes SET hash = 'short'", "length(hash)"),
            ("UPDATE backup_codes SET hash = replace(hash, '$', '0')", "GLOB"),
            ("INSERT INTO backup_codes SELECT * FROM backup_codes", "UNIQUE"),
            ("UPDATE imported_backup_codes SET used_at = NULL", "stays used"),
            ("UPDATE imported_backup_codes SET number = 20", "number"),
            ("UPDATE imported_backup_codes SET hash = replace(hash, '$2b', '$2x')", "GLOB"),
            ("INSERT INTO imported_backup_codes SELECT * FROM imported_backup_codes", "UNIQUE"),
            (
                "INSERT INTO imported_backup_codes SELECT organization_id, environment, 'bob', number, hash, NULL
                 FROM imported_backup_codes",
                "FOREIGN KEY",
            ),
            (
                "INSERT INTO imported_backup_codes VALUES ('@', 'live', 'enabled', 0, 'HASH', NULL)",
                "one kind of backup codes",
            ),
            ("INSERT INTO backup_code_sets VALUES ('@', 'live', 'imported', '@', 1)", "one kind of backup codes"),
            (
                "INSERT INTO backup_codes SELECT organization_id, environment, 'bob', slot, hash, NULL FROM backup_codes",
                "FOREIGN KEY",
            ),
            ("INSERT INTO backup_code_sets VALUES ('@', 'live', 'bob', '@', 1)", "FOREIGN KEY"),
            ("INSERT INTO backup_code_sets VALUES ('@', 'live', 'enabled', '@', 1)", "UNIQUE"),
        ],
    );
}

/// User, kind and number of unused codes of each enabled factor.
fn counts(database: &TestDatabase) -> Vec<String> {
    database.texts(
        "SELECT user_id || ' ' || coalesce(backup_code_kind, 'none') || ' ' || unused_backup_codes FROM factors
         WHERE state = 'enabled' ORDER BY user_id",
    )
}

async fn backup_codes_are_counted_beside_their_factor(engine: Engine) {
    let database = furnished(engine);
    assert_eq!(counts(&database), ["enabled own 0", "imported imported 0"]);
    for (statement, then) in [
        (
            "INSERT INTO backup_codes VALUES ('@', 'live', 'enabled', 1, 'HASH', NULL)",
            ["own 1", "imported 0"],
        ),
        (
            "INSERT INTO backup_codes SELECT organization_id, environment, user_id, slot + 2, hash, NULL
             FROM backup_codes",
            ["own 3", "imported 0"],
        ),
        ("UPDATE backup_codes SET used_at = 5 WHERE slot IN (1, 2)", ["own 1", "imported 0"]),
        ("UPDATE backup_codes SET used_at = NULL WHERE slot = 3", ["own 1", "imported 0"]),
        (
            "INSERT INTO imported_backup_codes VALUES ('@', 'live', 'imported', 0, 'HASH', NULL)",
            ["own 1", "imported 1"],
        ),
        ("UPDATE imported_backup_codes SET used_at = 5 WHERE number = 0", ["own 1", "imported 0"]),
        ("DELETE FROM backup_code_sets", ["none 0", "imported 0"]),
        ("DELETE FROM imported_backup_codes", ["none 0", "none 0"]),
        ("INSERT INTO backup_code_sets VALUES ('@', 'live', 'imported', '@', 1)", ["none 0", "none 0"]),
        ("INSERT INTO backup_codes VALUES ('@', 'live', 'imported', 9, 'HASH', NULL)", ["none 0", "own 1"]),
    ] {
        database.sql(&sql(statement));
        let expected = [format!("enabled {}", then[0]), format!("imported {}", then[1])];
        assert_eq!(counts(&database), expected, "{statement}");
    }
}

async fn backup_codes_that_were_there_before_their_count_are_counted(engine: Engine) {
    let database = furnished(engine);
    database.sql(&sql("
        INSERT INTO backup_codes VALUES ('@', 'live', 'enabled', 1, 'HASH', NULL);
        INSERT INTO imported_backup_codes VALUES ('@', 'live', 'imported', 0, 'HASH', NULL);
        INSERT INTO imported_backup_codes VALUES ('@', 'live', 'imported', 1, 'HASH', NULL);
        INSERT INTO FACTOR VALUES ('@', 'live', 'without', '@', 1, zeroblob(1), 'SHA1', 6, 30, 'enabled', NULL, NULL, NULL, 5, 7);
    "));
    let before = counts(&database);
    assert_eq!(before, ["enabled own 1", "imported imported 2", "without none 0"]);
    let url = database.url();
    let is_later = |id: &str| id >= "2026-11-26-000070_backup_codes_are_counted";
    let later = migrate::status(&url).unwrap().iter().filter(|migration| is_later(&migration.id)).count();
    assert_eq!(migrate::down(&url, later).unwrap().len(), later);
    migrate::up(&url).unwrap();
    assert_eq!(counts(&database), before);
}

async fn a_count_of_backup_codes_is_possible_and_has_a_kind(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE factors SET backup_code_kind = 'other'", "backup_code_kind"),
            ("UPDATE factors SET unused_backup_codes = -1", "unused_backup_codes"),
            ("UPDATE factors SET unused_backup_codes = 21", "unused_backup_codes"),
            ("UPDATE factors SET unused_backup_codes = 1 WHERE state = 'pending'", "unused_backup_codes"),
        ],
    );
}

async fn codes_go_with_their_factor(engine: Engine) {
    let database = furnished(engine);
    database.sql("DELETE FROM factors WHERE user_id IN ('enabled', 'imported')");
    assert_eq!(database.count("backup_code_sets"), 0);
    assert_eq!(database.count("backup_codes"), 0);
    assert_eq!(database.count("imported_backup_codes"), 0);
}

async fn a_claim_has_a_lease_and_a_count_that_is_not_negative(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE setup_claims SET lease_ends_at = NULL", "claim_id IS NULL"),
            ("UPDATE setup_claims SET claim_id = NULL", "claim_id IS NULL"),
            ("UPDATE setup_claims SET setups = -1", "setups"),
        ],
    );
}

async fn usage_is_never_negative_and_counts_once(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE usage_periods SET turns_recorded = -1", "turns_recorded"),
            ("UPDATE usage_periods SET turns_consumed = -1", "turns_consumed"),
            ("UPDATE usage_periods SET relationships_begun = -1", "relationships_begun"),
            ("UPDATE usage_periods SET relationships_ended = -1", "relationships_ended"),
            (
                "UPDATE usage_periods SET turns_consumed = 9223372036854775807 + turns_consumed",
                "cannot store REAL",
            ),
            ("INSERT INTO usage_events VALUES ('@', 'live', 'turns', 0, 0, 1, NULL)", "UNIQUE"),
            ("INSERT INTO relationships VALUES ('@', 'live', 'r', 0, 9)", "UNIQUE"),
            ("UPDATE relationships SET last_period = -1", "last_period"),
            ("UPDATE relationships SET relationship_id = ''", "length(relationship_id)"),
            ("UPDATE usage_events SET relationship_id = 'r' WHERE turns = 1", "turns IS NULL"),
            ("UPDATE usage_events SET turns = NULL", "turns IS NULL"),
        ],
    );
}

async fn a_kept_answer_is_one_that_was_possible(engine: Engine) {
    refused(
        engine,
        &[
            ("INSERT INTO turn_answers VALUES ('@', 'live', 'k', 1, 1, 10, 0, NULL, 0, 1, 2)", "UNIQUE"),
            ("UPDATE turn_answers SET turns = 0", "turns"),
            ("UPDATE turn_answers SET turns = 2", "turns_used"),
            ("UPDATE turn_answers SET turns_used = 11", "turns_limit"),
            ("UPDATE turn_answers SET period_end = 0", "period_end"),
            ("UPDATE turn_answers SET idempotency_key = ''", "length(idempotency_key)"),
        ],
    );
}

async fn the_audit_trail_is_append_only(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE audit_events SET actor = 'operator'", "append-only"),
            ("DELETE FROM audit_events", "append-only"),
            (
                "INSERT INTO audit_events VALUES ('@', 'short', NULL, NULL, 'n', '[]', 'user', NULL, NULL, 0)",
                "length(id)",
            ),
            (
                "INSERT INTO audit_events VALUES ('@', '01ARZ3NDEKTSV4RRFFQ69G5FAW', NULL, NULL, 'n', '[', 'user', NULL, NULL, 0)",
                "json_valid",
            ),
        ],
    );
}

async fn the_lists_of_users_events_are_append_only(engine: Engine) {
    let database = furnished(engine);
    database.sql(&sql("INSERT INTO audit_seals VALUES ('@', 1, '@', zeroblob(32))"));
    assert_eq!(database.texts("SELECT user_id FROM audit_events_by_user"), ["alice"]);
    for (statement, reason) in [
        ("UPDATE audit_events_by_user SET user_id = 'bob'", "append-only"),
        ("DELETE FROM audit_events_by_user", "append-only"),
        ("INSERT INTO audit_events_by_user VALUES ('short', 'alice', '@')", "length(organization_id)"),
        ("INSERT INTO audit_events_by_user VALUES ('@', '', '@')", "length(user_id)"),
        ("INSERT INTO audit_events_by_user VALUES ('@', 'alice', 'short')", "length(event_id)"),
    ] {
        let message = database.try_sql(&sql(statement)).expect_err(statement);
        assert!(message.contains(&said(engine, reason)), "{statement}\nwas refused with: {message}");
    }
}

async fn a_registered_key_never_changes(engine: Engine) {
    refused(
        engine,
        &[
            ("UPDATE key_registry SET check_value = zeroblob(16)", "never changes"),
            ("DELETE FROM key_registry", "never forgotten"),
            ("INSERT INTO key_registry VALUES ('sealing', 1, zeroblob(16))", "UNIQUE"),
            ("INSERT INTO key_registry VALUES ('signing', 2, zeroblob(16))", "purpose"),
            ("INSERT INTO key_registry VALUES ('pepper', 2, zeroblob(15))", "check_value"),
        ],
    );
}

/// There are ways around the triggers of UPDATE and DELETE, and they are closed.
async fn nothing_that_stays_is_swept_away(engine: Engine) {
    let database = furnished(engine);
    database.sql(&sql("INSERT INTO audit_seals VALUES ('@', 1, '@', zeroblob(32))"));
    let ways = match engine {
        Engine::Sqlite => vec![
            "INSERT OR REPLACE INTO audit_events VALUES ('@', '@', NULL, NULL, 'n', '[]', 'user', NULL, NULL, 0)",
            "INSERT OR REPLACE INTO audit_seals VALUES ('@', 1, '@', zeroblob(32))",
            "INSERT OR REPLACE INTO audit_events_by_user VALUES ('@', 'alice', '@')",
        ],
        #[cfg(feature = "postgres")]
        Engine::Postgres => {
            vec![
                "TRUNCATE audit_events",
                "TRUNCATE audit_seals",
                "TRUNCATE audit_events_by_user",
                "TRUNCATE key_registry",
            ]
        }
    };
    for way in ways {
        let message = database.try_sql(&sql(way)).expect_err(way);
        let expected = ["append-only", "never forgotten"].iter().any(|reason| message.contains(reason));
        assert!(expected, "{way}\nwas refused with: {message}");
    }
}
