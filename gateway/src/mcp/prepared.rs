//! What is worked out once for each state of a server instead of once for each request.

use super::{
    error::Error,
    list::{self, offered},
    mirror::Mirror,
    revision::Revision,
};
use crate::service::{ServerView, ToolView};
use casemate_domain::{ServerId, ToolName};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock, Weak},
};

/// Everything that was worked out, by server. A server that changed is a new view, and what was
/// worked out for the old one goes with it.
#[derive(Debug, Default)]
pub(super) struct Cache {
    servers: RwLock<HashMap<ServerId, Arc<Prepared>>>,
}

/// What was worked out for one state of one server.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Of which state. Held weakly: this must not keep an old state alive, and while it is held
    /// no other state can have the same address.
    view: Weak<ServerView>,
    lists: [OnceLock<Vec<list::Page>>; Revision::ALL.len()],
    list_digests: [OnceLock<blake3::Hash>; Revision::ALL.len()],
    offered: [[OnceLock<Vec<offered::Page>>; Revision::ALL.len()]; offered::Kind::ALL.len()],
    offered_digests: [[OnceLock<blake3::Hash>; Revision::ALL.len()]; offered::Kind::ALL.len()],
    mirrors: OnceLock<HashMap<ToolName, Vec<Mirror>>>,
}

impl Cache {
    /// What was worked out for this state of a server, empty if nothing was yet.
    pub(super) fn of(&self, view: &Arc<ServerView>) -> Arc<Prepared> {
        let id = view.record.id;
        let servers = self.servers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = servers.get(&id).filter(|prepared| prepared.is_of(view)) {
            return Arc::clone(prepared);
        }
        drop(servers);
        let mut servers = self.servers.write().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|_, prepared| prepared.view.strong_count() > 0);
        let prepared = servers.entry(id).or_insert_with(|| Prepared::new(view));
        if !prepared.is_of(view) {
            *prepared = Prepared::new(view);
        }
        Arc::clone(prepared)
    }
}

impl Prepared {
    fn new(view: &Arc<ServerView>) -> Arc<Self> {
        Arc::new(Self {
            view: Arc::downgrade(view),
            lists: Default::default(),
            list_digests: Default::default(),
            offered: Default::default(),
            offered_digests: Default::default(),
            mirrors: OnceLock::new(),
        })
    }

    fn is_of(&self, view: &Arc<ServerView>) -> bool {
        std::ptr::eq(self.view.as_ptr(), Arc::as_ptr(view))
    }

    /// A page of `tools/list`: the result object as bytes.
    pub(super) fn list(
        &self,
        server: &ServerView,
        revision: Revision,
        cursor: Option<&RawValue>,
    ) -> Result<Cow<'_, [u8]>, Error> {
        let listing = || list::Listing::of(server);
        list::find(self.pages(server, revision), listing, revision, cursor)
    }

    /// Stands for all of `tools/list`: another digest, another list.
    pub(super) fn list_digest(&self, server: &ServerView, revision: Revision) -> blake3::Hash {
        *self.list_digests[revision.index()].get_or_init(|| {
            let mut hasher = blake3::Hasher::new();
            for page in self.pages(server, revision) {
                hasher.update(page.body());
            }
            hasher.finalize()
        })
    }

    fn pages(&self, server: &ServerView, revision: Revision) -> &[list::Page] {
        let listing = || list::Listing::of(server);
        self.lists[revision.index()].get_or_init(|| listing().pages(revision))
    }

    /// A page of a list of resources, templates or prompts.
    pub(super) fn offered(
        &self,
        server: &ServerView,
        kind: offered::Kind,
        revision: Revision,
        cursor: Option<&RawValue>,
    ) -> Result<Cow<'_, [u8]>, Error> {
        let pages = self.offered_pages(server, kind, revision);
        offered::find(pages, server, kind, revision, cursor)
    }

    /// Stands for all of such a list.
    pub(super) fn offered_digest(
        &self,
        server: &ServerView,
        kind: offered::Kind,
        revision: Revision,
    ) -> blake3::Hash {
        *self.offered_digests[kind as usize][revision.index()].get_or_init(|| {
            let mut hasher = blake3::Hasher::new();
            for page in self.offered_pages(server, kind, revision) {
                hasher.update(page.body());
            }
            hasher.finalize()
        })
    }

    fn offered_pages(
        &self,
        server: &ServerView,
        kind: offered::Kind,
        revision: Revision,
    ) -> &[offered::Page] {
        self.offered[kind as usize][revision.index()]
            .get_or_init(|| offered::pages(server, kind, revision))
    }

    /// The arguments of a tool that must be repeated in headers.
    pub(super) fn mirrors(&self, server: &ServerView, tool: &ToolView) -> &[Mirror] {
        let mirrors = self.mirrors.get_or_init(|| {
            let of = |tool: &ToolView| Mirror::all_of(&tool.definition.input_schema);
            let tools = server
                .tools
                .iter()
                .map(|(name, tool)| (name.clone(), of(tool)));
            tools.filter(|(_, mirrors)| !mirrors.is_empty()).collect()
        });
        mirrors.get(&tool.record.name).map_or(&[], Vec::as_slice)
    }
}
