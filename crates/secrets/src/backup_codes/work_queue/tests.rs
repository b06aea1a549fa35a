use super::*;

type Queue = WorkQueue<&'static str, ()>;

fn number(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

/// A queue whose batches are single jobs.
fn queue(waiting_sets: usize) -> Queue {
    WorkQueue::new(QueueLimits { waiting_sets: number(waiting_sets), batch: number(1) })
}

fn batching_queue(batch: usize) -> Queue {
    WorkQueue::new(QueueLimits { waiting_sets: number(9), batch: number(batch) })
}

fn jobs<R>(batch: &Batch<&'static str, R>) -> Vec<&'static str> {
    batch.jobs().into_iter().copied().collect()
}

fn next(queue: &Queue) -> Vec<&'static str> {
    jobs(&queue.next().unwrap())
}

#[test]
fn jobs_come_out_in_the_order_of_their_sets() {
    let queue = queue(2);
    let _first = queue.push(Cost::MIN, vec!["a1", "a2"]).unwrap();
    let _second = queue.push(Cost::MIN, vec!["b1"]).unwrap();
    assert_eq!([next(&queue), next(&queue), next(&queue)], [["a1"], ["a2"], ["b1"]]);
}

#[test]
fn a_set_that_does_not_fit_is_refused_as_a_whole() {
    let queue = queue(1);
    let _waiting = queue.push(Cost::MIN, vec!["a1"]).unwrap();
    assert_eq!(queue.push(Cost::MIN, vec!["b1", "b2"]).unwrap_err(), Overloaded);
    assert_eq!(next(&queue), ["a1"]);
    let _fits = queue.push(Cost::MIN, vec!["c1"]).unwrap();
    assert_eq!(next(&queue), ["c1"]);
}

#[test]
fn a_set_that_is_begun_does_not_count_as_waiting() {
    let queue = queue(1);
    let _begun = queue.push(Cost::MIN, vec!["a1", "a2"]).unwrap();
    assert_eq!(next(&queue), ["a1"]);
    assert!(queue.push(Cost::MIN, vec!["b1"]).is_ok());
}

#[test]
fn a_withdrawn_set_is_not_begun_and_makes_room() {
    let queue = queue(1);
    drop(queue.push(Cost::MIN, vec!["a1"]).unwrap());
    let _second = queue.push(Cost::MIN, vec!["b1"]).unwrap();
    assert_eq!(next(&queue), ["b1"]);
}

#[test]
fn the_rest_of_a_withdrawn_set_is_not_begun() {
    let queue = queue(2);
    let first = queue.push(Cost::MIN, vec!["a1", "a2"]).unwrap();
    let _second = queue.push(Cost::MIN, vec!["b1"]).unwrap();
    assert_eq!(next(&queue), ["a1"]);
    drop(first);
    assert_eq!(next(&queue), ["b1"]);
}

#[test]
fn a_batch_is_what_waits_up_to_its_limit() {
    let queue = batching_queue(3);
    let _first = queue.push(Cost::MIN, vec!["a1", "a2"]).unwrap();
    assert_eq!(next(&queue), ["a1", "a2"]);
    let _second = queue.push(Cost::MIN, vec!["b1", "b2"]).unwrap();
    let _third = queue.push(Cost::MIN, vec!["c1"]).unwrap();
    assert_eq!(next(&queue), ["b1", "b2", "c1"]);
}

#[test]
fn the_jobs_of_a_batch_have_one_cost() {
    let queue = batching_queue(9);
    let higher = Cost::new(5).unwrap();
    let _first = queue.push(higher, vec!["a1"]).unwrap();
    let _second = queue.push(Cost::MIN, vec!["b1"]).unwrap();
    let _third = queue.push(higher, vec!["c1"]).unwrap();
    let batch = queue.next().unwrap();
    assert_eq!((batch.cost(), jobs(&batch)), (higher, vec!["a1", "c1"]));
    let batch = queue.next().unwrap();
    assert_eq!((batch.cost(), jobs(&batch)), (Cost::MIN, vec!["b1"]));
}

#[test]
fn what_waits_is_cut_evenly_among_idle_threads_and_into_few_batches() {
    let most = number(6);
    for (waiting, idle, expected) in [
        (10, 1, 5),
        (10, 2, 5),
        (5, 1, 5),
        (10, 4, 3),
        (10, 16, 1),
        (1, 2, 1),
        (7, 1, 4),
        (100, 1, 6),
        (12, 2, 6),
    ] {
        assert_eq!(share(waiting, idle, most), expected, "{waiting} jobs and {idle} threads");
    }
}

#[test]
fn a_set_hears_that_it_is_begun_and_then_of_each_job() {
    let queue = WorkQueue::new(QueueLimits { waiting_sets: number(1), batch: number(2) });
    let mut progress = queue.push(Cost::MIN, vec!["a1", "a2", "a3"]).unwrap();
    assert!(progress.try_recv().is_err());
    let (first, second) = (queue.next().unwrap(), queue.next().unwrap());
    assert_eq!((jobs(&first), jobs(&second)), (vec!["a1", "a2"], vec!["a3"]));
    second.done(["third"]);
    first.done(["first", "second"]);
    assert_eq!(progress.try_recv(), Ok(Progress::Begun));
    assert_eq!(progress.try_recv(), Ok(Progress::Done(2, "third")));
    assert_eq!(progress.try_recv(), Ok(Progress::Done(0, "first")));
    assert_eq!(progress.try_recv(), Ok(Progress::Done(1, "second")));
}

#[test]
fn stopping_ends_the_wait_of_threads_and_of_sets() {
    let queue = queue(1);
    let mut waiting = queue.push(Cost::MIN, vec!["a1"]).unwrap();
    std::thread::scope(|scope| {
        queue.stop();
        assert!(scope.spawn(|| queue.next().is_none()).join().unwrap());
    });
    assert_eq!(waiting.blocking_recv(), None);
    assert_eq!(queue.push(Cost::MIN, vec!["b1"]).unwrap().blocking_recv(), None);
}
