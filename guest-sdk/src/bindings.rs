//! What is generated from the contract. Authors never see it; `export!` needs it.

wit_bindgen::generate!({
    path: "../wit",
    world: "tool",
    pub_export_macro: true,
    export_macro_name: "export_component",
});
