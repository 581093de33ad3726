//! What a guest says about its tools.

use crate::Guest;

/// A tool as it lies in memory of a guest, to be changed by a test.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the contract says what the fields are")]
pub struct Definition {
    pub name: String,
    pub title: Option<String>,
    pub description: String,
    pub schema: String,
    pub output_schema: Option<String>,
    pub hosts: Vec<String>,
    pub secrets: Vec<String>,
    pub capability: Option<String>,
    pub icon: Option<String>,
    pub meta: Option<String>,
    /// How often the tool is listed.
    pub copies: usize,
}

impl Definition {
    /// An ordinary tool that takes any object.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: None,
            description: "Does what it says.".to_owned(),
            schema: r#"{"type":"object"}"#.to_owned(),
            output_schema: None,
            hosts: Vec::new(),
            secrets: Vec::new(),
            capability: None,
            icon: None,
            meta: None,
            copies: 1,
        }
    }

    /// A guest that says so, to be given a `call`.
    pub fn guest(&self) -> Guest {
        Self::guest_of(std::slice::from_ref(self))
    }

    /// A guest with all of these tools.
    pub fn guest_of(all: &[Self]) -> Guest {
        let mut guest = Guest::default();
        let mut records = Vec::new();
        let mut count = 0;
        for definition in all {
            let record = definition.record(&mut guest);
            records.extend(record.repeat(definition.copies));
            count += definition.copies;
        }
        let (tools, _) = guest.place(&records);
        let mut answer = Vec::new();
        words(&mut answer, &[tools, u32::try_from(count).unwrap()]);
        let (answer, _) = guest.place(&answer);
        guest.describe(&format!("(i32.const {answer})"))
    }

    /// One tool as the canonical ABI lays it out.
    fn record(&self, guest: &mut Guest) -> Vec<u8> {
        let mut tool = Vec::new();
        string(guest, &mut tool, &self.name);
        maybe(guest, &mut tool, self.title.as_deref());
        string(guest, &mut tool, &self.description);
        string(guest, &mut tool, &self.schema);
        maybe(guest, &mut tool, self.output_schema.as_deref());
        // Annotations: read-only is yes, the rest is not said.
        tool.extend_from_slice(&[1, 1, 0, 0, 0, 0, 0, 0]);
        let icon = self.icon.iter().map(|icon| {
            let mut record = Vec::new();
            string(guest, &mut record, icon);
            words(&mut record, &[0; 8]);
            record
        });
        let icon = icon.collect::<Vec<_>>();
        list(guest, &mut tool, &icon);
        words(&mut tool, &[0]);
        let secrets = self.secrets.iter().map(|secret| {
            let mut record = Vec::new();
            string(guest, &mut record, secret);
            // No description; not required, but to be revealed.
            words(&mut record, &[0, 0, 0]);
            record.extend_from_slice(&[0, 1, 0, 0]);
            record
        });
        let secrets = secrets.collect::<Vec<_>>();
        list(guest, &mut tool, &secrets);
        let capability = self.capability.as_slice();
        for texts in [self.hosts.as_slice(), capability] {
            let items = texts.iter().map(|text| {
                let mut record = Vec::new();
                string(guest, &mut record, text);
                record
            });
            let items = items.collect::<Vec<_>>();
            list(guest, &mut tool, &items);
        }
        words(&mut tool, &[0]);
        maybe(guest, &mut tool, self.meta.as_deref());
        assert_eq!(tool.len(), 108, "as the canonical ABI lays it out");
        tool
    }

    /// A component that says so and answers nothing.
    pub fn component(&self) -> Vec<u8> {
        self.guest().call("(i32.const 16)")
    }
}

pub(crate) fn string(guest: &mut Guest, out: &mut Vec<u8>, text: &str) {
    let (at, len) = guest.place(text.as_bytes());
    words(out, &[at, u32::try_from(len).unwrap()]);
}

pub(crate) fn maybe(guest: &mut Guest, out: &mut Vec<u8>, text: Option<&str>) {
    words(out, &[u32::from(text.is_some())]);
    string(guest, out, text.unwrap_or_default());
}

pub(crate) fn words(out: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

pub(crate) fn list(guest: &mut Guest, out: &mut Vec<u8>, items: &[Vec<u8>]) {
    let (at, _) = guest.place(&items.concat());
    words(out, &[at, u32::try_from(items.len()).unwrap()]);
}
