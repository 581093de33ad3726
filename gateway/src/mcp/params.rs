//! What a request is about, and what it says about itself.

use super::{envelope::Opened, modern, object::Object};

/// The parameters of a request and their metadata, each read one level deep.
#[derive(Debug, Default)]
pub(super) struct Params<'a> {
    pub(super) members: Object<'a>,
    pub(super) meta: Object<'a>,
}

impl<'a> Params<'a> {
    /// Reads them, or says what is wrong with them. None at all are empty ones.
    pub(super) fn read(params: Option<Opened<'a>>) -> Result<Self, String> {
        let Some(members) = params else {
            return Ok(Self::default());
        };
        let members = members.map_err(|problem| format!("params {problem}"))?;
        members
            .refuse_lookalikes(&[
                "_meta",
                "name",
                "arguments",
                "cursor",
                "uri",
                "ref",
                "argument",
                "context",
                "inputResponses",
                "requestState",
                "taskId",
            ])
            .map_err(|problem| format!("params {problem}"))?;
        let meta = match members.get("_meta") {
            Some(raw) => Object::of(raw).map_err(|problem| format!("params._meta {problem}"))?,
            None => Object::default(),
        };
        meta.refuse_lookalikes(&modern::META_KEYS)
            .map_err(|problem| format!("params._meta {problem}"))?;
        Ok(Self { members, meta })
    }

    pub(super) fn names_version(&self) -> bool {
        self.meta.get(modern::PROTOCOL_VERSION).is_some()
    }
}
