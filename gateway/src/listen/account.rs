//! Who pays for the work of a connection, and whose it is.

use crate::portion::{Pool, Portion, Taken};
use casemate_runtime::{Meter, Tenant};
use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// For which tenant a connection works, once somebody knows. Reading requests and writing answers then counts like the tenant's calls do, so
/// that nobody gets more of the machine than others by large answers; and the connection is one of
/// those of the tenant, of which there are only so many.
#[derive(Debug, Clone)]
pub struct Account {
    places: Arc<Pool>,
    owner: Arc<Mutex<Option<Owner>>>,
}

#[derive(Debug)]
struct Owner {
    tenant: Tenant,
    /// The connection itself.
    place: Taken,
}

/// The tenant holds as many connections as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

impl Account {
    /// The account of a connection that nobody has used yet.
    pub(super) fn new(places: &Arc<Pool>) -> Self {
        Self {
            places: Arc::clone(places),
            owner: Arc::default(),
        }
    }

    /// From now on the connection works for this tenant, and counts among its connections.
    pub fn set(&self, tenant: &Tenant, connections: &Arc<Portion>) -> Result<(), TooMany> {
        let mut owner = self.owner();
        if let Some(owner) = &*owner
            && owner.place.is_for(connections)
        {
            return Ok(());
        }
        let mut place = Taken::nothing(&self.places, connections);
        if !place.take(1) {
            return Err(TooMany);
        }
        *owner = Some(Owner {
            tenant: tenant.clone(),
            place,
        });
        Ok(())
    }

    /// Puts what a connection takes on the account of its tenant.
    pub(super) async fn pay<T>(self, meter: Meter, connection: impl Future<Output = T>) -> T {
        let mut connection = pin!(connection);
        let steps = poll_fn(|context| {
            let (polled, took) = meter.measure(|| connection.as_mut().poll(context));
            if let Some(owner) = &*self.owner() {
                owner.tenant.owes(took);
            }
            polled
        });
        steps.await
    }

    fn owner(&self) -> MutexGuard<'_, Option<Owner>> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_holds_only_so_many_connections_and_others_get_theirs() {
        let places = Arc::new(Pool::new(9));
        let (tenant, greedy, modest) = (Tenant::new(), Arc::default(), Arc::default());
        let open = |portion: &Arc<Portion>| {
            let account = Account::new(&places);
            account.set(&tenant, portion).map(|()| account)
        };
        let mut held: Vec<_> = (0..9).filter_map(|_| open(&greedy).ok()).collect();
        assert_eq!(held.len(), 6, "two thirds");
        // Further requests on a connection that counts already are no further connections.
        assert_eq!(held[0].set(&tenant, &greedy), Ok(()));
        assert!(open(&modest).is_ok());
        held.pop();
        assert!(open(&greedy).is_ok(), "a closed connection counts no more");
    }
}
