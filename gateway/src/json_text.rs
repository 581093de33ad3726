//! Walking over JSON as text: what stands inside of a string says nothing of what is around it.
//!
//! Long strings are most of a long text, so they are passed over many bytes at a time.

use memchr::memchr2;

/// What follows a string, of which this is the inside and all behind it.
pub(crate) fn behind_string(inside: &str) -> &str {
    let mut rest = inside;
    while let Some(at) = memchr2(b'"', b'\\', rest.as_bytes()) {
        if rest.as_bytes()[at] == b'"' {
            return &rest[at + 1..];
        }
        // What is escaped is one character of ASCII, or the text is no JSON.
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    ""
}

/// Whether arrays and objects stand in each other no deeper than `max`. Readers that call themselves
/// for each level are given only texts that pass.
pub(crate) fn nests_within(text: &str, max: usize) -> bool {
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
        for inside in ["", "a", "a\\", "\\\"", "\\é\"1", "\\é"] {
            assert_eq!(behind_string(inside), "", "{inside}");
        }
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
            prop_assert!(nests_within(&text, depth));
            prop_assert!(depth == 0 || !nests_within(&text, depth - 1));
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
