//! The call's log.
//!
//! Lines are capped in size and number; what is over the cap is dropped and counted. The host
//! masks values of secrets.

/// How severe a line is: the levels of RFC 5424.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author.
    Debug,
    /// Normal.
    Info,
    /// Normal but noteworthy.
    Notice,
    /// Something may be wrong.
    Warning,
    /// Something is wrong.
    Error,
    /// A part does not work.
    Critical,
    /// Somebody must act now.
    Alert,
    /// Nothing works.
    Emergency,
}

/// Writes a line with a formatted message and, after a semicolon, fields.
///
/// ```
/// use casemate_guest_sdk::prelude::*;
/// # let cx = Cx::test();
/// # let rows = 3;
/// log!(cx, Info, "read {rows} rows"; status = 200, cached = false);
/// # assert_eq!(cx.logs()[0].message, "read 3 rows");
/// # assert_eq!(cx.logs()[0].fields.as_ref().unwrap()["status"], 200);
/// ```
#[macro_export]
macro_rules! log {
    ($cx:expr, $level:ident, $format:literal $(, $argument:expr)* $(,)?) => {
        $cx.log($crate::log::Level::$level, ::std::format_args!($format $(, $argument)*))
    };
    ($cx:expr, $level:ident, $format:literal $(, $argument:expr)* ; $($key:ident = $value:expr),+ $(,)?) => {
        $cx.log_with(
            $crate::log::Level::$level,
            ::std::format_args!($format $(, $argument)*),
            &$crate::serde_json::json!({ $(::std::stringify!($key): $value),+ }),
        )
    };
}

pub use crate::log;
