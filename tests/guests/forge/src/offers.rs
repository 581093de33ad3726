//! What a guest says about its resources and prompts.

use crate::{
    Definition, Guest,
    definition::{list, maybe, string, words},
};

/// Resources, templates and prompts as they lie in memory of a guest, to be changed by a test. The
/// answers to reading and filling in are complete and empty, and so is that to completing unless it
/// is given.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the contract says what the fields are")]
pub struct Offers {
    pub uris: Vec<String>,
    pub templates: Vec<String>,
    pub prompts: Vec<String>,
    /// The name of each resource and template.
    pub name: String,
    /// The rest is the same for all.
    pub description: Option<String>,
    pub mime_type: Option<String>,
    pub icon: Option<String>,
    pub meta: Option<String>,
    /// The names of the arguments of each prompt, none of them required.
    pub arguments: Vec<String>,
    /// What `complete` does instead; it leaves the address of its result.
    pub complete: String,
}

impl Offers {
    /// One resource, one template and one prompt.
    pub fn ordinary() -> Self {
        Self {
            uris: vec!["notes://today".to_owned()],
            templates: vec!["notes://{day}".to_owned()],
            prompts: vec!["greet".to_owned()],
            name: "Notes".to_owned(),
            arguments: vec!["who".to_owned()],
            ..Self::default()
        }
    }

    /// A component that offers this beside one ordinary tool.
    pub fn component(&self) -> Vec<u8> {
        self.component_beside(Definition::named("noop").guest())
    }

    /// A component that offers this beside the tools of a guest.
    pub fn component_beside(&self, mut guest: Guest) -> Vec<u8> {
        let resources = self.uris.iter().map(|uri| self.resource(&mut guest, uri));
        let resources = resources.collect::<Vec<_>>();
        let templates = self
            .templates
            .iter()
            .map(|uri| self.template(&mut guest, uri));
        let templates = templates.collect::<Vec<_>>();
        let prompts = self
            .prompts
            .iter()
            .map(|name| self.prompt(&mut guest, name));
        let prompts = prompts.collect::<Vec<_>>();
        let mut answer = Vec::new();
        list(&mut guest, &mut answer, &resources);
        list(&mut guest, &mut answer, &templates);
        let (resources, _) = guest.place(&answer);
        let mut answer = Vec::new();
        list(&mut guest, &mut answer, &prompts);
        let (prompts, _) = guest.place(&answer);
        let export = |interface: &str, function: &str, parameters: &str, answer: &str| {
            format!(
                "(func (export \"casemate:tool/{interface}@1.0.0#{function}\") {parameters} \
                 (result i32) {answer})"
            )
        };
        let address = |at: u32| format!("(i32.const {at})");
        let complete = match self.complete.as_str() {
            "" => address(16),
            body => body.to_owned(),
        };
        guest
            .item(&export("resources", "describe", "", &address(resources)))
            .item(&export("resources", "read", "(param i32)", &address(16)))
            .item(&export("prompts", "describe", "", &address(prompts)))
            .item(&export("prompts", "get", "(param i32)", &address(16)))
            .item(&export("completion", "complete", "(param i32)", &complete))
            .of_world("full")
            .call("(i32.const 16)")
    }

    fn resource(&self, guest: &mut Guest, uri: &str) -> Vec<u8> {
        let mut record = self.described(guest, uri);
        // No size, no hints.
        words(&mut record, &[0; 17]);
        self.end(guest, &mut record);
        words(&mut record, &[0]);
        assert_eq!(record.len(), 144, "as the canonical ABI lays it out");
        record
    }

    fn template(&self, guest: &mut Guest, uri: &str) -> Vec<u8> {
        let mut record = self.described(guest, uri);
        // No hints.
        words(&mut record, &[0; 13]);
        self.end(guest, &mut record);
        words(&mut record, &[0]);
        assert_eq!(record.len(), 128, "as the canonical ABI lays it out");
        record
    }

    fn prompt(&self, guest: &mut Guest, name: &str) -> Vec<u8> {
        let mut record = Vec::new();
        string(guest, &mut record, name);
        maybe(guest, &mut record, None);
        maybe(guest, &mut record, self.description.as_deref());
        let arguments = self.arguments.iter().map(|name| {
            let mut argument = Vec::new();
            string(guest, &mut argument, name);
            words(&mut argument, &[0; 7]);
            argument
        });
        let arguments = arguments.collect::<Vec<_>>();
        list(guest, &mut record, &arguments);
        self.end(guest, &mut record);
        assert_eq!(record.len(), 60, "as the canonical ABI lays it out");
        record
    }

    /// The URI, the name, no title, the description, the media type.
    fn described(&self, guest: &mut Guest, uri: &str) -> Vec<u8> {
        let mut record = Vec::new();
        string(guest, &mut record, uri);
        string(guest, &mut record, &self.name);
        maybe(guest, &mut record, None);
        maybe(guest, &mut record, self.description.as_deref());
        maybe(guest, &mut record, self.mime_type.as_deref());
        record
    }

    /// Icons and metadata.
    fn end(&self, guest: &mut Guest, record: &mut Vec<u8>) {
        let icon = self.icon.iter().map(|icon| {
            let mut icons = Vec::new();
            string(guest, &mut icons, icon);
            words(&mut icons, &[0; 8]);
            icons
        });
        let icon = icon.collect::<Vec<_>>();
        list(guest, record, &icon);
        maybe(guest, record, self.meta.as_deref());
    }
}
