wit_bindgen::generate!({ path: "../wit", world: "full", pub_export_macro: true });
