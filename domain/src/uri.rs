//! URI templates (RFC 6570), as far as one can tell from a URI whether it is of a template.
//!
//! `{name}` stands for one part of a path or of a query, `{+name}` for any text. The other forms of
//! the RFC join and leave out variables in ways that lead back from a URI in several ways, so they
//! are refused. Which values the variables have is for the component to find out.

use crate::{Invalid, name::is_uri_byte};
use std::{fmt, str::FromStr};

/// The longest template, in bytes.
const LONGEST: usize = 1024;
/// Variables of one template.
const MOST_VARIABLES: usize = 16;

/// A URI template.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UriTemplate {
    text: Box<str>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    Literal(Box<str>),
    /// `{name}`: no slash, no question mark, no hash.
    Segment(Box<str>),
    /// `{+name}`: anything.
    Rest(Box<str>),
}

impl UriTemplate {
    /// The template as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Segment(name) | Part::Rest(name) => Some(&**name),
        })
    }

    /// How many bytes of it are not variables: of two templates that fit, the one with more of them
    /// says more.
    pub fn literal_len(&self) -> usize {
        let literal = |part: &Part| match part {
            Part::Literal(text) => text.len(),
            Part::Segment(_) | Part::Rest(_) => 0,
        };
        self.parts.iter().map(literal).sum()
    }

    /// Whether a URI is of this template, with at least one character for each variable. Takes time
    /// in proportion to the parts of the template times the length of the URI.
    pub fn matches(&self, uri: &str) -> bool {
        let uri = uri.as_bytes();
        // Whether what is before a place can be what the parts so far stand for.
        let mut here = vec![false; uri.len() + 1];
        here[0] = true;
        for part in &self.parts {
            let mut next = vec![false; uri.len() + 1];
            match part {
                Part::Literal(text) => {
                    let text = text.as_bytes();
                    for (at, _) in here.iter().enumerate().filter(|(_, reached)| **reached) {
                        if uri[at..].starts_with(text) {
                            next[at + text.len()] = true;
                        }
                    }
                }
                Part::Segment(_) => {
                    run(&here, &mut next, uri, |b| !matches!(b, b'/' | b'?' | b'#'))
                }
                Part::Rest(_) => run(&here, &mut next, uri, |_| true),
            }
            if !next.contains(&true) {
                return false;
            }
            here = next;
        }
        here[uri.len()]
    }
}

/// Goes on from each place that was reached, over one character or more that are allowed.
fn run(here: &[bool], next: &mut [bool], uri: &[u8], allowed: impl Fn(u8) -> bool) {
    let mut running = false;
    for (at, byte) in uri.iter().enumerate() {
        running = (running || here[at]) && allowed(*byte);
        next[at + 1] = running;
    }
}

impl FromStr for UriTemplate {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |problem: String| Invalid::new("URI template", problem);
        if text.len() > LONGEST {
            return Err(invalid(format!("is longer than {LONGEST} bytes")));
        }
        let parts = parts(text).map_err(invalid)?;
        let literal = match parts.first() {
            Some(Part::Literal(start)) => start,
            _ => {
                return Err(invalid(
                    "must begin with a scheme, such as `notes://`".to_owned(),
                ));
            }
        };
        if !crate::name::has_scheme(literal) {
            return Err(invalid(
                "must begin with a scheme, such as `notes://`".to_owned(),
            ));
        }
        let template = Self {
            text: text.into(),
            parts,
        };
        match template.variables().count() {
            0 => Err(invalid(
                "has no variables: make it a resource of a fixed URI".to_owned(),
            )),
            1..=MOST_VARIABLES => Ok(template),
            _ => Err(invalid(format!("has more than {MOST_VARIABLES} variables"))),
        }
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(expression) = rest.strip_prefix('{') {
            let (expression, behind) = expression
                .split_once('}')
                .ok_or("has a `{` without a `}`")?;
            parts.push(variable(expression)?);
            rest = behind;
            continue;
        }
        let end = rest.find('{').unwrap_or(rest.len());
        let (literal, behind) = rest.split_at(end);
        if !literal.bytes().all(is_uri_byte) {
            return Err("has a character that no URI has; percent-encode it".to_owned());
        }
        parts.push(Part::Literal(literal.into()));
        rest = behind;
    }
    Ok(parts)
}

fn variable(expression: &str) -> Result<Part, String> {
    let (name, is_rest) = match expression.strip_prefix('+') {
        Some(name) => (name, true),
        None => (expression, false),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_name) {
        let shown: String = expression.chars().take(40).collect();
        return Err(format!(
            "has the expression `{{{}}}`; only `{{name}}` and `{{+name}}` can be matched",
            shown.escape_debug()
        ));
    }
    let name = name.into();
    Ok(if is_rest {
        Part::Rest(name)
    } else {
        Part::Segment(name)
    })
}

impl fmt::Display for UriTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for UriTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl serde::Serialize for UriTemplate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for UriTemplate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> UriTemplate {
        text.parse().unwrap()
    }

    #[test]
    fn a_variable_stands_for_one_part_and_with_a_plus_for_all() {
        let data = template("test://template/{id}/data");
        for (uri, fits) in [
            ("test://template/123/data", true),
            ("test://template/a%20b/data", true),
            ("test://template//data", false),
            ("test://template/1/2/data", false),
            ("test://template/123/data/", false),
            ("test://template/123", false),
            ("TEST://template/123/data", false),
        ] {
            assert_eq!(data.matches(uri), fits, "{uri}");
        }
        let files = template("file:///{+path}.{kind}");
        assert!(files.matches("file:///a/b.c/d.txt"));
        assert!(!files.matches("file:///.txt"));
        assert!(!files.matches("file:///a/b"));
        let query = template("notes://search?q={words}&n={count}");
        assert!(query.matches("notes://search?q=a+b&n=3"));
        let names: Vec<_> = query.variables().collect();
        assert_eq!(names, ["words", "count"]);
    }

    #[test]
    fn a_match_takes_little_time_however_many_ways_there_are() {
        let many = template(&format!("a:{}", "{+x}a".repeat(16)));
        assert!(many.matches(&format!("a:{}", "a".repeat(2_000))));
        assert!(!many.matches(&format!("a:{}b", "a".repeat(2_000))));
    }

    #[test]
    fn what_cannot_be_matched_is_refused_in_words() {
        for (text, says) in [
            ("notes://{?q}", "{?q}"),
            ("notes://{a,b}", "{a,b}"),
            ("notes://{#a}", "{#a}"),
            ("notes://{a*}", "{a*}"),
            ("notes://{a", "without"),
            ("notes://a}", "character"),
            ("notes://fixed", "no variables"),
            ("{scheme}://a", "scheme"),
            ("/a/{b}", "scheme"),
            ("notes://a b/{c}", "character"),
            ("notes://\u{200B}{c}", "character"),
        ] {
            let error = text.parse::<UriTemplate>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let long = format!("a:{}", "{x}".repeat(MOST_VARIABLES + 1));
        assert!(long.parse::<UriTemplate>().is_err());
    }
}
