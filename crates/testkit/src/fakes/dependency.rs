use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::health::Dependency;

/// A dependency that works until it is switched off.
#[derive(Debug)]
pub struct SwitchedDependency {
    name: &'static str,
    dispensable: bool,
    works: AtomicBool,
}

impl SwitchedDependency {
    /// A dependency that works.
    pub const fn new(name: &'static str) -> Self {
        Self { name, dispensable: false, works: AtomicBool::new(true) }
    }

    /// One that works, and that the service does its work without.
    pub const fn dispensable(name: &'static str) -> Self {
        Self { name, dispensable: true, works: AtomicBool::new(true) }
    }

    /// Whether it works from here on.
    pub fn set_working(&self, works: bool) {
        self.works.store(works, Ordering::SeqCst);
    }
}

#[async_trait]
impl Dependency for SwitchedDependency {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_dispensable(&self) -> bool {
        self.dispensable
    }

    async fn check(&self) -> Result<(), PortFailure> {
        if self.works.load(Ordering::SeqCst) { Ok(()) } else { Err(PortFailure::unavailable("switched off")) }
    }
}
