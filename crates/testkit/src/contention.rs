//! Calls that start together.

use std::sync::Arc;

use tokio::sync::Barrier;

/// How many contend in a contract case: at least 32, so that a lost update shows.
pub const CONTENDERS: usize = 32;

/// How often a contract case repeats a race: 3, or what the environment variable
/// `COUNTERSIGN_CONTENTION_ROUNDS` says.
pub fn rounds() -> usize {
    std::env::var("COUNTERSIGN_CONTENTION_ROUNDS")
        .map_or(3, |text| text.parse().expect("COUNTERSIGN_CONTENTION_ROUNDS is a number of rounds"))
}

/// Makes `count` futures, releases them together, and gives their outputs in the order of their numbers.
pub async fn together<T, F>(count: usize, make: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let (start, work) = (start.clone(), make(number));
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut outputs = Vec::with_capacity(count);
    for task in tasks {
        outputs.push(task.await.expect("a contender panicked"));
    }
    outputs
}
