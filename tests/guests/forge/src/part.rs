//! A component inside a guest's component.
//!
//! The contract has no characters, flags, resources or strings in UTF-16, and it never calls back.
//! Two components side by side can have all of that between them, and the host has to make the
//! seam. A guest imports an instance, and here that import is replaced, in the text form, by a
//! component that exports it.

/// The other component.
#[derive(Debug, Clone)]
pub struct Part {
    interface: String,
    functions: Vec<(String, String)>,
    component: String,
}

impl Part {
    pub(crate) const INTERFACE: &str = "hostile:part/part";

    /// A part that offers an interface, given as the WIT inside its braces, by a component in
    /// text, which exports the functions under their names.
    pub fn new(interface: &str, component: &str) -> Self {
        Self {
            interface: interface.to_owned(),
            functions: Vec::new(),
            component: component.to_owned(),
        }
    }

    /// A function as the guest's module imports it.
    #[must_use]
    pub fn function(mut self, name: &str, ty: &str) -> Self {
        self.functions.push((name.to_owned(), ty.to_owned()));
        self
    }

    pub(crate) fn functions(&self) -> &[(String, String)] {
        &self.functions
    }

    pub(crate) fn wit(&self) -> String {
        format!(
            "package hostile:part {{ interface part {{ {} }} }}\n",
            self.interface
        )
    }
}

/// Replaces the import of the part's instance by the part.
pub(crate) fn put_in(wasm: &[u8], part: &Part) -> Vec<u8> {
    let text = wasmprinter::print_bytes(wasm).unwrap();
    let import = format!("(import \"{}\" (instance ", Part::INTERFACE);
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with(&import))
        .unwrap_or_else(|| panic!("the guest does not use its part:\n{text}"));
    let rest = line.trim_start().strip_prefix(&import).unwrap();
    // The name of the instance, if it has one: everything up to its type.
    let name = rest.split("(type").next().unwrap();
    let replaced = format!(
        "(component $part {})\n(instance {name} (instantiate $part))",
        part.component
    );
    wat::parse_str(text.replacen(line, &replaced, 1))
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}
