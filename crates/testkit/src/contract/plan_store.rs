//! The contract of [`PlanStore`](countersign_domain::admission::ports::PlanStore).

use std::num::NonZeroU32;

use countersign_domain::admission::bucket::BucketSpec;
use countersign_domain::quota::plan::{Ceiling, Plan, PlanId};

use super::{Case, Stores, case::cases};
use crate::build;
use crate::contention::{CONTENDERS, together};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        the_built_in_plans_are_there_from_the_start,
        a_plan_that_nobody_made_is_absent,
        plans_are_listed_by_name,
        a_plan_comes_back_as_it_was_put,
        put_replaces_the_whole_plan,
        a_built_in_plan_can_be_replaced,
        readers_never_see_half_of_a_change,
    ]
}

fn id(name: &str) -> PlanId {
    PlanId::new(name).unwrap()
}

/// A plan in which every number is `number`.
fn uniform(name: &str, number: u32) -> Plan {
    let positive = NonZeroU32::new(number).unwrap();
    Plan {
        id: id(name),
        rate: BucketSpec { per_second: positive, burst: positive },
        turns: Ceiling::Limited(number.into()),
        relationships: Ceiling::Limited(number.into()),
        security_calls_exempt: number.is_multiple_of(2),
    }
}

async fn the_built_in_plans_are_there_from_the_start(stores: Stores) {
    for plan in Plan::built_in() {
        assert_eq!(stores.plans.find(&plan.id).await.unwrap(), Some(plan));
    }
    assert_eq!(stores.plans.list().await.unwrap().len(), Plan::built_in().len());
}

async fn a_plan_that_nobody_made_is_absent(stores: Stores) {
    for name in ["custom", "fre", "free-", "f_ee"] {
        assert_eq!(stores.plans.find(&id(name)).await.unwrap(), None, "{name}");
    }
}

async fn plans_are_listed_by_name(stores: Stores) {
    for name in ["zebra", "aardvark", "m_1", "m-1", "0"] {
        stores.plans.put(uniform(name, 1)).await.unwrap();
    }
    let plans = stores.plans.list().await.unwrap();
    let names: Vec<_> = plans.iter().map(|plan| plan.id.as_str()).collect();
    assert_eq!(names, ["0", "aardvark", "enterprise", "free", "m-1", "m_1", "pro", "scale", "zebra"]);
}

async fn a_plan_comes_back_as_it_was_put(stores: Stores) {
    let edges = [
        Plan { turns: Ceiling::Limited(0), relationships: Ceiling::Unlimited, ..uniform("edge", 1) },
        Plan { turns: Ceiling::Unlimited, relationships: Ceiling::Limited(0), ..uniform("edge", 2) },
        Plan { turns: Ceiling::Limited(i64::MAX.unsigned_abs()), ..uniform("edge", u32::MAX) },
    ];
    for plan in edges {
        stores.plans.put(plan.clone()).await.unwrap();
        assert_eq!(stores.plans.find(&plan.id).await.unwrap(), Some(plan));
    }
}

async fn put_replaces_the_whole_plan(stores: Stores) {
    stores.plans.put(uniform("custom", 3)).await.unwrap();
    stores.plans.put(uniform("custom", 4)).await.unwrap();
    assert_eq!(stores.plans.find(&id("custom")).await.unwrap(), Some(uniform("custom", 4)));
    assert_eq!(stores.plans.list().await.unwrap().len(), Plan::built_in().len() + 1);
}

async fn a_built_in_plan_can_be_replaced(stores: Stores) {
    stores.plans.put(uniform("free", 7)).await.unwrap();
    assert_eq!(stores.plans.find(&id("free")).await.unwrap(), Some(uniform("free", 7)));
    assert_eq!(stores.plans.find(&id("pro")).await.unwrap(), Some(build::plan("pro")));
}

async fn readers_never_see_half_of_a_change(stores: Stores) {
    stores.plans.put(uniform("custom", 1)).await.unwrap();
    let seen = together(CONTENDERS, |number| {
        let plans = stores.plans.clone();
        async move {
            let number = u32::try_from(number).unwrap() + 1;
            plans.put(uniform("custom", number)).await.unwrap();
            plans.find(&id("custom")).await.unwrap().unwrap()
        }
    })
    .await;
    for plan in seen {
        let number = plan.rate.burst.get();
        assert_eq!(plan, uniform("custom", number));
    }
}
