//! Factors one after the other.

use std::sync::Arc;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::{Environment, UserId};
use countersign_domain::two_factor::backup_codes::{BackupCodeName, BackupCodeRef};
use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::imported_code::ImportedCodeNumber;
use countersign_domain::two_factor::ports::{ArchivedCodes, ArchivedFactor, FactorImported, FactorPage};
use countersign_domain::two_factor::proof_ports::{BackupCodeUse, Effect, UsedBackupCode};

use crate::arrange;
use crate::build::{
    NOW, event_about_user, imported_factor, imported_hash, organization_id, subject, subject_in,
};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        factors_come_with_what_may_leave_of_their_codes,
        pages_follow_each_other_in_the_order_of_the_bytes,
        others_are_on_no_page,
    ]
}

fn first(limit: u32) -> FactorPage {
    FactorPage { organization: organization_id(1), environment: Environment::Live, after: None, limit }
}

impl Stores {
    async fn page(&self, page: FactorPage) -> Vec<ArchivedFactor> {
        self.factors.archived(page).await.unwrap()
    }

    async fn users_after(&self, after: Option<&str>, limit: u32) -> Vec<String> {
        let after = after.map(|user| UserId::new(user).unwrap());
        let page = self.page(FactorPage { after, ..first(limit) }).await;
        page.iter().map(|archived| archived.factor.binding().subject.user.to_string()).collect()
    }
}

async fn factors_come_with_what_may_leave_of_their_codes(stores: Stores) {
    let pending = arrange::pending(&*stores.factors, &subject("a"), NOW).await.factor;
    let enabled = arrange::enabled(&*stores.factors, &subject("b"), NOW).await;
    let (with_codes, without) =
        (imported_factor(&subject("c"), &["one", "two"], NOW), imported_factor(&subject("d"), &[], NOW));
    let stored = stores.factors.import(vec![with_codes.clone(), without.clone()]).await.unwrap();
    assert_eq!(stored, [FactorImported::Stored, FactorImported::Stored]);
    let (factor, number) = (with_codes.factor.binding.id, ImportedCodeNumber::new(0).unwrap());
    let event = SecurityEvent::BackupCodeUsed { code: BackupCodeName::Imported(number), remaining: 1 };
    let used = UsedBackupCode {
        subject: subject("c"),
        code: BackupCodeRef::Imported { factor, number },
        now: NOW,
        effect: Effect::Keep,
        audit: Arc::new(move |_| Ok(vec![event_about_user(&subject("c"), event.clone(), NOW)])),
    };
    assert_eq!(stores.proofs.use_backup_code(used).await.unwrap(), BackupCodeUse::Won { remaining: 1 });

    let page = stores.page(first(10)).await;
    let codes: Vec<_> = page.iter().map(|archived| archived.codes.clone()).collect();
    let two = ArchivedCodes::Imported(vec![imported_hash("two")]);
    assert_eq!(codes, [ArchivedCodes::Own, ArchivedCodes::Own, two, ArchivedCodes::Imported(Vec::new())]);
    assert_eq!(page[0].factor, Factor::Pending(pending));
    assert_eq!(page[1].factor, Factor::Enabled(enabled));
    assert_eq!(page[3].factor, Factor::Enabled(without.factor));
}

async fn pages_follow_each_other_in_the_order_of_the_bytes(stores: Stores) {
    for user in ["b", "B", "a~", "a b", "a", "ab", "0", "~"] {
        let imported = imported_factor(&subject(user), &[], NOW);
        assert_eq!(stores.factors.import(vec![imported]).await.unwrap(), [FactorImported::Stored]);
    }
    assert_eq!(stores.users_after(None, 3).await, ["0", "B", "a"]);
    assert_eq!(stores.users_after(Some("a"), 3).await, ["a b", "ab", "a~"]);
    assert_eq!(stores.users_after(Some("a~"), 3).await, ["b", "~"]);
    assert_eq!(stores.users_after(Some("~"), 3).await, [""; 0]);
    assert_eq!(stores.users_after(Some("aa"), 1).await, ["ab"], "nobody has to have the id");
}

async fn others_are_on_no_page(stores: Stores) {
    for other in [
        subject_in(organization_id(2), Environment::Live, "alice"),
        subject_in(organization_id(1), Environment::Test, "alice"),
    ] {
        let _ = arrange::enabled(&*stores.factors, &other, NOW).await;
    }
    assert_eq!(stores.page(first(10)).await, []);
}
