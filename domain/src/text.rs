//! Characters that a person does not see but a model or a terminal reads.

/// Whether a character is invisible or changes how the text around it is shown: zero-width
/// characters, direction overrides, tags, selectors used as a code. Control characters are not
/// among them; see [`char::is_control`].
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}'
        | '\u{E0100}'..='\u{E01EF}')
}

/// The first character of a text that nobody sees, if there is one. Line breaks and tabs are fine.
pub fn hidden_character(text: &str) -> Option<char> {
    let is_layout = |c: char| matches!(c, '\n' | '\t' | '\r');
    text.chars()
        .find(|c| (c.is_control() && !is_layout(*c)) || is_invisible(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found() {
        for hidden in [
            '\u{200B}',
            '\u{202E}',
            '\u{E0041}',
            '\u{7}',
            '\u{FEFF}',
            '\u{E0100}',
        ] {
            assert_eq!(hidden_character(&format!("Adds.{hidden}")), Some(hidden));
        }
    }

    #[test]
    fn ordinary_text_in_any_script_is_fine() {
        assert_eq!(hidden_character("天気 — погода\n\tمرحبا ✅"), None);
    }
}
