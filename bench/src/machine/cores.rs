//! Which cores the gateway and whoever measures run on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

/// How cores are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layout {
    /// The last core for the load, the others for the gateway
    Split,
    /// All cores for both
    Shared,
}

/// The cores as they are shared out. A thread passes its cores on to the threads and processes it
/// starts, so a process is put on its cores by being started from [`Cores::for_gateway`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    gateway: CpuSet,
    load: CpuSet,
    all: CpuSet,
}

impl Cores {
    /// Shares out the cores that this program may use.
    pub(crate) fn of(layout: Layout) -> std::io::Result<Self> {
        let all = sched_getaffinity(None)?;
        let last = (0..CpuSet::MAX_CPU).rev().find(|core| all.is_set(*core));
        let (mut gateway, mut load) = (all, all);
        if let (Layout::Split, 2.., Some(last)) = (layout, all.count(), last) {
            gateway.unset(last);
            load = CpuSet::new();
            load.set(last);
        }
        Ok(Self { gateway, load, all })
    }

    /// Does something on the cores of the gateway, then goes on on those of the load.
    pub(crate) fn for_gateway<T>(&self, start: impl FnOnce() -> T) -> std::io::Result<T> {
        sched_setaffinity(None, &self.gateway)?;
        let started = start();
        sched_setaffinity(None, &self.load)?;
        Ok(started)
    }

    /// Goes on on the cores of the load.
    pub(crate) fn for_load(&self) -> std::io::Result<()> {
        Ok(sched_setaffinity(None, &self.load)?)
    }

    /// Goes on on all cores.
    pub(crate) fn for_everything(&self) -> std::io::Result<()> {
        Ok(sched_setaffinity(None, &self.all)?)
    }

    /// Whether the gateway and the load have no core in common.
    pub(crate) fn apart(&self) -> bool {
        (0..CpuSet::MAX_CPU).all(|core| !(self.gateway.is_set(core) && self.load.is_set(core)))
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        if self.gateway == self.all {
            return format!("gateway and load share {} cores", self.all.count());
        }
        format!(
            "gateway on {} of {} cores, load on the other",
            self.gateway.count(),
            self.all.count()
        )
    }
}
