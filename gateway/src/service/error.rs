//! Why a service refused or failed. No status codes here: the doors translate.

use super::catalog::Deployment;
use casemate_domain::{Digest, Invalid, Level, Limit};
use casemate_runtime::Rejection;

/// What can go wrong in a service. Texts are for the caller, except where a source is attached:
/// that is for the operator's log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or the caller may not know that it is.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
        /// How it was asked for.
        name: String,
    },
    /// A tool that none of the servers has.
    #[error("there is no tool `{name}`")]
    NoSuchTool {
        /// As it was written.
        name: String,
        /// The tools that there are.
        known: Vec<String>,
    },
    /// A tool whose name does not go with how its server shows tools.
    #[error("the tool `{tool}` {problem}")]
    NameUnfit {
        /// The tool, by its own name.
        tool: String,
        /// What is wrong, as what follows its name.
        problem: String,
    },
    /// The name is taken.
    #[error("there is already a {what} `{name}`")]
    AlreadyExists {
        /// The kind of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A server name that is used in several workspaces.
    #[error("several workspaces have a server `{name}`: {candidates}")]
    Ambiguous {
        /// The name.
        name: String,
        /// What it could mean.
        candidates: String,
    },
    /// A value that does not parse.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A limit that is looser than the level above allows.
    #[error(
        "the limit `{limit}` cannot be {}: the {} allows {} at most",
        limit.unit().show(*value), above.as_str(), limit.unit().show(*allowed)
    )]
    LooserLimit {
        /// Which.
        limit: Limit,
        /// As it was asked for.
        value: u64,
        /// What is in force above.
        allowed: u64,
        /// The level above.
        above: Level,
    },
    /// An uploaded file that is not a tool component.
    #[error("{}", .0.message)]
    Rejected(Rejection),
    /// A deployment that would change what clients were told, without consent.
    #[error("the deployment changes or removes {count} that clients know", count = affected(.0))]
    ChangesNotAccepted(Box<Deployment>),
    /// A deployment that is not the one that was agreed to.
    #[error("the deployment would not do what was agreed to: something changed since then")]
    PlanChanged(Box<Deployment>),
    /// A name that another component of the server already provides.
    #[error("the {what} `{name}` of this server already comes from component `{component}`")]
    NameTaken {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// The component that provides it.
        component: String,
    },
    /// A component that was not uploaded, or no longer is.
    #[error("there is no uploaded component {0}")]
    UnknownComponent(Digest),
    /// The access token without which nobody could administer.
    #[error("this is the last access token that works")]
    LastToken,
    /// Something changed at the same time.
    #[error("somebody else changed the same thing at the same moment")]
    Conflict,
    /// The store failed. The source is for the operator.
    #[error("the store failed")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The host failed. The text is for the operator.
    #[error("{0}")]
    Internal(String),
}

fn affected(deployment: &Deployment) -> String {
    let changes = deployment.changes.iter().filter(|one| one.needs_consent());
    let kinds: Vec<_> = changes.map(|one| one.item.kind()).collect();
    let are_tools = kinds.iter().all(|kind| *kind == "tool");
    match kinds[..] {
        [one] => format!("1 {one}"),
        _ if are_tools => format!("{} tools", kinds.len()),
        _ => format!("{} tools, resources or prompts", kinds.len()),
    }
}

impl Error {
    /// Something that is not there.
    pub fn not_found(what: &'static str, name: impl ToString) -> Self {
        Self::NotFound {
            what,
            name: name.to_string(),
        }
    }
}

impl From<casemate_store::call_log::Error> for Error {
    fn from(error: casemate_store::call_log::Error) -> Self {
        match error {
            casemate_store::call_log::Error::InvalidCursor => Self::Invalid(Invalid::new(
                "cursor",
                "is not valid; take it from an earlier page as it is, or start without one",
            )),
            other => Self::Store(other.into()),
        }
    }
}

impl From<casemate_store::metadata::Error> for Error {
    fn from(error: casemate_store::metadata::Error) -> Self {
        match error {
            casemate_store::metadata::Error::RecordTooLarge { limit, .. } => {
                Self::Invalid(Invalid::new(
                    "request",
                    format!(
                        "needs a record larger than {limit} bytes; grant less or shorter settings"
                    ),
                ))
            }
            other => Self::Store(other.into()),
        }
    }
}

impl From<casemate_store::blobs::Error> for Error {
    fn from(error: casemate_store::blobs::Error) -> Self {
        Self::Store(error.into())
    }
}
