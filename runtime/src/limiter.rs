//! How much memory one call may hold: one sum over all its memories and tables.
//!
//! wasmtime's own limits are per memory and per table; a component with many of either would pass
//! them one by one. This limiter adds them up, remembers the peak for the receipt, and remembers
//! that it refused something: a guest whose allocation fails usually traps a moment later, and
//! that trap is then reported as what it is.

mod budget;

pub(crate) use budget::{Budget, Holding};

use casemate_domain::Limits;
use wasmtime::ResourceLimiter;

/// Tables of one call.
const TABLES: usize = 32;
/// Memories of one call.
const MEMORIES: usize = 10;
/// How often a call is told that it gets no more memory. Asking costs a guest little fuel and the
/// host much time, so one that goes on asking is ended.
const REFUSALS: u32 = 1_000;
/// What one table element costs the host.
const ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// More memory than the call may have.
    Memory,
    /// More table elements.
    Table,
    /// Memory that the call may have, and that there is not for all.
    Everybody,
}

/// Ends a guest that does not stop asking for what it does not get.
#[derive(Debug, thiserror::Error)]
#[error("refused too often")]
pub(crate) struct RefusedTooOften;

/// The limiter of one call.
#[derive(Debug)]
pub(crate) struct Limiter {
    holding: Holding,
    memory: u64,
    table_elements: u64,
    instances: usize,
    peak: u64,
    elements: u64,
    refused: Option<Refused>,
    refusals: u32,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, holding: Holding) -> Self {
        Self {
            holding,
            memory: limits.memory_bytes,
            table_elements: limits.table_elements,
            instances: usize::try_from(limits.instances).unwrap_or(usize::MAX),
            peak: 0,
            elements: 0,
            refused: None,
            refusals: 0,
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

    fn grow(&mut self, more: u64, what: Refused) -> wasmtime::Result<bool> {
        let held = self.holding.bytes().saturating_add(more);
        if held > self.memory {
            return self.refuse(what);
        }
        if !self.holding.take(more) {
            return self.refuse(Refused::Everybody);
        }
        self.peak = self.peak.max(held);
        self.refused = None;
        Ok(true)
    }

    fn refuse(&mut self, what: Refused) -> wasmtime::Result<bool> {
        self.refused = Some(what);
        self.refusals += 1;
        if self.refusals > REFUSALS {
            return Err(wasmtime::Error::new(RefusedTooOften));
        }
        Ok(false)
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
            return self.refuse(Refused::Memory);
        }
        self.grow(desired.saturating_sub(current) as u64, Refused::Memory)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        let elements = self.elements.saturating_add(more);
        if elements > self.table_elements || maximum.is_some_and(|maximum| desired > maximum) {
            return self.refuse(Refused::Table);
        }
        let granted = self.grow(more.saturating_mul(ELEMENT_BYTES), Refused::Table)?;
        if granted {
            self.elements = elements;
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        self.instances
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
    use crate::turns::Tenant;
    use std::sync::{Arc, atomic::Ordering};

    fn limits(memory_bytes: u64) -> Limits {
        Limits {
            memory_bytes,
            table_elements: 1_000,
            ..Limits::default()
        }
    }

    fn limiter(memory_bytes: u64) -> Limiter {
        let budget = Arc::new(Budget::new(u64::MAX));
        Limiter::new(&limits(memory_bytes), Holding::new(budget, Tenant::new()))
    }

    #[test]
    fn memories_are_limited_as_a_sum() {
        let mut limiter = limiter(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert_eq!(limiter.refused(), Some(Refused::Memory));
        assert!(limiter.memory_growing(60, 100, None).unwrap());
        assert_eq!(limiter.refused(), None);
        assert_eq!(limiter.peak(), 100);
    }

    #[test]
    fn tables_count_as_memory_and_by_element() {
        let mut tight = limiter(80);
        assert!(tight.table_growing(0, 10, None).unwrap());
        assert!(!tight.table_growing(0, 1, None).unwrap());
        let mut roomy = limiter(u64::MAX);
        assert!(roomy.table_growing(0, 1_000, None).unwrap());
        assert!(!roomy.table_growing(1_000, 1_001, None).unwrap());
        assert_eq!(roomy.refused(), Some(Refused::Table));
    }

    #[test]
    fn growth_beyond_the_declared_maximum_is_refused() {
        let mut limiter = limiter(u64::MAX);
        assert!(!limiter.memory_growing(0, 11, Some(10)).unwrap());
        assert_eq!(limiter.peak(), 0);
    }

    fn grow(limiter: &mut Limiter, by: usize) -> bool {
        limiter.memory_growing(0, by, None).unwrap_or(false)
    }

    #[test]
    fn a_guest_that_goes_on_asking_is_ended() {
        let mut limiter = limiter(0);
        let asked = (0..=REFUSALS).map(|_| limiter.memory_growing(0, 1, None));
        let refused = asked.take_while(|asked| matches!(asked, Ok(false))).count();
        assert_eq!(refused, REFUSALS as usize);
    }

    #[test]
    fn calls_together_hold_no_more_than_there_is_for_all_and_give_it_back() {
        let budget = Arc::new(Budget::new(100));
        let call = || {
            Limiter::new(
                &limits(80),
                Holding::new(Arc::clone(&budget), Tenant::new()),
            )
        };
        let (mut first, mut second) = (call(), call());
        assert!(grow(&mut first, 60));
        assert!(!grow(&mut second, 41));
        assert_eq!(second.refused(), Some(Refused::Everybody));
        drop(first);
        assert!(grow(&mut second, 41));
        drop(second);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn tenants_that_want_everything_get_equal_parts_and_leave_one_for_the_next() {
        let budget = Arc::new(Budget::new(9_000));
        let tenants: Vec<_> = (0..4).map(|_| Tenant::new()).collect();
        let mut calls: Vec<_> = tenants
            .iter()
            .map(|tenant| Holding::new(Arc::clone(&budget), tenant.clone()))
            .map(|holding| Limiter::new(&limits(9_000), holding))
            .collect();
        for _ in 0..9_000 {
            for call in &mut calls {
                let _ = grow(call, 1);
            }
        }
        // Four parts of two for them, one that stays free.
        for tenant in &tenants {
            let own = tenant.memory().load(Ordering::Relaxed);
            assert!(own.abs_diff(2_000) < 10, "{own}");
        }
        let mut newcomer = Limiter::new(&limits(9_000), Holding::new(budget, Tenant::new()));
        assert!(grow(&mut newcomer, 500));
    }
}
