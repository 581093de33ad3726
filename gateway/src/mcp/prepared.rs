//! What is worked out once for each state of a server instead of once for each request.

use super::{
    error::Error,
    list::{self, offered},
    mirror::Mirror,
    revision::Revision,
};
use crate::service::{OpenServer, ServerView, ToolView, search::Index};
use casemate_domain::{ServerId, ToolName, ToolPattern};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak},
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
    /// For keys that open all tools.
    whole: Arc<Lists>,
    /// For keys that were made for some tools.
    parts: Mutex<Parts>,
    offered: [[OnceLock<Vec<offered::Page>>; Revision::ALL.len()]; offered::Kind::ALL.len()],
    offered_digests: [[OnceLock<blake3::Hash>; Revision::ALL.len()]; offered::Kind::ALL.len()],
    mirrors: OnceLock<HashMap<ToolName, Vec<Mirror>>>,
}

/// What was worked out of the tools that some keys see.
#[derive(Debug, Default)]
pub(super) struct Lists {
    lists: [OnceLock<Vec<list::Page>>; Revision::ALL.len()],
    list_digests: [OnceLock<blake3::Hash>; Revision::ALL.len()],
    index: OnceLock<Index>,
}

/// What was worked out for choices of tools, those that were asked for last at the end. Keys for the
/// same tools share an entry.
#[derive(Debug, Default)]
struct Parts(Vec<(Vec<ToolPattern>, Arc<Lists>)>);

/// Choices of tools that are kept for one server. One that has no place is worked out again.
const MOST_PARTS: usize = 32;

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
            whole: Arc::default(),
            parts: Mutex::default(),
            offered: Default::default(),
            offered_digests: Default::default(),
            mirrors: OnceLock::new(),
        })
    }

    fn is_of(&self, view: &Arc<ServerView>) -> bool {
        std::ptr::eq(self.view.as_ptr(), Arc::as_ptr(view))
    }

    /// What was worked out of the tools that a key sees, empty if nothing was yet.
    pub(super) fn lists(&self, open: &OpenServer) -> Arc<Lists> {
        let Some(chosen) = open.chosen() else {
            return Arc::clone(&self.whole);
        };
        // Each change of the entries is whole before anything in it could panic.
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.of(chosen)
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

impl Parts {
    fn of(&mut self, chosen: &[ToolPattern]) -> Arc<Lists> {
        let known = self.0.iter().position(|(choice, _)| choice == chosen);
        let part = match known {
            Some(at) => self.0.remove(at),
            None => (chosen.to_vec(), Arc::default()),
        };
        if self.0.len() == MOST_PARTS {
            self.0.remove(0);
        }
        let lists = Arc::clone(&part.1);
        self.0.push(part);
        lists
    }
}

impl Lists {
    /// A page of `tools/list`: the result object as bytes.
    pub(super) fn page(
        &self,
        open: &OpenServer,
        revision: Revision,
        cursor: Option<&RawValue>,
    ) -> Result<Cow<'_, [u8]>, Error> {
        let listing = || list::Listing::of(open);
        list::find(self.pages(open, revision), listing, revision, cursor)
    }

    /// Stands for all of `tools/list`: another digest, another list.
    pub(super) fn digest(&self, open: &OpenServer, revision: Revision) -> blake3::Hash {
        *self.list_digests[revision.index()].get_or_init(|| {
            let mut hasher = blake3::Hasher::new();
            for page in self.pages(open, revision) {
                hasher.update(page.body());
            }
            hasher.finalize()
        })
    }

    fn pages(&self, open: &OpenServer, revision: Revision) -> &[list::Page] {
        let listing = || list::Listing::of(open);
        self.lists[revision.index()].get_or_init(|| listing().pages(revision))
    }

    /// The words of the tools.
    pub(super) fn index(&self, open: &OpenServer) -> &Index {
        self.index
            .get_or_init(|| Index::of(open.tools().map(|tool| &*tool.definition)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(tool: usize) -> Vec<ToolPattern> {
        vec![format!("tool_{tool}").parse().unwrap()]
    }

    #[test]
    fn keys_for_the_same_tools_share_what_was_worked_out() {
        let mut parts = Parts::default();
        let first = parts.of(&choice(1));
        assert!(Arc::ptr_eq(&first, &parts.of(&choice(1))));
        assert!(!Arc::ptr_eq(&first, &parts.of(&choice(2))));
    }

    #[test]
    fn only_so_many_choices_are_kept_those_that_were_asked_for_last() {
        let mut parts = Parts::default();
        let first = parts.of(&choice(0));
        let second = parts.of(&choice(1));
        for other in 2..=MOST_PARTS {
            parts.of(&choice(0));
            parts.of(&choice(other));
            assert!(parts.0.len() <= MOST_PARTS);
        }
        assert!(Arc::ptr_eq(&first, &parts.of(&choice(0))));
        assert!(!Arc::ptr_eq(&second, &parts.of(&choice(1))));
    }
}
