//! Steps that are counted, timed and summed up, so that the end of a long run says what happened
//! in it and what did not.

use crate::say;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// A run of several steps.
#[derive(Debug)]
pub(crate) struct Steps {
    of: usize,
    start: Instant,
    taken: Vec<Step>,
    skipped: Vec<(String, String)>,
}

#[derive(Debug)]
struct Step {
    what: &'static str,
    end: End,
    time: Duration,
    note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    LeftOut,
}

impl Steps {
    /// For so many steps.
    pub(crate) fn new(of: usize) -> Self {
        Self {
            of,
            start: Instant::now(),
            taken: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Takes a step. If it fails, the others are taken all the same. The text of a step that
    /// passed goes into the summary. Returns whether it passed.
    pub(crate) fn take(
        &mut self,
        what: &'static str,
        step: impl FnOnce() -> Result<String>,
    ) -> bool {
        say::step(self.taken.len() + 1, self.of, what);
        let start = Instant::now();
        let (end, note) = match step() {
            Ok(note) => (End::Passed, note),
            Err(error) => {
                say::error(&format!("{error:#}"));
                (End::Failed, String::new())
            }
        };
        self.taken.push(Step {
            what,
            end,
            time: start.elapsed(),
            note,
        });
        end == End::Passed
    }

    /// Leaves a step out that makes no sense after what came before it.
    pub(crate) fn leave_out(&mut self, what: &'static str, why: &str) {
        let note = why.to_owned();
        self.taken.push(Step {
            what,
            end: End::LeftOut,
            time: Duration::ZERO,
            note,
        });
        self.skip(what, why);
    }

    /// Remembers something that was not done, by name, with the reason and the remedy.
    pub(crate) fn skip(&mut self, what: &str, why: &str) {
        self.skipped.push((what.to_owned(), why.to_owned()));
    }

    /// Shows every step and everything that was skipped.
    pub(crate) fn show_summary(&self) {
        say::heading("Summary");
        for step in &self.taken {
            say::line(&step.row());
        }
        say::line(&format!(
            "  {:<8} {:<26} {:>12}",
            "",
            "in all",
            say::elapsed(self.start.elapsed())
        ));
        if !self.skipped.is_empty() {
            say::heading("Skipped");
        }
        for (what, why) in &self.skipped {
            say::line(&format!("  {what}: {why}"));
        }
    }

    /// The result of the whole run.
    pub(crate) fn verdict(&self) -> Result<()> {
        let bad = self.taken.iter().filter(|step| step.end != End::Passed);
        let bad: Vec<_> = bad.map(|step| step.what).collect();
        if bad.is_empty() {
            Ok(())
        } else {
            bail!("not passed: {}", bad.join(", "))
        }
    }
}

impl Step {
    fn row(&self) -> String {
        let end = match self.end {
            End::Passed => "ok",
            End::Failed => "FAILED",
            End::LeftOut => "left out",
        };
        let time = say::elapsed(self.time);
        format!("  {end:<8} {:<26} {time:>12}   {}", self.what, self.note)
            .trim_end()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Steps;
    use anyhow::bail;

    #[test]
    fn a_run_with_a_failed_step_fails_and_names_it() {
        let mut steps = Steps::new(3);
        assert!(steps.take("one", || Ok(String::new())));
        assert!(!steps.take("two", || bail!("broken")));
        steps.leave_out("three", "it needs two");
        assert_eq!(
            steps.verdict().unwrap_err().to_string(),
            "not passed: two, three"
        );
    }

    #[test]
    fn a_skipped_extra_does_not_fail_the_run() {
        let mut steps = Steps::new(1);
        steps.take("one", || Ok(String::new()));
        steps.skip("an extra", "not installed");
        assert!(steps.verdict().is_ok());
    }
}
