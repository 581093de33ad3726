//! What is generated from the contract. Authors never see it; `export!` needs it.
//!
//! One world for each interface that is optional: a component declares a world by invoking its
//! macro, and the linker joins the worlds. So a component with tools only does not so much as
//! mention the others.

wit_bindgen::generate!({
    path: "../wit",
    world: "tool",
    pub_export_macro: true,
    export_macro_name: "export_component",
});

/// Prompts, if there are any.
pub mod prompts {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package casemate:guest-sdk; world prompts { export casemate:tool/prompts@1.0.0; }",
        with: { "casemate:tool/types@1.0.0": crate::bindings::casemate::tool::types },
        pub_export_macro: true,
        export_macro_name: "export_prompts",
    });
}

/// Resources, if there are any.
pub mod resources {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package casemate:guest-sdk; world resources { export casemate:tool/resources@1.0.0; }",
        with: { "casemate:tool/types@1.0.0": crate::bindings::casemate::tool::types },
        pub_export_macro: true,
        export_macro_name: "export_resources",
    });
}

/// Completion, if there is anything to complete.
pub mod completion {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package casemate:guest-sdk; world completion { export casemate:tool/completion@1.0.0; }",
        with: { "casemate:tool/types@1.0.0": crate::bindings::casemate::tool::types },
        pub_export_macro: true,
        export_macro_name: "export_completion",
    });
}
