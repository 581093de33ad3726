//! Which tools whoever opened a server sees, and under which names, and what else.
//!
//! Listing and calling ask here and nowhere else, so that what is not listed cannot be called.

use super::OpenServer;
use crate::service::snapshot::{OfferView, ServerView, ToolView};
use casemate_domain::{
    Credential, PromptName, ResourceUri, ToolName, ToolPattern, ToolPrefix, UriTemplate,
};
use std::{borrow::Cow, sync::Arc};

impl OpenServer {
    /// The tools that the key was made for; all, if it was not made for some only.
    pub fn chosen(&self) -> Option<&[ToolPattern]> {
        self.chosen.as_ref()?.tools.as_deref()
    }

    /// The active tools that may be called, in order.
    pub fn tools(&self) -> impl Iterator<Item = &Arc<ToolView>> {
        let tools = self.server.active_tools();
        tools.filter(|tool| self.may_call(&tool.record.name))
    }

    /// The active tool that is shown under a name, if it may be called.
    pub fn tool(&self, shown: &str) -> Option<&Arc<ToolView>> {
        let own = match self.prefix() {
            Some(prefix) => shown.strip_prefix(prefix.as_str())?,
            None => shown,
        };
        let tool = self.server.tools.get(own)?;
        (tool.record.active && self.may_call(&tool.record.name)).then_some(tool)
    }

    /// What components provide besides tools. A key that was made for some tools opens nothing else.
    pub fn offers(&self) -> impl Iterator<Item = &Arc<OfferView>> {
        self.whole().into_iter().flat_map(|all| all.offers.values())
    }

    /// Who provides what is at a URI.
    pub fn resource(&self, uri: &ResourceUri) -> Option<&Arc<OfferView>> {
        self.whole()?.resource(uri)
    }

    /// Who provides a family of resources.
    pub fn template(&self, template: &UriTemplate) -> Option<&Arc<OfferView>> {
        self.whole()?.template(template)
    }

    /// Who provides the prompt of this name.
    pub fn prompt(&self, name: &PromptName) -> Option<&Arc<OfferView>> {
        self.whole()?.prompt(name)
    }

    /// The server, to those who may use all of it.
    fn whole(&self) -> Option<&ServerView> {
        self.chosen().is_none().then_some(&*self.server)
    }

    /// The name under which a tool is shown, or anything else that stands among the tools.
    pub fn shown_name<'a>(&self, own: &'a str) -> Cow<'a, str> {
        match self.prefix() {
            Some(prefix) => Cow::Owned(format!("{prefix}{own}")),
            None => Cow::Borrowed(own),
        }
    }

    /// Administrators use the names that their own lists show.
    fn prefix(&self) -> Option<&ToolPrefix> {
        let is_key = matches!(self.credential, Credential::Key { .. });
        let prefix = self.server.record.tool_prefix.as_ref();
        prefix.filter(|_| is_key)
    }

    fn may_call(&self, name: &ToolName) -> bool {
        self.chosen()
            .is_none_or(|chosen| chosen.iter().any(|pattern| pattern.matches(name)))
    }
}
