//! Makes tools a component.

mod convert;

use crate::{
    Cx,
    arguments::Arguments,
    bindings::{
        casemate::tool::types::{CallContext, CallError, ProtocolError},
        exports::casemate::tool::tools,
    },
    tool::{CallResult, Descriptor},
};

/// Makes the crate a component that provides these tools: `export!(weather, alerts)`.
///
/// Outside a component (in `cargo test`) it only checks the names. Use it once in a crate.
#[macro_export]
macro_rules! export {
    ($($tool:ty),+ $(,)?) => {
        const _: () = {
            const TOOLS: &[$crate::__private::Entry] =
                &[$(<$tool as $crate::tool::Tool>::ENTRY),+];
            const _: () = $crate::__private::assert_unique(TOOLS);

            #[cfg(target_family = "wasm")]
            mod component {
                pub struct Component;
                $crate::bindings::export_component!(Component with_types_in $crate::bindings);
            }

            #[cfg(target_family = "wasm")]
            impl $crate::bindings::exports::casemate::tool::tools::Guest for component::Component {
                fn describe() -> ::std::vec::Vec<
                    $crate::bindings::exports::casemate::tool::tools::Tool,
                > {
                    $crate::__private::describe(TOOLS)
                }

                fn call(
                    name: ::std::string::String,
                    arguments: ::std::string::String,
                    context: $crate::bindings::casemate::tool::types::CallContext,
                ) -> ::core::result::Result<
                    $crate::bindings::exports::casemate::tool::tools::CallOutcome,
                    $crate::bindings::casemate::tool::types::CallError,
                > {
                    $crate::__private::call(TOOLS, &name, arguments, context)
                }
            }
        };
    };
}

/// One tool of a component.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub(crate) name: &'static str,
    pub(crate) describe: fn() -> Descriptor,
    pub(crate) call: fn(Arguments, &Cx) -> CallResult,
}

/// Refuses, while compiling, two tools of one name.
pub const fn assert_unique(tools: &[Entry]) {
    let mut one = 0;
    while one < tools.len() {
        let mut other = one + 1;
        while other < tools.len() {
            assert!(
                !is_same(tools[one].name, tools[other].name),
                "two exported tools have the same name"
            );
            other += 1;
        }
        one += 1;
    }
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// `tools.describe`.
pub fn describe(tools: &[Entry]) -> Vec<tools::Tool> {
    tools
        .iter()
        .map(|tool| convert::tool((tool.describe)()))
        .collect()
}

/// `tools.call`.
pub fn call(
    tools: &[Entry],
    name: &str,
    arguments: String,
    context: CallContext,
) -> Result<tools::CallOutcome, CallError> {
    let Some(tool) = tools.iter().find(|tool| tool.name == name) else {
        let message = format!("this component has no tool `{name}`");
        return Err(CallError::Protocol(ProtocolError::InvalidParams(message)));
    };
    log_panics();
    let cx = convert::cx(context);
    let outcome = Arguments::parse(&arguments).and_then(|parsed| {
        drop(arguments);
        (tool.call)(parsed, &cx)
    });
    outcome
        .map(convert::outcome)
        .map_err(|error| CallError::Tool(convert::error(error)))
}

/// A panic ends the instance; its words reach the log first.
fn log_panics() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string();
        crate::host::Host.log(crate::log::Level::Error, &message, None);
    }));
}
