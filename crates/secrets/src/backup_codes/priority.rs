//! What the threads that hash leave to the other threads of the machine.

/// Which of the hashing threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Urgency {
    /// Somebody waits to be let in, so it goes on slowly on a machine that has no processor to spare.
    Verification,
    /// A set-up can be made again, so it takes what nobody else wants.
    Set,
}

/// Lets everything else run before the calling thread, so that a storm of set-ups delays no check of a code.
/// Best effort: where the system refuses, the thread keeps its priority.
#[cfg(target_os = "linux")]
pub(super) fn lower(urgency: Urgency) {
    let lowered = match urgency {
        Urgency::Verification => linux::niceness(),
        Urgency::Set => linux::idle(),
    };
    if let Err(error) = lowered {
        tracing::debug!(?urgency, %error, "the hashing thread keeps its priority");
    }
}

/// Elsewhere a priority belongs to the whole process.
#[cfg(not(target_os = "linux"))]
pub(super) fn lower(_urgency: Urgency) {}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };

    /// In the upper half of 0 to 19: a busy ordinary thread gets about nine times the processor time.
    pub(super) const NICENESS: i32 = 10;

    pub(super) fn niceness() -> io::Result<()> {
        // Without a process id Linux takes the calling thread, not the process.
        let present = rustix::process::getpriority_process(None)?;
        Ok(rustix::process::setpriority_process(None, present.max(NICENESS))?)
    }

    /// `SCHED_IDLE`, sched(7): a thread that wakes up takes the processor at once, and one that only such a thread uses
    /// counts as free. Even the highest niceness leaves woken threads waiting behind each other beside it.
    pub(super) fn idle() -> io::Result<()> {
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
            .map_err(io::Error::other)
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy};

    use super::*;

    fn niceness() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    /// What `look` sees in a thread of that urgency.
    fn within<T: Send>(urgency: Urgency, look: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                lower(urgency);
                look()
            });
            thread.join().unwrap()
        })
    }

    #[test]
    fn only_the_calling_thread_gets_the_low_priority() {
        let before = niceness();
        assert_eq!(within(Urgency::Verification, niceness), before.max(linux::NICENESS));
        assert_eq!(niceness(), before);
    }

    #[test]
    fn sets_are_hashed_when_nobody_else_wants_the_processor() {
        let policy = || thread_schedule_policy().unwrap();
        let before = policy();
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        assert_eq!(within(Urgency::Set, policy), idle);
        assert_eq!(within(Urgency::Verification, policy), before);
        assert_eq!(policy(), before);
    }
}
