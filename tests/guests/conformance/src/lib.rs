//! What the official conformance suite of MCP asks a server for, under its names and with its words. It is uploaded like any component, so that the suite tests the product.

pub mod asking;
pub mod content;
pub mod jobs;
pub mod legacy_asking;
pub mod prompts;
pub mod resources;
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
    watching::test_falling_progress,
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
    content::test_trigger_prompt_change,
    schema::json_schema_2020_12_tool,
    schema::test_header,
    jobs::greet,
    jobs::slow_compute,
    jobs::failing_job,
    jobs::protocol_error_job,
    jobs::confirm_delete,
    jobs::multi_input,
    jobs::test_tool_with_task,
    prompt prompts::test_simple_prompt,
    prompt prompts::test_prompt_with_arguments,
    prompt prompts::test_prompt_with_embedded_resource,
    prompt prompts::test_prompt_with_image,
    prompt prompts::test_input_required_result_prompt,
    resource resources::static_text,
    resource resources::static_binary,
    resource resources::template_data,
    resource resources::watched_resource,
    resource resources::missing,
    resource resources::asking,
);
