//! The memory of all sandboxes together.

use crate::turns::Tenant;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The memory of all sandboxes together, shared between tenants by a threshold that moves: one
/// tenant may hold twice what is free, no more. Alone it gets two thirds; many that want all they
/// can get are held to equal parts, and a part stays free for who comes next.
#[derive(Debug)]
pub(crate) struct Budget {
    total: u64,
    held: AtomicU64,
}

/// How many times what is free a tenant may hold.
const SHARE: u64 = 2;

impl Budget {
    pub(crate) fn new(total: u64) -> Self {
        Self {
            total,
            held: AtomicU64::new(0),
        }
    }

    /// What all running calls hold.
    pub(crate) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    fn take(&self, tenant: &Tenant, more: u64) -> bool {
        // The part of the tenant first: two calls of one tenant at the same moment each see what
        // the other takes, and cannot both be let through for a part that only one of them fits in.
        let own = tenant.memory().fetch_add(more, Ordering::Relaxed) + more;
        // What is refused is never added for all, not even for a moment: others would be refused
        // for it.
        let taken = self
            .held
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                let all = held.checked_add(more)?;
                let free = self.total.checked_sub(all)?;
                (own <= free.saturating_mul(SHARE)).then_some(all)
            });
        if taken.is_err() {
            tenant.memory().fetch_sub(more, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    fn give_back(&self, tenant: &Tenant, less: u64) {
        self.held.fetch_sub(less, Ordering::Relaxed);
        tenant.memory().fetch_sub(less, Ordering::Relaxed);
    }
}

/// What one call holds of it, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Holding {
    budget: Arc<Budget>,
    tenant: Tenant,
    bytes: u64,
}

impl Holding {
    pub(crate) fn new(budget: Arc<Budget>, tenant: Tenant) -> Self {
        Self {
            budget,
            tenant,
            bytes: 0,
        }
    }

    /// Whose part it is.
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// What is held now.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Holds more from now on, unless there is not so much for it.
    pub(crate) fn take(&mut self, more: u64) -> bool {
        let is_taken = self.budget.take(&self.tenant, more);
        if is_taken {
            self.bytes += more;
        }
        is_taken
    }

    /// Holds nothing any more.
    pub(crate) fn give_back(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.budget.give_back(&self.tenant, bytes);
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.give_back();
    }
}
