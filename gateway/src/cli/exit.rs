//! How a command ends, as the shell sees it. The numbers are a promise to scripts.

use http::StatusCode;
use std::process::ExitCode;

/// Every exit code of `casemate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Ok = 0,
    /// It did not, for a reason that has no code of its own; or a called tool failed.
    Failure = 1,
    /// The command line is not understood.
    Usage = 2,
    /// No access token, or one that is not accepted.
    Auth = 3,
    /// A name, a file or a value is refused.
    Validation = 4,
    /// The gateway cannot be reached.
    Network = 5,
}

/// The same, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0 ok   1 failure   2 usage   3 authentication   4 validation   5 network";

impl Exit {
    /// The code for an error answer of the gateway.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 | 403 => Self::Auth,
            400 | 404 | 409 | 413 | 422 => Self::Validation,
            _ => Self::Failure,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_status_ends_in_its_exit_code() {
        let of = |status| Exit::of_status(StatusCode::from_u16(status).unwrap());
        for status in [401, 403] {
            assert_eq!(of(status), Exit::Auth, "{status}");
        }
        for status in [400, 404, 409, 413, 422] {
            assert_eq!(of(status), Exit::Validation, "{status}");
        }
        for status in [405, 429, 500, 502, 503, 504] {
            assert_eq!(of(status), Exit::Failure, "{status}");
        }
    }

    #[test]
    fn the_help_text_names_every_exit_code() {
        let codes = [
            (Exit::Ok, "ok"),
            (Exit::Failure, "failure"),
            (Exit::Usage, "usage"),
            (Exit::Auth, "authentication"),
            (Exit::Validation, "validation"),
            (Exit::Network, "network"),
        ];
        for (exit, word) in codes {
            let entry = format!("{} {word}", exit as u8);
            assert!(EXIT_CODES.contains(&entry), "{entry}");
        }
    }
}
