//! The tools that the official conformance suite of MCP asks a server for, under its names and with
//! its words. It is uploaded like any component, so that the suite tests the product.

pub mod asking;
pub mod content;
pub mod legacy_asking;
pub mod rounds;
pub mod schema;
pub mod watching;

casemate_guest_sdk::export!(
    content::test_simple_text,
    content::test_image_content,
    content::test_audio_content,
    content::test_embedded_resource,
    content::test_resource_link,
    content::test_multiple_content_types,
    content::test_error_handling,
    watching::test_tool_with_progress,
    watching::test_tool_with_logging,
    watching::test_logging_tool,
    watching::test_busy,
    legacy_asking::test_sampling,
    legacy_asking::test_elicitation,
    legacy_asking::test_elicitation_sep1034_defaults,
    legacy_asking::test_elicitation_sep1330_enums,
    asking::test_input_required_result_elicitation,
    asking::test_input_required_result_sampling,
    asking::test_input_required_result_list_roots,
    asking::test_input_required_result_capabilities,
    asking::test_streaming_elicitation,
    asking::test_missing_capability,
    asking::test_page,
    rounds::test_input_required_result_request_state,
    rounds::test_input_required_result_tampered_state,
    rounds::test_input_required_result_multiple_inputs,
    rounds::test_input_required_result_multi_round,
    content::test_trigger_tool_change,
    schema::json_schema_2020_12_tool,
    schema::test_header,
);
