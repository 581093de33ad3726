//! The smallest tool there is.

use casemate_guest_sdk::prelude::*;

/// Answers with the text that it was given, unchanged. Use it to check that a connection works.
#[tool(title = "Echo", read_only, idempotent, open_world = false)]
pub fn echo(
    /// The text to send back.
    #[arg(example = "Hello")]
    text: String,
) -> String {
    text
}

casemate_guest_sdk::export!(echo);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_unchanged() {
        let outcome = testing::call::<echo>(json!({"text": "Grüße\n"}), &Cx::test()).unwrap();
        assert_eq!(outcome.text(), "Grüße\n");
    }
}
