//! Limits that nobody can set: the page says the numbers of the code.

use casemate_tests::root;
use std::fs;

/// What the page on the sandbox says of limits that nobody can set, and where the code says it.
const FIXED: [(&str, &str, &str, &[&str]); 30] = [
    (
        "modules and components",
        "500",
        "runtime/src/component/shape.rs",
        &["PARTS: u32 = 500"],
    ),
    (
        "functions of a",
        "50,000",
        "runtime/src/component/shape.rs",
        &["FUNCTIONS: u32 = 50_000"],
    ),
    (
        "a function",
        "512 KiB, 30,000 blocks",
        "runtime/src/component/shape.rs",
        &["BODY_BYTES: u64 = 512 << 10", "BLOCKS: u64 = 30_000"],
    ),
    (
        "locals times branches",
        "5,000,000",
        "runtime/src/component/shape.rs",
        &["LOCALS_TIMES_BRANCHES: u64 = 5_000_000"],
    ),
    (
        "memories",
        "4",
        "runtime/src/engine.rs",
        &["MEMORIES_PER_COMPONENT: u32 = 4"],
    ),
    (
        "tables of",
        "16",
        "runtime/src/engine.rs",
        &["TABLES_PER_COMPONENT: u32 = 16"],
    ),
    (
        "instances of modules",
        "48",
        "runtime/src/engine.rs",
        &["INSTANCES_PER_COMPONENT: u32 = 48"],
    ),
    (
        "elements of a table",
        "20,000",
        "runtime/src/engine.rs",
        &["TABLE_ELEMENTS: usize = 20_000"],
    ),
    (
        "asking a component",
        "5 G fuel, 10 s, 10,000 calls",
        "runtime/src/describe.rs",
        &[
            "fuel: 5_000_000_000",
            "wall_ms: 10_000",
            "host_calls: 10_000",
        ],
    ),
    (
        "tools of a",
        "200",
        "runtime/src/describe.rs",
        &["TOOLS: usize = 200"],
    ),
    (
        "resources, families",
        "500, 50, 200",
        "runtime/src/describe.rs",
        &[
            "RESOURCES: usize = 500",
            "TEMPLATES: usize = 50",
            "PROMPTS: usize = 200",
        ],
    ),
    (
        "a title",
        "200 B, 16 KiB, 16 KiB, 64 KiB",
        "runtime/src/describe/texts.rs",
        &[
            "TITLE_BYTES: usize = 200",
            "DESCRIPTION_BYTES: usize = 16 << 10",
            "META_BYTES: usize = 16 << 10",
            "ICON_BYTES: usize = 64 << 10",
        ],
    ),
    (
        "pictures, secrets",
        "50",
        "runtime/src/describe/texts.rs",
        &["ITEMS: usize = 50"],
    ),
    (
        "a schema |",
        "32 KiB, 32 levels, 2,000 values",
        "runtime/src/describe/schema.rs",
        &[
            "BYTES: usize = 32 << 10",
            "DEPTH: usize = 32",
            "NODES: usize = 2_000",
        ],
    ),
    (
        "a schema with",
        "10,000 parts, 64 levels",
        "gateway/src/service/definition/references.rs",
        &["MAX_PARTS: usize = 10_000", "MAX_DEPTH: usize = 64"],
    ),
    (
        "patterns of a schema",
        "256 KiB one, 512 KiB together",
        "gateway/src/service/schema/patterns.rs",
        &[
            "PATTERN_BYTES: usize = 256 << 10",
            "PATTERNS_BYTES: usize = 512 << 10",
        ],
    ),
    (
        "a check",
        "5,000,000 parts",
        "gateway/src/service/schema.rs",
        &["MAX_COST: usize = 5_000_000"],
    ),
    (
        "patterns in a check",
        "2²⁷ bytes",
        "gateway/src/service/schema/patterns.rs",
        &[
            "MATCHED_HERE: u64 = 1 << 27",
            "MATCHED_ASIDE: u64 = 1 << 31",
        ],
    ),
    (
        "what one call to the host",
        "4 MiB",
        "runtime/src/sandbox.rs",
        &["TRANSFER: u64 = 4 << 20"],
    ),
    (
        "memory or table elements asked",
        "1,000",
        "runtime/src/limiter.rs",
        &["REFUSALS: u32 = 1_000"],
    ),
    (
        "JSON of an answer",
        "64 levels",
        "runtime/src/json.rs",
        &["DEPTH: usize = 64"],
    ),
    (
        "questions of a round",
        "16, 64 KiB",
        "runtime/src/convert/question.rs",
        &["REQUESTS: usize = 16", "STATE_BYTES: usize = 64 << 10"],
    ),
    (
        "suggestions",
        "100",
        "runtime/src/convert/prompt.rs",
        &["SUGGESTIONS: usize = 100"],
    ),
    (
        "a message of progress",
        "500",
        "runtime/src/host/progress.rs",
        &["MESSAGE: usize = 500"],
    ),
    (
        "random bytes",
        "64 KiB",
        "runtime/src/state.rs",
        &["RANDOM_BYTES: u64 = 64 << 10"],
    ),
    (
        "headers of an outgoing",
        "100, 32 KiB",
        "runtime/src/egress/hop.rs",
        &["HEADERS: usize = 100", "HEADER_BYTES: usize = 32 << 10"],
    ),
    (
        "the URL",
        "8 KiB",
        "runtime/src/egress/hop.rs",
        &["URL_BYTES: usize = 8 << 10"],
    ),
    (
        "looking up a name",
        "5 s",
        "runtime/src/egress/resolver.rs",
        &["LOOKUP: Duration = Duration::from_secs(5)"],
    ),
    (
        "headers of an answer",
        "100, 32 KiB",
        "runtime/src/egress.rs",
        &[
            "RESPONSE_HEADERS: usize = 100",
            "RESPONSE_HEADER_BYTES: usize = 32 << 10",
        ],
    ),
    (
        "a secret",
        "8 to 2,048",
        "gateway/src/service/vault.rs",
        &[
            "MAX_SECRET_BYTES: usize = 2_048",
            "MIN_SECRET_BYTES: usize = 8",
        ],
    ),
];

#[test]
fn fixed_limits_are_what_the_code_says() {
    let page = fs::read_to_string(root().join("docs/reference/sandbox.md")).unwrap();
    for (what, shown, file, constants) in FIXED {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| {what}")));
        let row = row.unwrap_or_else(|| panic!("no row begins with {what:?}"));
        let cell = row.split('|').nth(2).unwrap().trim();
        assert!(cell.starts_with(shown), "{what}: {cell}");
        let code = fs::read_to_string(root().join(file)).unwrap();
        for constant in constants {
            assert!(
                code.contains(&format!("{constant};")) || code.contains(&format!("{constant},")),
                "{what}: {file} does not say {constant}"
            );
        }
    }
}
