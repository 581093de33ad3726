use super::*;

fn tool(name: &str, description: &str, schema: &Value) -> ToolDefinition {
    definition(name, description, schema, Annotations::default())
}

fn found(query: &str, limit: usize) -> Vec<String> {
    let city = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let nested = json!({ "type": "object", "properties": {
        "where": { "type": "array", "items": { "properties": { "postalCode": {} } } },
    } });
    let empty = json!({ "type": "object" });
    let tools = [
        tool("get_weather", "Current weather for a place.", &city),
        tool(
            "listIssues",
            "Lists the open issues of a repository.",
            &empty,
        ),
        tool("create_issue", "Opens an issue in a repository.", &empty),
        tool("send", "Sends a letter about the weather.", &nested),
        tool("translate", "翻訳します。", &empty),
    ];
    let index = Index::of(&tools);
    let found = index.find(query, limit);
    found.into_iter().map(ToString::to_string).collect()
}

#[test]
fn a_word_in_a_name_counts_more_than_one_in_a_description() {
    assert_eq!(found("weather", 5), ["get_weather", "send"]);
    assert_eq!(found("weather", 1), ["get_weather"]);
}

#[test]
fn names_are_read_as_words_and_plurals_as_singulars() {
    assert_eq!(found("list issue", 5)[0], "listIssues");
    assert_eq!(found("creates issues", 5)[0], "create_issue");
}

#[test]
fn arguments_are_found_by_their_names_also_inside_of_others() {
    assert_eq!(found("city", 5), ["get_weather"]);
    assert_eq!(found("postal code", 5), ["send"]);
}

#[test]
fn text_without_spaces_is_found_by_its_characters() {
    assert_eq!(found("訳", 5), ["translate"]);
}

#[test]
fn what_no_tool_says_finds_nothing() {
    for query in ["", "  ", "submarine", "!?"] {
        assert!(found(query, 5).is_empty(), "{query}");
    }
    assert!(Index::of(&[]).find("weather", 5).is_empty());
}

#[test]
fn tools_that_say_the_same_are_in_order_of_names() {
    let schema = json!({ "type": "object" });
    let tools: Vec<_> = ["b", "a", "c"]
        .map(|name| tool(&format!("echo_{name}"), "Echoes.", &schema))
        .to_vec();
    let index = Index::of(&tools);
    let names: Vec<_> = index.find("echo", 5).iter().map(|n| n.as_str()).collect();
    assert_eq!(names, ["echo_a", "echo_b", "echo_c"]);
}
