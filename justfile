# The entry point for people; `just` without a recipe lists them.
_default:
    @just --list

# Everything that must hold before a change lands.
test *ARGS:
    ./scripts/test {{ARGS}}

# A development server that works at once.
run *ARGS:
    cargo run -- {{ARGS}}

# Format the code.
format:
    cargo fmt --all

# Known vulnerabilities of dependencies; needs the network.
advisories:
    cargo deny check advisories

# Accept the new answers after reading them.
snapshots:
    INSTA_UPDATE=always ./scripts/with-services cargo nextest run --workspace --all-features

# Many rounds of the concurrency suites.
rounds COUNT="200":
    COUNTERSIGN_CONTENTION_ROUNDS={{COUNT}} ./scripts/with-services cargo nextest run --workspace --all-features

# Time the arithmetic and the cryptography alone, with criterion.
micro:
    cargo bench --locked -p countersign-bcrypt-lanes -p countersign-domain -p countersign-secrets --bench lanes --bench arithmetic --bench cryptography

# Measure what docs/performance.md promises: `just bench quick` for the impatient.
bench *ARGS:
    ./scripts/bench {{ARGS}}
