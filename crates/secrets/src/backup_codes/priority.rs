//! The operating system's priority of the hashing threads.

/// Lets everything else run before the calling thread, so that a storm of set-ups delays no check of a code.
/// Best effort: where the system refuses, the thread keeps its priority.
#[cfg(target_os = "linux")]
pub(super) fn lower() {
    /// In the upper half of 0 to 19: a busy ordinary thread gets about nine times the processor time.
    const NICENESS: i32 = 10;
    // Without a process id Linux takes the calling thread, not the process.
    let present = rustix::process::getpriority_process(None).unwrap_or(0);
    if let Err(error) = rustix::process::setpriority_process(None, present.max(NICENESS)) {
        tracing::debug!(%error, "the hashing thread keeps its priority");
    }
}

/// Elsewhere a priority belongs to the whole process.
#[cfg(not(target_os = "linux"))]
pub(super) fn lower() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_the_calling_thread_gets_the_low_priority() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let lowered = std::thread::spawn(move || {
            lower();
            niceness()
        });
        assert_eq!(lowered.join().unwrap(), before.max(10));
        assert_eq!(niceness(), before);
    }
}
