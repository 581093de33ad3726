//! What a component provides besides tools.

use super::ServerView;
use casemate_domain::{
    ComponentName, Definitions, Digest, Grant, PromptDefinition, PromptName, ResourceDefinition,
    ResourceTemplateDefinition, ResourceUri, UriTemplate, VersionId,
};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// What a component of a server provides besides tools, ready to be asked for.
#[derive(Debug)]
pub struct OfferView {
    /// The component.
    pub component: ComponentName,
    /// The version of it that is in use.
    pub version: VersionId,
    /// The code behind it.
    pub digest: Digest,
    /// What it may reach.
    pub grant: Arc<Grant>,
    /// Its resources by URI.
    pub resources: BTreeMap<ResourceUri, ResourceDefinition>,
    /// Its families of resources.
    pub templates: BTreeMap<UriTemplate, ResourceTemplateDefinition>,
    /// Its prompts by name.
    pub prompts: BTreeMap<PromptName, PromptDefinition>,
    /// Whether it completes what is being typed.
    pub completes: bool,
}

/// Where an offer comes from.
#[derive(Debug)]
pub(in crate::service) struct Source {
    pub(in crate::service) component: ComponentName,
    pub(in crate::service) version: VersionId,
    pub(in crate::service) digest: Digest,
    pub(in crate::service) grant: Arc<Grant>,
}

impl OfferView {
    /// What a version provides besides tools, if there is anything.
    pub(in crate::service) fn new(source: Source, definitions: Definitions) -> Option<Self> {
        let has_any = definitions.has_more_than_tools();
        let resources = definitions.resources.into_iter();
        let templates = definitions.templates.into_iter();
        let prompts = definitions.prompts.into_iter();
        has_any.then(|| Self {
            component: source.component,
            version: source.version,
            digest: source.digest,
            grant: source.grant,
            resources: resources.map(|one| (one.uri.clone(), one)).collect(),
            templates: templates
                .map(|one| (one.uri_template.clone(), one))
                .collect(),
            prompts: prompts.map(|one| (one.name.clone(), one)).collect(),
            completes: definitions.completes,
        })
    }
}

impl ServerView {
    /// Who provides the resource of this URI: one of exactly this URI, or the family that fits and
    /// says most.
    pub fn resource(&self, uri: &ResourceUri) -> Option<&Arc<OfferView>> {
        let fixed = self
            .offers
            .values()
            .find(|offer| offer.resources.contains_key(uri));
        fixed.or_else(|| {
            let families = self.offers.values().flat_map(|offer| {
                let of_offer = move |template| (template, offer);
                offer.templates.keys().map(of_offer)
            });
            let fitting = families.filter(|(template, _)| template.matches(uri.as_str()));
            let best =
                fitting.min_by_key(|(template, _)| (Reverse(template.literal_len()), *template));
            best.map(|(_, offer)| offer)
        })
    }

    /// Who provides the family of resources with this template.
    pub fn template(&self, template: &UriTemplate) -> Option<&Arc<OfferView>> {
        let mut offers = self.offers.values();
        offers.find(|offer| offer.templates.contains_key(template))
    }

    /// Who provides the prompt of this name.
    pub fn prompt(&self, name: &PromptName) -> Option<&Arc<OfferView>> {
        let mut offers = self.offers.values();
        offers.find(|offer| offer.prompts.contains_key(name))
    }

    /// All resources of fixed URIs, in order.
    pub fn resources(&self) -> Vec<(&ResourceDefinition, &Arc<OfferView>)> {
        self.all_of(|offer| &offer.resources)
    }

    /// All families of resources, in order.
    pub fn templates(&self) -> Vec<(&ResourceTemplateDefinition, &Arc<OfferView>)> {
        self.all_of(|offer| &offer.templates)
    }

    /// All prompts, in order.
    pub fn prompts(&self) -> Vec<(&PromptDefinition, &Arc<OfferView>)> {
        self.all_of(|offer| &offer.prompts)
    }

    fn all_of<'a, K: Ord + 'a, D>(
        &'a self,
        kind: impl Fn(&'a OfferView) -> &'a BTreeMap<K, D>,
    ) -> Vec<(&'a D, &'a Arc<OfferView>)> {
        let mut all = BTreeMap::new();
        for offer in self.offers.values() {
            all.extend(kind(offer).iter().map(|(key, one)| (key, (one, offer))));
        }
        all.into_values().collect()
    }
}
