use super::{CALL_TIMES, FASTEST_LANES, MAX_LANES, PLANNED, fastest, first_batch, first_batches};

/// The sizes of all batches that `jobs` are cut into.
fn batches(mut jobs: usize) -> Vec<usize> {
    let mut sizes = Vec::new();
    while jobs > 0 {
        sizes.push(first_batch(jobs));
        jobs -= first_batch(jobs);
    }
    sizes
}

fn time(batches: &[usize]) -> u32 {
    batches.iter().map(|lanes| CALL_TIMES[lanes - 1]).sum()
}

/// The least time over all ways to cut `jobs` into batches of at most `widest`.
fn least_time(jobs: usize, widest: usize) -> u32 {
    if jobs == 0 {
        return 0;
    }
    let times = (1..=widest.min(jobs)).map(|lanes| CALL_TIMES[lanes - 1] + least_time(jobs - lanes, lanes));
    times.min().unwrap()
}

#[test]
fn a_batch_is_never_larger_than_the_jobs_or_the_lanes() {
    assert_eq!(first_batch(0), 0);
    for jobs in 1..=3 * PLANNED {
        assert!((1..=MAX_LANES.min(jobs)).contains(&first_batch(jobs)), "{jobs}");
    }
}

#[test]
fn the_batches_take_the_least_time_of_all_ways_to_cut() {
    for jobs in 0..=PLANNED {
        assert_eq!(time(&batches(jobs)), least_time(jobs, MAX_LANES), "{jobs}");
    }
}

#[test]
fn many_jobs_go_in_batches_of_the_fastest_width() {
    let sizes = batches(1000);
    let of_the_fastest_width = sizes.iter().filter(|&&lanes| lanes == FASTEST_LANES).count();
    assert!(of_the_fastest_width * FASTEST_LANES >= 1000 - PLANNED);
}

#[test]
fn ten_jobs_make_two_batches() {
    assert_eq!(batches(10), [5, 5]);
}

#[test]
fn the_table_of_times_decides() {
    let lanes_are_free = [1; MAX_LANES];
    assert_eq!(fastest(&lanes_are_free), MAX_LANES);
    assert_eq!(first_batches(&lanes_are_free)[MAX_LANES], MAX_LANES);
    let lanes_are_useless = [10, 21, 32, 43, 54, 65, 76, 87];
    assert_eq!(fastest(&lanes_are_useless), 1);
    assert_eq!(first_batches(&lanes_are_useless)[MAX_LANES], 1);
}
