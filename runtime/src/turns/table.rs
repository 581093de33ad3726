//! Who waits for a turn, and whose is next.

use super::{Signal, tenant::Tenant};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How far behind the others a tenant that was idle may start: several times what a short call
/// takes.
pub(super) const CREDIT: u64 = 20_000_000;
/// The most that a tenant pays at once for what was done for it outside of turns. The rest it pays
/// later: it is slowed down, and not shut out.
const DEBT: u64 = 50_000_000;

#[derive(Debug, Default)]
pub(super) struct Table {
    /// All turns there are.
    at_once: usize,
    /// Turns that nobody has. While there are any, nobody waits.
    pub(super) free: usize,
    /// The virtual time up to which idle tenants are brought.
    floor: u64,
    /// Those who wait, by the time and id of their tenant.
    pub(super) waiting: BTreeMap<(u64, u64), VecDeque<Arc<Signal>>>,
    /// Whether anybody waits, for those who do not have the table.
    contended: Arc<AtomicBool>,
}

impl Table {
    pub(super) fn new(free: usize, contended: Arc<AtomicBool>) -> Self {
        Self {
            at_once: free,
            free,
            contended,
            ..Self::default()
        }
    }

    pub(super) fn are_idle(&self) -> bool {
        self.free == self.at_once
    }

    /// Brings the time of a tenant that was idle up to that of the others, and has it pay what it
    /// owes.
    pub(super) fn bring_up(&mut self, tenant: &Tenant) {
        let credit = if tenant.is_new() { 0 } else { CREDIT };
        let least = self.floor.saturating_sub(credit);
        let waits = self.waiting.contains_key(&(tenant.time(), tenant.id()));
        if tenant.time() < least && !waits {
            tenant.set_time(least);
        }
        self.settle(tenant);
    }

    /// Has a tenant pay of what it owes.
    pub(super) fn settle(&mut self, tenant: &Tenant) {
        let paid = tenant.settle(DEBT);
        if paid > 0 {
            self.charge(tenant, Duration::from_nanos(paid));
        }
    }

    /// Adds to the time of a tenant, also where its other calls wait.
    pub(super) fn charge(&mut self, tenant: &Tenant, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let id = tenant.id();
        let waiting = self.waiting.remove(&(tenant.time(), id));
        let time = tenant.time().saturating_add(took);
        tenant.set_time(time);
        match waiting {
            Some(queue) => drop(self.waiting.insert((time, id), queue)),
            None if self.waiting.is_empty() => self.floor = self.floor.max(time),
            None => {}
        }
    }

    /// Whether nobody who waits comes before this tenant.
    pub(super) fn is_next(&self, tenant: &Tenant) -> bool {
        let own = (tenant.time(), tenant.id());
        self.waiting
            .first_key_value()
            .is_none_or(|(first, _)| own < *first)
    }

    pub(super) fn queue(&mut self, tenant: &Tenant, signal: &Arc<Signal>) {
        let at = (tenant.time(), tenant.id());
        let queue = self.waiting.entry(at).or_default();
        queue.push_back(Arc::clone(signal));
        self.contended.store(true, Ordering::Relaxed);
    }

    /// Takes one out of those who wait; says whether it was among them.
    pub(super) fn leave(&mut self, tenant: &Tenant, signal: &Arc<Signal>) -> bool {
        let at = (tenant.time(), tenant.id());
        let Some(queue) = self.waiting.get_mut(&at) else {
            return false;
        };
        let waited = queue.len();
        queue.retain(|other| !Arc::ptr_eq(other, signal));
        let left = queue.len();
        if left == 0 {
            self.waiting.remove(&at);
            self.tell();
        }
        left < waited
    }

    /// Gives a turn to whom it is due, if anybody waits.
    pub(super) fn pass_on(&mut self) -> Option<Arc<Signal>> {
        let Some(mut first) = self.waiting.first_entry() else {
            self.free += 1;
            return None;
        };
        self.floor = self.floor.max(first.key().0);
        let next = first.get_mut().pop_front();
        if first.get().is_empty() {
            first.remove();
        }
        self.tell();
        next
    }

    fn tell(&self) {
        let contended = !self.waiting.is_empty();
        self.contended.store(contended, Ordering::Relaxed);
    }
}
