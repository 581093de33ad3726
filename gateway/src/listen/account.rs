//! Who pays for the work of a connection.

use casemate_runtime::{Meter, Tenant};
use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// For which tenant a connection works, once somebody knows. Handlers find it among the extensions
/// of a request. Reading requests and writing answers then counts like the tenant's calls do, so
/// that nobody gets more of the machine than others by large answers.
#[derive(Debug, Clone, Default)]
pub struct Account {
    tenant: Arc<Mutex<Option<Tenant>>>,
}

impl Account {
    /// From now on the connection works for this tenant.
    pub fn set(&self, tenant: &Tenant) {
        *self.tenant() = Some(tenant.clone());
    }

    /// Puts what a connection takes on the account of its tenant.
    pub(super) async fn pay<T>(self, meter: Meter, connection: impl Future<Output = T>) -> T {
        let mut connection = pin!(connection);
        let steps = poll_fn(|context| {
            let (polled, took) = meter.measure(|| connection.as_mut().poll(context));
            if let Some(tenant) = &*self.tenant() {
                tenant.owes(took);
            }
            polled
        });
        steps.await
    }

    fn tenant(&self) -> MutexGuard<'_, Option<Tenant>> {
        self.tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
