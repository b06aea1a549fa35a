//! A case, and how it becomes a test.

use std::time::Duration;

use futures_util::future::BoxFuture;
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Builder;
use tokio::task::JoinError;
use tokio::time::error::Elapsed;

/// No case takes that long unless it hangs.
const HANG: Duration = Duration::from_mins(2);

/// One duty of a port, over a harness `H`.
pub struct Case<H> {
    pub(super) name: &'static str,
    pub(super) body: fn(H) -> BoxFuture<'static, ()>,
}

/// A table of private cases: `cases![Harness; one_case, another_case]`.
macro_rules! cases {
    ($harness:ty; $($case:ident),+ $(,)?) => {
        vec![$(
            $crate::contract::Case::<$harness> {
                name: stringify!($case),
                body: |harness| Box::pin($case(harness)),
            }
        ),+]
    };
}
pub(super) use cases;

/// One test for each case, named `suite::case`; `factory` makes the case's harness on the case's runtime.
pub fn trials<H, F, M>(suite: &str, cases: Vec<Case<H>>, factory: F) -> Vec<Trial>
where
    H: Send + 'static,
    F: Fn() -> M + Clone + Send + Sync + 'static,
    M: Future<Output = H> + Send + 'static,
{
    let trial = |Case { name, body }: Case<H>| {
        let factory = factory.clone();
        let work = move || async move { body(factory().await).await };
        Trial::test(format!("{suite}::{name}"), move || conclude(run_to_end(work)))
    };
    cases.into_iter().map(trial).collect()
}

/// More threads than the machine has processors, so that contenders are interrupted in the middle.
fn run_to_end<M>(work: impl FnOnce() -> M) -> Result<Result<(), JoinError>, Elapsed>
where
    M: Future<Output = ()> + Send + 'static,
{
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let task = runtime.spawn(work());
    let ended = runtime.block_on(async { tokio::time::timeout(HANG, task).await });
    // Whatever still blocks a thread must not keep the test from ending.
    runtime.shutdown_background();
    ended
}

fn conclude(ended: Result<Result<(), JoinError>, Elapsed>) -> Result<(), Failed> {
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(panicked)) => Err(panicked.to_string().into()),
        Err(_) => Err(format!("the case hangs: it has not ended after {HANG:?}").into()),
    }
}
