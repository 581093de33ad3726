//! Checks of names that authors write as literals. The host checks them again; here a mistake is
//! found while typing.

use syn::LitStr;

/// Refuses a literal with the reason that `check` gives.
pub(crate) fn checked(
    literal: LitStr,
    check: fn(&str) -> Result<(), &'static str>,
) -> syn::Result<LitStr> {
    match check(&literal.value()) {
        Ok(()) => Ok(literal),
        Err(problem) => Err(syn::Error::new(literal.span(), problem)),
    }
}

/// 1 to 128 of `A-Z a-z 0-9 _ - .`.
pub(crate) fn tool_name(text: &str) -> Result<(), &'static str> {
    let valid = (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    valid
        .then_some(())
        .ok_or("a tool name must be 1 to 128 of A-Z, a-z, 0-9, _, - and .")
}

/// Whether a tool runs as a task.
pub(crate) fn task(text: &str) -> Result<(), &'static str> {
    matches!(text, "forbidden" | "optional" | "required")
        .then_some(())
        .ok_or("`task` must be \"optional\", \"required\" or \"forbidden\"")
}

/// The same as for tools.
pub(crate) fn prompt_name(text: &str) -> Result<(), &'static str> {
    tool_name(text).map_err(|_| "a prompt name must be 1 to 128 of A-Z, a-z, 0-9, _, - and .")
}

/// Anything that can be read.
pub(crate) fn resource_name(text: &str) -> Result<(), &'static str> {
    (!text.trim().is_empty())
        .then_some(())
        .ok_or("a resource needs a name that can be read")
}

/// `type/subtype`, with parameters if needed.
pub(crate) fn mime_type(text: &str) -> Result<(), &'static str> {
    let (kind, subtype) = text.split_once('/').unwrap_or_default();
    let is_printable = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    (is_printable && !kind.is_empty() && !subtype.is_empty())
        .then_some(())
        .ok_or("a media type must be such as \"text/plain\"")
}

/// `UPPER_SNAKE_CASE`, 1 to 64 characters.
pub(crate) fn secret_name(text: &str) -> Result<(), &'static str> {
    let valid = (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    valid
        .then_some(())
        .ok_or("a secret name must be UPPER_SNAKE_CASE, 1 to 64 characters")
}

/// `api.example.com`, `*.example.com`, with a port or a scheme if needed.
pub(crate) fn host(text: &str) -> Result<(), &'static str> {
    let rest = match text.split_once("://") {
        Some(("http" | "https", rest)) => rest,
        Some(_) => return Err("a host must have the scheme http or https, or none"),
        None => text,
    };
    let (wildcard, rest) = match rest.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (name, port) = split_port(rest);
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse() != Ok(0u16);
    if port.is_some_and(|port| !is_port(port) || port.parse::<u16>().is_err()) {
        return Err("the port must be a number from 1 to 65535");
    }
    if wildcard && !name.contains('.') {
        return Err("this is too wide: name at least two labels after the wildcard");
    }
    if is_name(name) || (!wildcard && is_ipv6(name)) {
        Ok(())
    } else {
        Err("a host must be a name such as api.example.com or *.example.com, without a path")
    }
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    let bracket = text.rfind(']').unwrap_or(0);
    match text[bracket..].find(':') {
        Some(at) => (&text[..bracket + at], Some(&text[bracket + at + 1..])),
        None => (text, None),
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

fn is_ipv6(name: &str) -> bool {
    name.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_with_optional_scheme_wildcard_and_port() {
        for valid in [
            "api.example.com",
            "*.example.com",
            "http://localhost:8080",
            "http://[::1]:80",
            "127.0.0.1:1",
        ] {
            assert_eq!(host(valid), Ok(()), "{valid}");
        }
        for invalid in [
            "",
            "https://api.example.com/v1",
            "ftp://example.com",
            "*.com",
            "*",
            "example.com:0",
            "example.com:port",
            "example.com:",
            "a..b",
            "ex ample.com",
        ] {
            assert!(host(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn secret_names_are_upper_snake_case() {
        assert_eq!(secret_name("API_KEY_2"), Ok(()));
        for invalid in ["", "api_key", "2_KEYS", "API-KEY"] {
            assert!(secret_name(invalid).is_err(), "{invalid}");
        }
    }
}
