//! What a workspace notices of hostile ones beside it.
//!
//! A victim makes calls at a constant rate, first alone, then beside each family of hostile load.
//! Its answers must stay right, quick and complete, the gateway must stay small and alive. The
//! same with the guards off must fail: bounds that hold without guards prove nothing of them.
//!
//! The gateway is started afresh for each cell of the table, so that no cell pays for the one
//! before it.

mod bounds;
mod cell;
mod family;
mod guards;
mod heavy;
mod report;
mod setup;
mod slow_clients;

use crate::{
    Verdict,
    machine::{Cores, Layout, Machine},
    progress::Progress,
    say::Output,
};
use anyhow::Result;
use cell::{Plan, Timing};
use clap::ValueEnum;
use family::Family;
use guards::Guards;
use report::Report;
use setup::Scene;
use std::time::Duration;

/// Hostile requests in flight.
const IN_FLIGHT: [usize; 3] = [1, 8, 32];
/// Hostile workspaces.
const TENANTS: [usize; 2] = [1, 8];
/// The families whose guards are taken away when nobody asks for more.
const CONTROLS: [Family; 3] = [Family::Cpu, Family::Memory, Family::Compile];
/// So long is a run after the hostile load was started and before anything is measured.
const HEAD_START: Duration = Duration::from_millis(500);

/// How `neighbors` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each cell of the table is measured
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Wait up to so many seconds, before each row, until other programs use little of the machine
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=3600))]
    patience: u64,
    /// Only these families; all of them by default
    #[arg(long, value_name = "FAMILY", value_delimiter = ',')]
    family: Vec<Family>,
    /// Only so many hostile requests in flight; 1, 8 and 32 by default
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1000))]
    in_flight: Vec<u16>,
    /// Only so many hostile workspaces; 1 and 8 by default
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=100))]
    tenants: Vec<u16>,
    /// Run the control without guards for every family, at 32 in flight, and nothing else
    #[arg(long)]
    control: bool,
    /// Leave the control out
    #[arg(long, conflicts_with = "control")]
    no_control: bool,
    /// How cores are shared out between the gateway and the load
    #[arg(long, value_enum, default_value_t = Layout::Split)]
    cores: Layout,
}

impl Options {
    fn timing(&self) -> Timing {
        Timing {
            time: Duration::from_secs(self.seconds),
            patience: Duration::from_secs(self.patience),
        }
    }

    fn families(&self) -> Vec<Family> {
        match &*self.family {
            [] => Family::value_variants().to_vec(),
            some => some.to_vec(),
        }
    }

    fn tenants(&self) -> Vec<usize> {
        or(&self.tenants, &TENANTS)
    }

    /// Every cell with the guards on.
    fn cells(&self) -> Vec<Plan> {
        if self.control {
            return Vec::new();
        }
        let mut plans = Vec::new();
        for family in self.families() {
            for tenants in self.tenants() {
                for in_flight in or(&self.in_flight, &IN_FLIGHT) {
                    let plan = Plan {
                        family,
                        tenants,
                        in_flight,
                    };
                    plans.extend(Some(plan).filter(Plan::is_sensible));
                }
            }
        }
        plans
    }

    /// Every cell with the guards off.
    fn controls(&self) -> Vec<Plan> {
        if self.no_control {
            return Vec::new();
        }
        let families = self.families().into_iter();
        let wanted = families.filter(|family| self.control || CONTROLS.contains(family));
        let most = or(&self.in_flight, &IN_FLIGHT).into_iter().max();
        wanted
            .map(|family| Plan {
                family,
                tenants: 1,
                in_flight: most.unwrap_or(1),
            })
            .collect()
    }
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let cores = Cores::of(options.cores)?;
    let timing = options.timing();
    let (cells, controls) = (options.cells(), options.controls());
    let progress = Progress::new(1 + cells.len() + controls.len());

    progress.says("setting up");
    let most = options.tenants().into_iter().max().unwrap_or(1);
    let mut scene = Scene::set_up(cores, most)?;
    progress.says("the victim alone");
    let baseline = cell::baseline(&mut scene, timing)?;
    progress.step();
    let mut report = Report::new(machine, &cores, &scene, timing.time, baseline);
    for (guards, plans) in [(Guards::On, cells), (Guards::Off, controls)] {
        for plan in plans {
            progress.says(&format!("{plan}, guards {guards}"));
            report.add(cell::measure(&mut scene, guards, plan, timing)?);
            progress.step();
        }
    }
    progress.done();
    report.show(output)?;
    Ok(report.verdict())
}

/// What was asked for, or what is usual.
fn or(asked: &[u16], usual: &[usize]) -> Vec<usize> {
    match asked {
        [] => usual.to_vec(),
        some => some.iter().map(|number| usize::from(*number)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn options(line: &str) -> Options {
        Line::parse_from(line.split(' ')).options
    }

    #[test]
    fn by_default_every_family_is_run_and_three_controls() {
        let options = options("neighbors");
        let cells = options.cells();
        for family in Family::value_variants() {
            assert!(cells.iter().any(|plan| plan.family == *family), "{family}");
        }
        assert!(cells.iter().all(|plan| plan.in_flight >= plan.tenants));
        assert_eq!(options.controls().len(), 3);
        assert!(options.controls().iter().all(|plan| plan.in_flight == 32));
    }

    #[test]
    fn a_family_can_be_chosen_and_the_control_run_alone() {
        assert_eq!(
            options("neighbors --family log --in-flight 8")
                .cells()
                .len(),
            2
        );
        let control = options("neighbors --control");
        assert_eq!(control.cells().len(), 0);
        assert_eq!(control.controls().len(), Family::value_variants().len());
    }
}
