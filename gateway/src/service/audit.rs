//! Who changed what. Every change carries its audit record in the same commit.

use super::access::Administrator;
use casemate_domain::WorkspaceId;
use casemate_store::records::{Actor, AuditId, AuditRecord, Batch};
use jiff::Timestamp;
use uuid::Uuid;

/// Starts a change of the platform, or in a workspace: `action` in the form `noun.verb`, `subject`
/// the id or name of what it is about.
pub(crate) fn batch(
    actor: &Administrator,
    workspace: Option<WorkspaceId>,
    action: &str,
    subject: impl ToString,
) -> Batch {
    let id = actor.token_id();
    started(Actor::Token { id }, workspace, action, subject.to_string())
}

/// The same for a change of the platform by whoever runs the gateway.
pub(crate) fn by_operator(action: &str, subject: impl ToString) -> Batch {
    started(Actor::Operator, None, action, subject.to_string())
}

fn started(
    actor: Actor,
    workspace_id: Option<WorkspaceId>,
    action: &str,
    subject: String,
) -> Batch {
    Batch::new(&AuditRecord {
        id: AuditId::from_uuid(Uuid::now_v7()),
        workspace_id,
        at: Timestamp::now(),
        actor,
        action: action.to_owned(),
        subject,
        detail: String::new(),
    })
}

/// A change for tests that are not about what it is.
#[cfg(test)]
pub(crate) fn made_by(actor: casemate_domain::TokenId) -> Batch {
    started(Actor::Token { id: actor }, None, "test", String::new())
}
