//! Numbers that a schema is checked on and a tool may read as two different ones.
//!
//! Schemas are checked on 64-bit numbers, as most readers of JSON have them. A tool gets the text,
//! and may read it exactly. So a number that is written as an integer must fit exactly, and what is
//! not a whole number must not become one. That other fractions are rounded in their last digit is
//! no matter: their writers rounded them too.

use crate::json_text::behind_string;
use serde_json::Value;

/// Whether a tree holds a number that is not an integer of 64 bits. Those fit exactly, as they are
/// written; only if there are others does their text have to be looked at. It must be the tree of all
/// of the text: it holds one value of a key that comes twice, which is why such keys are refused before.
pub(super) fn may_be_rounded(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(may_be_rounded),
        Value::Object(members) => members.values().any(may_be_rounded),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// The first number in a JSON text that would be read as another one.
pub(super) fn rounded(json: &str) -> Option<&str> {
    let mut rest = json;
    while let Some(at) = rest.find(|char: char| char == '"' || char == '-' || char.is_ascii_digit())
    {
        rest = &rest[at..];
        if let Some(string) = rest.strip_prefix('"') {
            rest = behind_string(string);
            continue;
        }
        let is_part = |char: char| matches!(char, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        if !is_faithful(number) {
            return Some(number);
        }
        rest = behind;
    }
    None
}

fn is_faithful(number: &str) -> bool {
    if !number.contains(['.', 'e', 'E']) {
        let fits = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
        return fits
            || number
                .parse::<f64>()
                .is_ok_and(|read| format!("{read:.0}") == number);
    }
    // What is too large for any number is refused by whoever reads it.
    let Ok(read) = number.parse::<f64>() else {
        return true;
    };
    is_whole(number) || read.fract() != 0.0
}

/// Whether a number that is written with a fraction or an exponent says a whole number.
fn is_whole(number: &str) -> bool {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let digits = |char: char| char.is_ascii_digit() && char != '0';
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !mantissa.contains(digits) {
        return true;
    }
    // An exponent beyond all measure decides by its sign alone.
    let exponent = exponent
        .parse::<i64>()
        .unwrap_or(match exponent.starts_with('-') {
            true => i64::MIN,
            false => i64::MAX,
        });
    let fraction = fraction.trim_end_matches('0');
    let behind_the_point = match fraction.len() {
        0 => -(zeros_at_the_end(whole)),
        length => i64::try_from(length).unwrap_or(i64::MAX),
    };
    exponent >= behind_the_point
}

fn zeros_at_the_end(whole: &str) -> i64 {
    let zeros = whole.len() - whole.trim_end_matches('0').len();
    i64::try_from(zeros).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_that_become_others_are_found_wherever_they_are() {
        for number in [
            "9007199254740992.5",
            "90071992547409925e-1",
            "1e-400",
            "0.1e-9999999999999999999999",
            "18446744073709551617",
            "-123456789012345678901234567890",
            "1000.0000000000000000000000001",
        ] {
            assert_eq!(rounded(number), Some(number));
            let json = format!(r#"{{"a\"1":[1,{number} ,2],"b":"x"}}"#);
            assert_eq!(rounded(&json), Some(number), "{json}");
        }
    }

    #[test]
    fn other_numbers_stay_what_they_are() {
        for number in [
            "0",
            "-0",
            "-0.0",
            "0e5",
            "0.1",
            "0.10000000000000001",
            "1e23",
            "6.022e23",
            "1.50e1",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "1200e-2",
            "100000000000000000000",
            "3.141592653589793238462643",
            "1e400",
            "1e999999999999999999999",
        ] {
            assert_eq!(rounded(number), None, "{number}");
        }
        let strings = r#"{"1e-400":"\"1e-400","a\\":"9007199254740992.5"}"#;
        assert_eq!(rounded(strings), None);
    }

    proptest! {
        #[test]
        fn what_programs_write_is_taken(whole in any::<i64>(), number in any::<f64>()) {
            let written = whole.to_string();
            prop_assert_eq!(rounded(&written), None);
            if number.is_finite() {
                let written = serde_json::Value::from(number).to_string();
                prop_assert_eq!(rounded(&written), None);
            }
        }

        #[test]
        fn what_is_rounded_is_not_taken_for_an_integer(
            number in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?",
            text in any::<String>(),
        ) {
            let text = serde_json::to_string(&text).unwrap();
            let json = format!(r#"{{"a":[{text},1,{{"b":{number}}}]}}"#);
            if let Ok(value) = serde_json::from_str(&json) {
                prop_assert!(rounded(&json).is_none() || may_be_rounded(&value));
            }
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,64}") {
            let _ = rounded(&text);
        }
    }
}
