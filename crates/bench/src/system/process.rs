//! What a process uses, as `/proc` tells it (proc(5)).

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// The memory that the process has in use, in MiB.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub(crate) fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib as f64 / 1_024.0)
}

/// The processor time that the process has used, in all threads that it has now.
pub(crate) fn processor_time(pid: u32) -> anyhow::Result<Duration> {
    let mut nanos = 0_u64;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // Time on the processor, in nanoseconds, is the first of three numbers. A thread may end meanwhile.
        let Ok(times) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let used = times.split_whitespace().next().context("an empty schedstat")?;
        nanos = nanos.saturating_add(used.parse()?);
    }
    Ok(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_time() {
        let pid = std::process::id();
        assert!(resident_mib(pid).unwrap() > 0.5);
        assert!(processor_time(pid).unwrap() > Duration::ZERO);
    }
}
