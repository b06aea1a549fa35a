//! The tables as `migrations/` makes them. Times are microseconds since 1970.

diesel::table! {
    plans (id) {
        id -> Text,
        requests_per_second -> BigInt,
        burst -> BigInt,
        turns -> Nullable<BigInt>,
        relationships -> Nullable<BigInt>,
        security_calls_exempt -> Bool,
    }
}

diesel::table! {
    organizations (id) {
        id -> Text,
        name -> Text,
        plan_id -> Text,
        status -> Text,
        anchor_day -> Integer,
        created_at -> BigInt,
        require_2fa -> Bool,
        enforce_after -> Nullable<BigInt>,
        max_attempts -> Integer,
        lock_seconds -> Integer,
        code_digits -> Integer,
    }
}

diesel::table! {
    api_keys (sequence) {
        sequence -> BigInt,
        id -> Text,
        organization_id -> Text,
        environment -> Text,
        scopes -> Text,
        digest -> Binary,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    factors (organization_id, environment, user_id) {
        organization_id -> Text,
        environment -> Text,
        user_id -> Text,
        factor_id -> Text,
        sealing_key_id -> BigInt,
        sealed_secret -> Binary,
        algorithm -> Text,
        digits -> Integer,
        period_seconds -> Integer,
        state -> Text,
        setup_id -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        attempts -> Nullable<Integer>,
        enabled_at -> Nullable<BigInt>,
        last_step -> Nullable<BigInt>,
        totp_failures -> BigInt,
        totp_locked_until -> Nullable<BigInt>,
        backup_code_failures -> BigInt,
        backup_codes_locked_until -> Nullable<BigInt>,
        failures_since -> Nullable<BigInt>,
        recent_failures -> BigInt,
        backup_code_kind -> Nullable<Text>,
        unused_backup_codes -> Integer,
    }
}

diesel::table! {
    backup_code_sets (organization_id, environment, user_id) {
        organization_id -> Text,
        environment -> Text,
        user_id -> Text,
        set_id -> Text,
        pepper_key_id -> BigInt,
    }
}

diesel::table! {
    backup_codes (organization_id, environment, user_id, slot) {
        organization_id -> Text,
        environment -> Text,
        user_id -> Text,
        slot -> Integer,
        hash -> Text,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    imported_backup_codes (organization_id, environment, user_id, number) {
        organization_id -> Text,
        environment -> Text,
        user_id -> Text,
        number -> Integer,
        hash -> Text,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    setup_claims (organization_id, environment, user_id) {
        organization_id -> Text,
        environment -> Text,
        user_id -> Text,
        claim_id -> Nullable<Text>,
        lease_ends_at -> Nullable<BigInt>,
        window_ends_at -> BigInt,
        setups -> BigInt,
    }
}

diesel::table! {
    usage_periods (organization_id, environment, period_start) {
        organization_id -> Text,
        environment -> Text,
        period_start -> BigInt,
        turns_recorded -> BigInt,
        turns_consumed -> BigInt,
        relationships_begun -> BigInt,
        relationships_ended -> BigInt,
    }
}

diesel::table! {
    relationships (organization_id, environment, relationship_id, first_period) {
        organization_id -> Text,
        environment -> Text,
        relationship_id -> Text,
        first_period -> BigInt,
        last_period -> Nullable<BigInt>,
    }
}

diesel::table! {
    usage_accounts (organization_id, environment) {
        organization_id -> Text,
        environment -> Text,
        changes -> BigInt,
    }
}

diesel::table! {
    turn_answers (organization_id, environment, idempotency_key) {
        organization_id -> Text,
        environment -> Text,
        idempotency_key -> Text,
        turns -> BigInt,
        turns_used -> BigInt,
        turns_limit -> Nullable<BigInt>,
        relationships_active -> BigInt,
        relationships_limit -> Nullable<BigInt>,
        period_start -> BigInt,
        period_end -> BigInt,
        kept_until -> BigInt,
    }
}

diesel::table! {
    usage_events (organization_id, environment, event_id) {
        organization_id -> Text,
        environment -> Text,
        event_id -> Text,
        happened_at -> BigInt,
        period_start -> BigInt,
        turns -> Nullable<BigInt>,
        relationship_id -> Nullable<Text>,
    }
}

diesel::table! {
    audit_events (organization_id, id) {
        organization_id -> Text,
        id -> Text,
        environment -> Nullable<Text>,
        user_id -> Nullable<Text>,
        name -> Text,
        details -> Text,
        actor -> Text,
        request_id -> Nullable<Text>,
        address -> Nullable<Text>,
        happened_at -> BigInt,
    }
}

diesel::table! {
    audit_seals (organization_id, number) {
        organization_id -> Text,
        number -> BigInt,
        event_id -> Text,
        hash -> Binary,
    }
}

diesel::table! {
    audit_unsealed (organization_id, event_id) {
        organization_id -> Text,
        event_id -> Text,
        happened_at -> BigInt,
        user_id -> Nullable<Text>,
    }
}

diesel::table! {
    audit_events_by_user (organization_id, user_id, event_id) {
        organization_id -> Text,
        user_id -> Text,
        event_id -> Text,
    }
}

diesel::table! {
    key_registry (purpose, key_id) {
        purpose -> Text,
        key_id -> BigInt,
        check_value -> Binary,
    }
}

diesel::table! {
    webhooks (organization_id, environment, id) {
        organization_id -> Text,
        environment -> Text,
        id -> Text,
        slot -> Integer,
        url -> Text,
        events -> Text,
        description -> Nullable<Text>,
        status -> Text,
        created_at -> BigInt,
        secret_id -> Text,
        secret_key_id -> BigInt,
        sealed_secret -> Binary,
        old_secret_id -> Nullable<Text>,
        old_secret_key_id -> Nullable<BigInt>,
        old_sealed_secret -> Nullable<Binary>,
        old_secret_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    webhook_deliveries (organization_id, environment, webhook_id, event_id) {
        organization_id -> Text,
        environment -> Text,
        webhook_id -> Text,
        event_id -> Text,
        event_name -> Text,
        state -> Text,
        queued_at -> BigInt,
        next_attempt_at -> Nullable<BigInt>,
        attempts -> Integer,
        last_attempt_at -> Nullable<BigInt>,
        last_status -> Nullable<Integer>,
        last_failure -> Nullable<Text>,
    }
}

diesel::table! {
    idempotent_calls (organization_id, environment, name) {
        organization_id -> Text,
        environment -> Text,
        name -> Binary,
        request_digest -> Binary,
        claim_id -> Text,
        secrets_of -> Nullable<Text>,
        sealing_key_id -> Nullable<BigInt>,
        sealed_answer -> Nullable<Binary>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    write_probe (id) {
        id -> Integer,
        writes -> BigInt,
    }
}

diesel::table! {
    database_timeline (id) {
        id -> Integer,
        timeline -> Nullable<Text>,
        changed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(organizations, plans);
diesel::joinable!(organizations -> plans (plan_id));

diesel::allow_tables_to_appear_in_same_query!(factors, backup_code_sets, backup_codes, imported_backup_codes);

diesel::allow_tables_to_appear_in_same_query!(
    audit_events,
    audit_events_by_user,
    audit_seals,
    audit_unsealed
);

diesel::allow_tables_to_appear_in_same_query!(webhooks, webhook_deliveries);
