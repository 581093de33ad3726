//! A reference's target and the keywords beside the reference, as one schema.

use super::{Fields, Part};
use serde_json::Value;

/// Keywords that say something about a value and decide nothing. Those beside a reference are about
/// this very place, so they win.
const SAID: [&str; 9] = [
    "$comment",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// Keywords that mean something else beside another of their group.
const GROUPS: [&[&str]; 4] = [
    &["additionalProperties", "patternProperties", "properties"],
    &["additionalItems", "items", "prefixItems"],
    &["contains", "maxContains", "minContains"],
    &["else", "if", "then"],
];
/// Keywords that mean something else beside nearly anything.
const REST: [&str; 2] = ["unevaluatedItems", "unevaluatedProperties"];

/// One schema that accepts what both accept.
pub(super) fn join(own: Fields, target: Part) -> Part {
    if own.is_empty() {
        return target;
    }
    let target = match target {
        Part::Object(target) => target,
        Part::Plain(Value::Bool(true)) => return Part::Object(own),
        never => return beside(own, never),
    };
    let rest = target.into_iter();
    let rest: Fields = rest
        .filter(|(keyword, _)| !(is_said(keyword) && own.contains_key(keyword)))
        .collect();
    if is_independent(&own, &rest) {
        merge(own, rest)
    } else {
        beside(own, Part::Object(rest))
    }
}

fn is_said(keyword: &str) -> bool {
    SAID.contains(&keyword) || keyword.starts_with("x-")
}

/// Whether no keyword of one means something else beside those of the other.
fn is_independent(own: &Fields, target: &Fields) -> bool {
    let decides = own.keys().any(|keyword| !is_said(keyword));
    if decides && REST.iter().any(|keyword| target.contains_key(*keyword)) {
        return false;
    }
    let both_have = |group: &&&[&str]| {
        let has = |fields: &Fields| group.iter().any(|keyword| fields.contains_key(*keyword));
        has(own) && has(target)
    };
    let mut depending = GROUPS.iter().filter(both_have);
    if depending.any(|group| !(group.contains(&"properties") && are_open(own, target))) {
        return false;
    }
    target.iter().all(|(keyword, theirs)| {
        own.get(keyword)
            .is_none_or(|ours| ours == theirs || is_joined(keyword, ours, theirs))
    })
}

/// Whether both have properties, and neither says anything about those that it does not name.
fn are_open(own: &Fields, target: &Fields) -> bool {
    let names = |fields: &Fields| {
        ["properties", "patternProperties"]
            .iter()
            .any(|keyword| fields.contains_key(*keyword))
            && !fields.contains_key("additionalProperties")
    };
    names(own) && names(target)
}

/// Whether a keyword that both have can become one.
fn is_joined(keyword: &str, ours: &Part, theirs: &Part) -> bool {
    match (keyword, ours, theirs) {
        ("required", Part::List(_), Part::List(_)) => true,
        ("properties", Part::Object(ours), Part::Object(theirs)) => theirs
            .iter()
            .all(|(name, one)| ours.get(name).is_none_or(|ours| ours == one)),
        _ => false,
    }
}

fn merge(mut own: Fields, target: Fields) -> Part {
    for (keyword, theirs) in target {
        match (own.get_mut(&keyword), theirs) {
            (Some(Part::Object(ours)), Part::Object(theirs)) if keyword == "properties" => {
                ours.extend(theirs);
            }
            (Some(Part::List(ours)), Part::List(theirs)) if keyword == "required" => {
                let more: Vec<_> = theirs
                    .into_iter()
                    .filter(|one| !ours.contains(one))
                    .collect();
                ours.extend(more);
            }
            (Some(_), _) => {}
            (None, theirs) => drop(own.insert(keyword, theirs)),
        }
    }
    Part::Object(own)
}

/// Both apply, each by itself.
fn beside(mut own: Fields, target: Part) -> Part {
    match own.get_mut("allOf") {
        Some(Part::List(all)) => all.push(target),
        _ => drop(own.insert("allOf".to_owned(), Part::List(vec![target]))),
    }
    Part::Object(own)
}
