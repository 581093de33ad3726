//! The limits that each level sets, in memory, and what they add up to.

pub mod history;

use casemate_domain::{
    ExplainedLimit, Level, Limit, LimitChain, LimitSettings, Limits, ServerId, ToolName,
    WorkspaceId,
};
use casemate_store::records::LimitsPlace;
use std::{collections::HashMap, sync::Arc};

/// What limits are of: the installation, a workspace, a server of it, or a tool of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The installation. Its limits are set in the configuration file.
    Platform,
    /// A workspace.
    Workspace(WorkspaceId),
    /// A server.
    Server(WorkspaceId, ServerId),
    /// A tool.
    Tool(WorkspaceId, ServerId, ToolName),
}

impl Scope {
    /// The level that it is on.
    pub fn level(&self) -> Level {
        match self {
            Self::Platform => Level::Platform,
            Self::Workspace(..) => Level::Workspace,
            Self::Server(..) => Level::Server,
            Self::Tool(..) => Level::Tool,
        }
    }

    /// The scope on the level above.
    pub fn above(&self) -> Option<Self> {
        match self {
            Self::Platform => None,
            Self::Workspace(_) => Some(Self::Platform),
            Self::Server(workspace, _) => Some(Self::Workspace(*workspace)),
            Self::Tool(workspace, server, _) => Some(Self::Server(*workspace, *server)),
        }
    }

    /// Where its settings are stored. Those of the platform are not.
    pub fn place(&self) -> Option<LimitsPlace> {
        match self {
            Self::Platform => None,
            Self::Workspace(workspace) => Some((*workspace, None, None)),
            Self::Server(workspace, server) => Some((*workspace, Some(*server), None)),
            Self::Tool(workspace, server, tool) => {
                Some((*workspace, Some(*server), Some(tool.clone())))
            }
        }
    }
}

/// Everything that is set. Cloning copies what is set below the platform.
#[derive(Debug, Clone, Default)]
pub struct LimitBook {
    platform: Arc<LimitSettings>,
    /// What the platform's settings add up to. Few installations set limits below it, so these are
    /// those of nearly every call.
    of_platform: Limits,
    set: HashMap<LimitsPlace, Arc<LimitSettings>>,
}

impl LimitBook {
    /// A book in which only the platform sets limits.
    pub fn new(platform: LimitSettings) -> Self {
        Self {
            of_platform: platform.of_platform(),
            platform: Arc::new(platform),
            set: HashMap::new(),
        }
    }

    /// Writes down what a scope sets; nothing takes it out.
    pub fn put(&mut self, place: LimitsPlace, settings: LimitSettings) {
        if settings.is_empty() {
            self.set.remove(&place);
        } else {
            self.set.insert(place, Arc::new(settings));
        }
    }

    /// What a scope itself sets.
    pub fn settings(&self, scope: &Scope) -> LimitSettings {
        match scope.place() {
            None => (*self.platform).clone(),
            Some(place) => self
                .set
                .get(&place)
                .map(|settings| (**settings).clone())
                .unwrap_or_default(),
        }
    }

    /// Whether a scope below the platform itself sets a limit.
    pub fn sets(&self, scope: &Scope, limit: Limit) -> bool {
        let settings = scope.place().and_then(|place| self.set.get(&place));
        settings.is_some_and(|settings| settings.get(limit).is_some())
    }

    /// Whether any level below the platform sets a limit. Few installations do, and this spares
    /// calls the look.
    pub fn is_set_below_platform(&self) -> bool {
        !self.set.is_empty()
    }

    /// The limits of a call of a tool, or of anything else of a server.
    pub fn of_call(
        &self,
        workspace: WorkspaceId,
        server: ServerId,
        tool: Option<&ToolName>,
    ) -> Limits {
        if !self.is_set_below_platform() {
            return self.of_platform;
        }
        self.limits(&match tool {
            Some(tool) => Scope::Tool(workspace, server, tool.clone()),
            None => Scope::Server(workspace, server),
        })
    }

    /// Whether calls of a server may take longer than so many milliseconds. Levels only tighten, so a
    /// look at the platform is enough in most installations.
    pub fn let_calls_take_longer(
        &self,
        than_ms: u64,
        workspace: WorkspaceId,
        server: ServerId,
    ) -> bool {
        self.platform.of_platform().wall_ms > than_ms
            && self.of_call(workspace, server, None).wall_ms > than_ms
    }

    /// The limits in force in a scope.
    pub fn limits(&self, scope: &Scope) -> Limits {
        if !self.is_set_below_platform() {
            return self.of_platform;
        }
        self.chain(scope).limits()
    }

    /// The limits in force in a scope, each with the level that sets it.
    pub fn explain(&self, scope: &Scope) -> Vec<ExplainedLimit> {
        self.chain(scope).explain()
    }

    fn chain(&self, scope: &Scope) -> LimitChain<'_> {
        let mut levels = Vec::with_capacity(3);
        let mut at = Some(scope.clone());
        while let Some(scope) = at {
            if let Some(settings) = scope.place().and_then(|place| self.set.get(&place)) {
                levels.push((scope.level(), &**settings));
            }
            at = scope.above();
        }
        let chain = LimitChain::new(&self.platform);
        levels
            .into_iter()
            .rev()
            .fold(chain, |chain, (level, settings)| {
                chain.then(level, settings)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn settings(limit: Limit, value: u64) -> LimitSettings {
        LimitSettings {
            profile: None,
            values: [(limit, value)].into(),
        }
    }

    #[test]
    fn each_level_adds_to_those_above_and_to_nothing_beside_it() {
        let workspace = WorkspaceId::from_uuid(Uuid::nil());
        let (server, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (server, other) = (ServerId::from_uuid(server), ServerId::from_uuid(other));
        let tool: ToolName = "tool".parse().unwrap();
        let mut book = LimitBook::new(settings(Limit::WallMs, 10_000));
        let of_workspace = Scope::Workspace(workspace);
        let of_server = Scope::Server(workspace, server);
        let of_tool = Scope::Tool(workspace, server, tool.clone());
        for (scope, value) in [(&of_workspace, 5_000), (&of_server, 500), (&of_tool, 50)] {
            book.put(scope.place().unwrap(), settings(Limit::WallMs, value));
        }
        let wall = |scope: &Scope| book.limits(scope).wall_ms;
        assert_eq!(wall(&Scope::Platform), 10_000);
        assert_eq!(wall(&of_workspace), 5_000);
        assert_eq!(wall(&of_server), 500);
        assert_eq!(wall(&of_tool), 50);
        assert_eq!(wall(&Scope::Server(workspace, other)), 5_000);
        assert_eq!(wall(&Scope::Tool(workspace, other, tool)), 5_000);
        assert_eq!(book.explain(&of_tool)[1].from, Level::Tool);
        let longer = |ms, server| book.let_calls_take_longer(ms, workspace, server);
        assert!(longer(499, server) && !longer(500, server));
        assert!(longer(500, other) && !longer(5_000, other));
    }

    #[test]
    fn setting_nothing_takes_out_what_was_set() {
        let workspace = Scope::Workspace(WorkspaceId::from_uuid(Uuid::nil()));
        let mut book = LimitBook::default();
        book.put(workspace.place().unwrap(), settings(Limit::WallMs, 500));
        assert_eq!(book.limits(&workspace).wall_ms, 500);
        book.put(workspace.place().unwrap(), LimitSettings::default());
        assert_eq!(book.limits(&workspace), Limits::default());
        assert!(book.settings(&workspace).is_empty());
    }
}
