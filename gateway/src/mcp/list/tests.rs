use super::*;
use casemate_domain::{Needs, TaskSupport};
use serde_json::{Value, json};

fn tool(name: &str) -> ToolDefinition {
    ToolDefinition {
        name: name.parse().unwrap(),
        title: None,
        description: "Does a thing.".to_owned(),
        input_schema: Json::from(&json!({ "type": "object" })),
        output_schema: None,
        annotations: Annotations::default(),
        icons: vec![],
        task_support: TaskSupport::default(),
        needs: Needs::default(),
        meta: None,
    }
}

fn full() -> ToolDefinition {
    ToolDefinition {
        title: Some("Weather".to_owned()),
        output_schema: Some(Json::from(&json!({ "type": "object" }))),
        annotations: Annotations {
            read_only: Some(true),
            ..Annotations::default()
        },
        icons: vec![Icon {
            src: "https://a.test/i.png".to_owned(),
            mime_type: None,
            sizes: vec!["any".to_owned()],
            theme: None,
        }],
        task_support: TaskSupport::Optional,
        meta: Some(Json::from(&json!({ "com.example/k": 1 }))),
        ..tool("weather")
    }
}

fn listing(tools: &[ToolDefinition]) -> Listing<'_> {
    Listing {
        server: "tools",
        prefix: None,
        tools: tools.iter().collect(),
    }
}

fn first_page(tools: &[ToolDefinition], revision: Revision) -> Value {
    let (page, _) = listing(tools).page(revision, None);
    serde_json::from_slice(&page.body).unwrap()
}

fn many(count: usize) -> Vec<ToolDefinition> {
    (0..count)
        .map(|number| tool(&format!("t{number:05}")))
        .collect()
}

/// All names, page by page, as a client would collect them.
fn walk(tools: &[ToolDefinition], pages: &[Page]) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor: Option<Json> = None;
    loop {
        let raw = cursor.as_ref().map(AsRef::as_ref);
        let body = find(pages, || listing(tools), Revision::MODERN, raw).unwrap();
        let page: Value = serde_json::from_slice(&body).unwrap();
        let listed = page["tools"].as_array().unwrap();
        names.extend(
            listed
                .iter()
                .map(|tool| tool["name"].as_str().unwrap().to_owned()),
        );
        match page.get("nextCursor") {
            Some(next) => cursor = Some(Json::from(next)),
            None => return names,
        }
    }
}

#[test]
fn no_tools_is_an_empty_list_and_a_success() {
    assert_eq!(
        first_page(&[], Revision::V2025_11_25),
        json!({ "tools": [] })
    );
    let modern = first_page(&[], Revision::MODERN);
    assert_eq!(modern["tools"], json!([]));
    assert_eq!(modern["resultType"], "complete");
    assert_eq!(modern["cacheScope"], "private");
    assert!(modern["ttlMs"].is_u64());
    assert_eq!(
        modern["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "tools"
    );
}

#[test]
fn each_revision_lists_what_it_knows() {
    let keys = |revision| {
        let page = first_page(&[full()], revision);
        let tool = page["tools"][0].as_object().unwrap().clone();
        let mut keys: Vec<_> = tool.keys().cloned().collect();
        keys.sort();
        keys.retain(|key| !["name", "description", "inputSchema"].contains(&key.as_str()));
        keys.join(" ")
    };
    assert_eq!(keys(Revision::V2024_11_05), "");
    assert_eq!(keys(Revision::V2025_03_26), "annotations");
    assert_eq!(
        keys(Revision::V2025_06_18),
        "_meta annotations outputSchema title"
    );
    // Not `execution`: its clients then call some tools as tasks of an older kind, or not at all.
    assert_eq!(
        keys(Revision::V2025_11_25),
        "_meta annotations icons outputSchema title"
    );
    assert_eq!(
        keys(Revision::MODERN),
        "_meta annotations icons outputSchema title"
    );
}

#[test]
fn a_title_is_a_hint_where_there_are_no_titles() {
    let page = first_page(&[full()], Revision::V2025_03_26);
    assert_eq!(
        page["tools"][0]["annotations"],
        json!({ "title": "Weather", "readOnlyHint": true })
    );
    let page = first_page(&[full()], Revision::V2025_06_18);
    assert_eq!(
        page["tools"][0]["annotations"],
        json!({ "readOnlyHint": true })
    );
}

#[test]
fn only_the_modern_see_an_output_schema_that_is_no_object() {
    let list = ToolDefinition {
        output_schema: Some(Json::from(&json!({ "type": "array" }))),
        ..tool("list")
    };
    let list = [list];
    let has = |revision| {
        first_page(&list, revision)["tools"][0]
            .get("outputSchema")
            .is_some()
    };
    assert!(has(Revision::MODERN));
    assert!(!has(Revision::V2025_11_25));
}

#[test]
fn schemas_come_back_byte_for_byte() {
    let text = r##"{ "type":"object", "$defs": {"a":{"minimum":1.0e1}},"b":"\u0041" }"##;
    let exact = ToolDefinition {
        input_schema: Json::parse(text.to_owned()).unwrap(),
        ..tool("a")
    };
    let exact = [exact];
    let (page, _) = listing(&exact).page(Revision::MODERN, None);
    assert!(String::from_utf8(page.body).unwrap().contains(text));
}

#[test]
fn pages_hold_every_tool_once_and_in_order() {
    for count in [1, PAGE_ITEMS, PAGE_ITEMS + 1, 2 * PAGE_ITEMS + 3] {
        let tools = many(count);
        let pages = listing(&tools).pages(Revision::MODERN);
        assert_eq!(pages.len(), count.div_ceil(PAGE_ITEMS), "{count}");
        let expected: Vec<_> = tools.iter().map(|tool| tool.name.to_string()).collect();
        assert_eq!(walk(&tools, &pages), expected, "{count}");
    }
}

#[test]
fn a_cursor_outlives_the_tool_that_it_names() {
    let mut tools = many(PAGE_ITEMS + 2);
    let cursor = Json::from(&Value::from(URL_SAFE_NO_PAD.encode("t00499")));
    tools.remove(PAGE_ITEMS - 1);
    tools.remove(0);
    let pages = listing(&tools).pages(Revision::MODERN);
    let body = find(
        &pages,
        || listing(&tools),
        Revision::MODERN,
        Some(cursor.as_ref()),
    )
    .unwrap();
    let page: Value = serde_json::from_slice(&body).unwrap();
    let names: Vec<_> = page["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].clone())
        .collect();
    assert_eq!(names, ["t00500", "t00501"]);
}

#[test]
fn a_cursor_that_was_never_given_is_refused_and_an_empty_one_is_the_start() {
    let tools = many(1);
    let pages = listing(&tools).pages(Revision::MODERN);
    let find = |cursor: Value| {
        let cursor = Json::from(&cursor);
        find(
            &pages,
            || listing(&tools),
            Revision::MODERN,
            Some(cursor.as_ref()),
        )
        .map(Cow::into_owned)
    };
    for cursor in [json!("!!"), json!(7), json!("bm90IGEgbmFtZQ"), json!({})] {
        assert!(
            matches!(find(cursor.clone()), Err(Error::InvalidParams(_))),
            "{cursor}"
        );
    }
    assert_eq!(find(json!("")).unwrap(), pages[0].body);
}
