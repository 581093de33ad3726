//! The arguments of a prompt and the variables of a URI template, which all arrive as text.

use crate::ToolError;

/// Named texts that are taken out one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(pub(crate) Vec<(String, String)>);

/// Reads a value from text; the error says what is wrong with it.
pub(crate) type Reader<T> = fn(&str) -> Result<T, String>;

impl Texts {
    /// The text of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut texts = self.0.iter();
        let (_, text) = texts.find(|(known, _)| known == name)?;
        Some(text)
    }

    /// A value that must be there.
    pub fn required<T>(&mut self, name: &str, read: Reader<T>) -> Result<T, ToolError> {
        match self.take(name) {
            Some(text) => value(name, &text, read),
            None => Err(ToolError::invalid_params(format!(
                "The argument `{name}` is missing."
            ))),
        }
    }

    /// A value that may be missing. An empty text counts as missing: some clients send a form with
    /// all its fields.
    pub fn optional<T>(&mut self, name: &str, read: Reader<T>) -> Result<Option<T>, ToolError> {
        let text = self.take(name).filter(|text| !text.is_empty());
        text.map(|text| value(name, &text, read)).transpose()
    }

    /// The value of a variable of a URI. One that cannot be read belongs to no resource.
    pub fn variable<T>(&mut self, name: &str, read: Reader<T>) -> Result<T, ToolError> {
        self.required(name, read).map_err(|error| {
            let message = format!("There is no such resource. {}", error.message());
            ToolError::not_found(message)
        })
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), ToolError> {
        match self.0.first() {
            Some((name, _)) => Err(ToolError::invalid_params(format!(
                "The argument `{name}` is not known."
            ))),
            None => Ok(()),
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }
}

fn value<T>(name: &str, text: &str, read: Reader<T>) -> Result<T, ToolError> {
    read(text).map_err(|why| {
        ToolError::invalid_params(format!("The argument `{name}` is not valid: {why}."))
    })
}
