//! What the test runner says at the end of each binary, added up.

use crate::cargo;
use anyhow::{Result, bail};
use std::process::Command;

/// A sum of closing lines.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// The closing line of the last binary that had tests, word for word.
    pub(crate) last_words: Option<String>,
}

impl Tally {
    /// Runs tests and adds up their closing lines. Not one test is a failure: a filter that
    /// matches nothing must not look like success.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<String> {
        let before = self.passed;
        cargo::watch(command, |line| self.add(line))?;
        if self.passed == before {
            bail!("no test was run");
        }
        Ok(self.to_string())
    }

    fn add(&mut self, line: &str) {
        let Some(counts) = line.trim().strip_prefix("test result: ") else {
            return;
        };
        let count = |name: &str| -> u64 {
            let part = counts
                .split([';', '.'])
                .map(str::trim)
                .find(|part| part.ends_with(name));
            part.and_then(|part| part.split(' ').next()?.parse().ok())
                .unwrap_or(0)
        };
        let (passed, failed, ignored) = (count("passed"), count("failed"), count("ignored"));
        self.passed += passed;
        self.failed += failed;
        self.ignored += ignored;
        if passed + failed > 0 {
            self.last_words = Some(line.trim().to_owned());
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed", self.passed)?;
        for (count, what) in [(self.failed, "failed"), (self.ignored, "ignored")] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn closing_lines_add_up_and_the_last_one_with_tests_is_kept() {
        let mut tally = Tally::default();
        tally.add("test result: ok. 9 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        tally.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out");
        tally.add("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.add("test fixture ... ok");
        assert_eq!(tally.to_string(), "12 passed, 2 failed, 1 ignored");
        assert!(
            tally
                .last_words
                .unwrap()
                .starts_with("test result: FAILED. 3 passed")
        );
    }
}
