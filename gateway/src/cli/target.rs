//! Which tool of which server, as `SERVER/TOOL`.

use super::{exit::Exit, failure::Failure};
use std::str::FromStr;

/// A tool of a server. The server is an id, a name, or `workspace/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The server, as it was written.
    pub(crate) server: String,
    /// The name of the tool.
    pub(crate) tool: String,
}

impl Target {
    /// From `TOOL -s SERVER` or `SERVER/TOOL`.
    pub(crate) fn of(tool: &str, server: Option<&str>) -> Result<Self, Failure> {
        match server {
            Some(server) => Ok(Self {
                server: server.to_owned(),
                tool: tool.to_owned(),
            }),
            None => tool
                .parse()
                .map_err(|why: String| Failure::new(Exit::Usage, why).code("usage")),
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A tool name has no slash, the name of a server may have one.
        match text.rsplit_once('/') {
            Some((server, tool)) if !server.is_empty() && !tool.is_empty() => Ok(Self {
                server: server.to_owned(),
                tool: tool.to_owned(),
            }),
            _ => Err(format!(
                "`{text}` does not name a server and a tool: write SERVER/TOOL"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(server: &str, tool: &str) -> Target {
        Target {
            server: server.to_owned(),
            tool: tool.to_owned(),
        }
    }

    #[test]
    fn the_last_slash_separates_server_and_tool() {
        assert_eq!("weather/get".parse(), Ok(target("weather", "get")));
        assert_eq!(
            "acme/weather/get".parse(),
            Ok(target("acme/weather", "get"))
        );
        for text in ["get", "/get", "weather/", ""] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_tool_without_its_server_is_a_usage_error() {
        assert_eq!(
            Target::of("get", Some("weather")),
            Ok(target("weather", "get"))
        );
        assert_eq!(
            Target::of("weather/get", None),
            Ok(target("weather", "get"))
        );
        assert_eq!(Target::of("get", None).unwrap_err().exit(), Exit::Usage);
    }
}
