//! The interface `tools`.

use super::{Entry, convert, log_panics};
use crate::{
    arguments::Arguments,
    bindings::{
        casemate::tool::types::{CallContext, CallError, ProtocolError},
        exports::casemate::tool::tools,
    },
};

/// Exports tools; `export!` writes it.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_tools {
    ($tools:expr) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            mod component {
                pub struct Component;
        $crate::bindings::export_component!(Component with_types_in $crate::bindings);
            }

            impl $crate::bindings::exports::casemate::tool::tools::Guest for component::Component {
                fn describe()
                -> ::std::vec::Vec<$crate::bindings::exports::casemate::tool::tools::Tool> {
                    $crate::__private::tools::describe($tools)
                }

                fn call(
                    name: ::std::string::String,
                    arguments: ::std::string::String,
                    context: $crate::bindings::casemate::tool::types::CallContext,
                ) -> ::core::result::Result<
                    $crate::bindings::exports::casemate::tool::tools::CallOutcome,
                    $crate::bindings::casemate::tool::types::CallError,
                > {
                    $crate::__private::tools::call($tools, &name, arguments, context)
                }
            }
        };
    };
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
    outcome.map(convert::outcome).map_err(convert::error)
}
