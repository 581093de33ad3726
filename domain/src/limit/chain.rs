//! How limits of several levels add up: a lower level only tightens.

use super::{Limit, Limits, Profile};
use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a limit can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The whole installation: its configuration file.
    Platform,
    /// One workspace.
    Workspace,
    /// One server.
    Server,
    /// One tool of a server.
    Tool,
}

impl Level {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Workspace => "workspace",
            Self::Server => "server",
            Self::Tool => "tool",
        }
    }
}

/// What one level sets. Everything else it takes from the level above.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitSettings {
    /// A value for every limit at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Values of single limits; they go before those of the profile.
    #[serde(flatten)]
    pub values: BTreeMap<Limit, u64>,
}

impl LimitSettings {
    /// What it sets a limit to, if it does.
    pub fn get(&self, limit: Limit) -> Option<u64> {
        let own = self.values.get(&limit).copied();
        own.or_else(|| self.profile.map(|profile| profile.limits().get(limit)))
    }

    /// Whether it sets nothing.
    pub fn is_empty(&self) -> bool {
        self.profile.is_none() && self.values.is_empty()
    }

    /// Whether every value is one that its limit may have.
    pub fn check(&self) -> Result<(), Invalid> {
        for (limit, value) in &self.values {
            limit.check(*value)?;
        }
        Ok(())
    }

    /// The limits of the platform, which has none above it.
    pub fn of_platform(&self) -> Limits {
        let profile = self.profile.unwrap_or(Profile::Standard).limits();
        let own = |limits: Limits, (limit, value): (&Limit, &u64)| limits.with(*limit, *value);
        self.values.iter().fold(profile, own)
    }

    /// The limits of a level whose level above has these.
    #[must_use]
    pub fn tighten(&self, above: Limits) -> Limits {
        if self.is_empty() {
            return above;
        }
        let tightened = |limits: Limits, limit: &Limit| match self.get(*limit) {
            Some(value) => limits.with(*limit, value.min(limits.get(*limit))),
            None => limits,
        };
        Limit::ALL.iter().fold(above, tightened)
    }
}

/// What each level sets, from the platform down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitChain<'a> {
    platform: &'a LimitSettings,
    below: Vec<(Level, &'a LimitSettings)>,
}

/// What one level sets a limit to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LimitStep {
    /// The level.
    pub level: Level,
    /// Its value; none if it sets none.
    pub value: Option<u64>,
}

/// One limit with the reason for its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedLimit {
    /// Which.
    pub limit: Limit,
    /// In force.
    pub value: u64,
    /// The level that sets the value.
    pub from: Level,
    /// What each level sets, from the platform down.
    pub steps: Vec<LimitStep>,
}

impl<'a> LimitChain<'a> {
    /// A chain that so far has one level.
    pub fn new(platform: &'a LimitSettings) -> Self {
        Self {
            platform,
            below: Vec::new(),
        }
    }

    /// The chain with one more level under it.
    #[must_use]
    pub fn then(mut self, level: Level, settings: &'a LimitSettings) -> Self {
        self.below.push((level, settings));
        self
    }

    /// The limits in force at its end.
    pub fn limits(&self) -> Limits {
        let tighten = |limits, (_, settings): &(Level, &LimitSettings)| settings.tighten(limits);
        self.below.iter().fold(self.platform.of_platform(), tighten)
    }

    /// Every limit with the reason for its value.
    pub fn explain(&self) -> Vec<ExplainedLimit> {
        let platform = self.platform.of_platform();
        let explained = |limit: &Limit| self.explain_one(*limit, platform.get(*limit));
        Limit::ALL.iter().map(explained).collect()
    }

    fn explain_one(&self, limit: Limit, platform: u64) -> ExplainedLimit {
        let first = LimitStep {
            level: Level::Platform,
            value: Some(platform),
        };
        let mut explained = ExplainedLimit {
            limit,
            value: platform,
            from: Level::Platform,
            steps: vec![first],
        };
        for (level, settings) in &self.below {
            let value = settings.get(limit);
            explained.steps.push(LimitStep {
                level: *level,
                value,
            });
            if let Some(value) = value.filter(|value| *value < explained.value) {
                explained.value = value;
                explained.from = *level;
            }
        }
        explained
    }
}
