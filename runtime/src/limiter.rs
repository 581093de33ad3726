//! How much memory one call may hold: one sum over all its memories and tables.
//!
//! wasmtime's own limits are per memory and per table; a component with many of either would pass
//! them one by one. This limiter adds them up, remembers the peak for the receipt, and remembers
//! that it refused something: a guest whose allocation fails usually traps a moment later, and
//! that trap is then reported as what it is.

use wasmtime::ResourceLimiter;

/// Core instances of one call.
const INSTANCES: usize = 64;
/// Tables of one call.
const TABLES: usize = 32;
/// Memories of one call.
const MEMORIES: usize = 10;
/// Elements of all tables of one call together.
const TABLE_ELEMENTS: usize = 40_000;
/// What one table element costs the host.
const ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// More memory.
    Memory,
    /// More table elements.
    Table,
}

/// The limiter of one call.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: u64,
    held: u64,
    peak: u64,
    elements: usize,
    refused: Option<Refused>,
}

impl Limiter {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            held: 0,
            peak: 0,
            elements: 0,
            refused: None,
        }
    }

    /// The most that was held at once, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.peak
    }

    /// What was refused last, unless something was granted since: a guest that got over a refusal
    /// and traps later did not trap because of it.
    pub(crate) fn refused(&self) -> Option<Refused> {
        self.refused
    }

    fn grow(&mut self, more: u64, what: Refused) -> bool {
        let held = self.held.saturating_add(more);
        if held > self.limit {
            self.refused = Some(what);
            return false;
        }
        self.held = held;
        self.peak = self.peak.max(held);
        self.refused = None;
        true
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Beyond the engine's own maximum the growth would fail after it was granted here.
        if maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = Some(Refused::Memory);
            return Ok(false);
        }
        Ok(self.grow(desired.saturating_sub(current) as u64, Refused::Memory))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let elements = self.elements.saturating_add(more);
        if elements > TABLE_ELEMENTS || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = Some(Refused::Table);
            return Ok(false);
        }
        let granted = self.grow(more as u64 * ELEMENT_BYTES, Refused::Table);
        if granted {
            self.elements = elements;
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_limited_as_a_sum() {
        let mut limiter = Limiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert_eq!(limiter.refused(), Some(Refused::Memory));
        assert!(limiter.memory_growing(60, 100, None).unwrap());
        assert_eq!(limiter.refused(), None);
        assert_eq!(limiter.peak(), 100);
    }

    #[test]
    fn tables_count_as_memory_and_by_element() {
        let mut limiter = Limiter::new(80);
        assert!(limiter.table_growing(0, 10, None).unwrap());
        assert!(!limiter.table_growing(0, 1, None).unwrap());
        let mut roomy = Limiter::new(u64::MAX);
        assert!(!roomy.table_growing(0, TABLE_ELEMENTS + 1, None).unwrap());
        assert_eq!(roomy.refused(), Some(Refused::Table));
    }

    #[test]
    fn growth_beyond_the_declared_maximum_is_refused() {
        let mut limiter = Limiter::new(u64::MAX);
        assert!(!limiter.memory_growing(0, 11, Some(10)).unwrap());
        assert_eq!(limiter.peak(), 0);
    }
}
