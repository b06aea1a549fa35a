//! The size of the pages that memory comes in.

/// Has the system give this process no huge pages, which some systems give unasked. Of the two buffers of an idle connection,
/// 8 KiB each, a few hundred bytes are used: with pages of 4 KiB the rest is never there, in a page of 2 MiB all of it is.
#[cfg(target_os = "linux")]
pub(super) fn decline_huge_ones() {
    // A sandbox may not allow it; then only more memory is used.
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages cannot be declined");
    }
}

/// Only Linux gives them unasked.
#[cfg(not(target_os = "linux"))]
pub(super) const fn decline_huge_ones() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn huge_pages_are_declined() {
        decline_huge_ones();
        assert_eq!(rustix::thread::transparent_huge_pages_are_disabled(), Ok(true));
    }
}
