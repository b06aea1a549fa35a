//! What cryptography a call takes: the check of its token, and the TOTP secret that is opened.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark may panic, and criterion's macros write no docs"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::admission::ports::UserTokenVerifier as _;
use countersign_domain::identity::{Environment, FactorId, OrganizationId, Subject, UserId};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::ports::{SecretPlace, SecretSealer as _};
use countersign_domain::two_factor::secret::TotpSecret;
use countersign_secrets::user_token::{JwtVerifier, TokenMinter, TokenSecret, UserTokenKeys, UserTokenRules};
use countersign_secrets::{CurrentKeyRing, KeyRing, OsEntropy, XChaChaSealer};
use criterion::{Criterion, criterion_group, criterion_main};
use ulid::Ulid;

fn alice() -> Subject {
    let user = UserId::new("alice").expect("a user id");
    Subject { organization: OrganizationId::new(Ulid::nil()), environment: Environment::Live, user }
}

fn token(criterion: &mut Criterion) {
    let secret = TokenSecret::generate(&OsEntropy).expect("randomness");
    let now = Timestamp::from_seconds(1_800_000_000);
    let minter = TokenMinter::new(&secret, None, UserTokenRules::default());
    let token = minter.mint(&alice(), now, Duration::from_mins(15)).expect("a short life");
    let mut keys = UserTokenKeys::new();
    keys.add_secret(None, &secret).expect("one key");
    let verifier = JwtVerifier::new(keys, UserTokenRules::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    criterion.bench_function("user token: check, HS256", |bencher| {
        bencher
            .iter(|| runtime.block_on(verifier.verify(black_box(&token.token), now)).expect("a good token"));
    });
}

fn seal(criterion: &mut Criterion) {
    let ring = CurrentKeyRing::new(KeyRing::generate(&OsEntropy).expect("randomness"));
    let ring = Arc::new(ring.expect("keys that can be used"));
    let sealer = XChaChaSealer::new(ring, Arc::new(OsEntropy));
    let (subject, factor) = (alice(), FactorId::new(Ulid::nil()));
    let place = SecretPlace { subject: &subject, factor };
    let secret = TotpSecret::generate(&OsEntropy).expect("randomness");
    let stored = sealer.seal(place, &secret).expect("a key");
    criterion.bench_function("TOTP secret: seal", |bencher| {
        bencher.iter(|| sealer.seal(place, black_box(&secret)).expect("a key"));
    });
    criterion.bench_function("TOTP secret: open", |bencher| {
        bencher.iter(|| sealer.open(place, black_box(&stored)).expect("its place"));
    });
}

criterion_group!(benches, token, seal);
criterion_main!(benches);
