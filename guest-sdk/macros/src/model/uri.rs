//! URIs and URI templates.

/// A part of a URI template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Stands for itself.
    Text(String),
    /// `{name}`
    Segment(String),
    /// `{+name}`
    Rest(String),
}

impl Piece {
    /// The name, if it is a variable.
    pub(crate) fn variable(&self) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Segment(name) | Self::Rest(name) => Some(name),
        }
    }
}

/// Takes a URI or a template apart.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    scheme(text)?;
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (fixed, after) = rest.split_at(rest.find(['{', '}']).unwrap_or(rest.len()));
        if !fixed.is_empty() {
            pieces.push(Piece::Text(plain(fixed)?));
        }
        if after.is_empty() {
            break;
        }
        let Some((inside, after)) = after.strip_prefix('{').and_then(|on| on.split_once('}'))
        else {
            return Err("a `{` or a `}` stands alone".to_owned());
        };
        if pieces.last().is_some_and(|last| last.variable().is_some()) {
            return Err(format!(
                "something must stand between `{{{inside}}}` and the variable before it"
            ));
        }
        let piece = variable(inside)?;
        if pieces
            .iter()
            .any(|other| other.variable() == piece.variable())
        {
            return Err(format!("the variable `{{{inside}}}` occurs twice"));
        }
        pieces.push(piece);
        rest = after;
    }
    Ok(pieces)
}

fn scheme(text: &str) -> Result<(), String> {
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    match is_scheme && !rest.is_empty() {
        true => Ok(()),
        false => Err("a resource needs a URI with a scheme, such as `notes://all`".to_owned()),
    }
}

fn plain(text: &str) -> Result<String, String> {
    let wrong = text
        .chars()
        .find(|c| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '|'));
    match wrong {
        None => Ok(text.to_owned()),
        Some(c) => Err(format!("`{c}` cannot stand in a URI: percent-encode it")),
    }
}

fn variable(inside: &str) -> Result<Piece, String> {
    let (name, piece): (_, fn(String) -> Piece) = match inside.strip_prefix('+') {
        Some(name) => (name, Piece::Rest),
        None => (inside, Piece::Segment),
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match is_name {
        true => Ok(piece(name.to_owned())),
        false => Err(format!(
            "`{{{inside}}}` is not understood: a variable is `{{name}}`, or `{{+name}}` for one that may hold slashes"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_text_and_variables() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let found = pieces("a+b://x/{id}/y/{+path}").unwrap();
        let expected = [
            text("a+b://x/"),
            Piece::Segment("id".to_owned()),
            text("/y/"),
            Piece::Rest("path".to_owned()),
        ];
        assert_eq!(found, expected);
        assert_eq!(pieces("notes://all").unwrap(), [text("notes://all")]);
    }

    #[test]
    fn what_is_no_template_says_why() {
        for (wrong, why) in [
            ("", "scheme"),
            ("notes", "scheme"),
            ("{scheme}://x", "scheme"),
            ("n://{", "stands alone"),
            ("n://}", "stands alone"),
            ("n://{a}{b}", "between"),
            ("n://{a}/{a}", "twice"),
            ("n://{?a}", "not understood"),
            ("n://{a*}", "not understood"),
            ("n://{}", "not understood"),
            ("n://a b", "percent-encode"),
            ("n://ü", "percent-encode"),
        ] {
            let error = pieces(wrong).unwrap_err();
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }
}
