//! Walking over JSON as text: what stands inside of a string says nothing of what is around it.
//!
//! Long strings are most of a long text, so they are passed over many bytes at a time.

use memchr::{memchr_iter, memchr2_iter};

/// What follows a string, of which this is the inside and all behind it.
pub(crate) fn behind_string(inside: &str) -> &str {
    let bytes = inside.as_bytes();
    for at in memchr_iter(b'"', bytes) {
        // Only quotes are stopped at: line ends are escaped too, and there are more of them. Of
        // backslashes side by side each second one is escaped by the one before it.
        let before = bytes[..at].iter().rev();
        let backslashes = before.take_while(|byte| **byte == b'\\').count();
        if backslashes.is_multiple_of(2) {
            return &inside[at + 1..];
        }
    }
    ""
}

/// Whether arrays and objects stand in each other no deeper than `max`. Readers that call themselves
/// for each level are given only texts that pass.
pub(crate) fn nests_within(text: &str, max: usize) -> bool {
    // What has so few brackets, in strings or around them, cannot nest deeper.
    memchr2_iter(b'[', b'{', text.as_bytes()).nth(max).is_none() || walks_within(text, max)
}

fn walks_within(text: &str, max: usize) -> bool {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| b"\"{[}]".contains(&byte)) {
        let (found, behind) = (rest.as_bytes()[at], &rest[at + 1..]);
        rest = behind;
        match found {
            b'"' => rest = behind_string(behind),
            b'{' | b'[' if depth == max => return false,
            b'{' | b'[' => depth += 1,
            _ => depth = depth.saturating_sub(1),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert!(nests_within(r#"["[[[[\"[[[["]"#, 1));
        assert!(nests_within(r#"["\\",["["]]"#, 2));
        assert!(!nests_within(r#"["\\",["["]]"#, 1));
        assert!(!nests_within("[[]]", 1));
        assert!(nests_within("[[],[],[]]", 2));
    }

    #[test]
    fn a_string_without_an_end_is_followed_by_nothing() {
        for inside in ["", "a", "a\\", "\\\"", "\\é\\\"1", "\\é"] {
            assert_eq!(behind_string(inside), "", "{inside}");
        }
    }

    fn behind_string_by_bytes(inside: &str) -> &str {
        let mut at = 0;
        while let Some(byte) = inside.as_bytes().get(at) {
            at += match byte {
                b'"' => return &inside[at + 1..],
                b'\\' => 2,
                _ => 1,
            };
        }
        ""
    }

    /// As deep as serde_json finds it.
    fn depth(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            serde_json::Value::Object(members) => {
                1 + members.values().map(depth).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<String>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            r#"[\[\]{}"\\]{0,8}"#.prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(6, 40, 4, |inner| {
            let key = prop_oneof![any::<String>(), r#"[\[\]{}"\\]{0,4}"#];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::hash_map(key, inner, 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_is_as_deep_as_it_is(value in value()) {
            let (text, depth) = (value.to_string(), depth(&value));
            for within in [nests_within, walks_within] {
                prop_assert!(within(&text, depth));
                prop_assert!(depth == 0 || !within(&text, depth - 1));
            }
        }

        #[test]
        fn a_string_ends_where_it_ends_byte_by_byte(text in r#"["\\\\an]{0,24}"#) {
            prop_assert_eq!(behind_string(&text), behind_string_by_bytes(&text));
        }

        #[test]
        fn what_follows_a_string_is_found(said in any::<String>(), follows in any::<String>()) {
            let written = serde_json::to_string(&said).unwrap() + &follows;
            prop_assert_eq!(behind_string(&written[1..]), follows);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,64}") {
            let _ = nests_within(&text, 3);
            let _ = behind_string(&text);
        }
    }
}
