//! No listed form of a secret survives, wherever it stands.

use super::*;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;

fn redactor(secrets: &[(&str, &str)]) -> Redactor {
    let redactor = Redactor::default();
    for (name, value) in secrets {
        redactor.arm(&name.parse().unwrap(), value, Sight::Hidden);
    }
    redactor
}

fn percent(value: &str, upper: bool, is_kept: impl Fn(u8) -> bool) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            byte if is_kept(byte) => char::from(byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        })
        .collect()
}

fn unicode_escaped(value: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut units = [0; 2];
    value
        .chars()
        .map(|c| match c {
            c if is_kept(c) => c.to_string(),
            c => c
                .encode_utf16(&mut units)
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect(),
        })
        .collect()
}

/// Every form that is promised to be masked.
fn encodings(value: &str) -> Vec<(&'static str, String)> {
    let quoted = serde_json::to_string(value).unwrap();
    let json = quoted[1..quoted.len() - 1].to_owned();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let hex = |upper| percent(value, upper, |_| false).replace('%', "");
    let mut all = vec![
        ("exact", value.to_owned()),
        ("json with slashes", json.replace('/', "\\/")),
        ("json", json),
        (
            "json in ascii",
            unicode_escaped(value, |c| c.is_ascii_alphanumeric()),
        ),
        ("json of escapes only", unicode_escaped(value, |_| false)),
        ("percent", percent(value, true, unreserved)),
        ("percent in lower case", percent(value, false, unreserved)),
        ("percent all", percent(value, true, |_| false)),
        (
            "percent all in lower case",
            percent(value, false, |_| false),
        ),
        (
            "form",
            percent(value, true, |b| unreserved(b) || b == b' ').replace(' ', "+"),
        ),
        ("hex", hex(false)),
        ("hex in upper case", hex(true)),
    ];
    all.push(("html", html(value, |c| !"<>&\"'".contains(c), false)));
    all.push(("html of numbers", html(value, |_| false, true)));
    if value.is_ascii() {
        all.extend(of_ascii(value));
    }
    for before in ["", "x", "xy"] {
        for after in ["", "z", "zz"] {
            let text = format!("{before}{value}{after}");
            for line_end in ["\n", "\r\n", "\\n"] {
                all.push(("base64 in lines", lines(&STANDARD.encode(&text), line_end)));
            }
            all.push(("base64", STANDARD.encode(&text)));
            all.push(("base64 without padding", STANDARD_NO_PAD.encode(&text)));
            all.push(("base64 for urls", URL_SAFE.encode(&text)));
            all.push((
                "base64 for urls without padding",
                URL_SAFE_NO_PAD.encode(&text),
            ));
        }
    }
    all
}

fn html(value: &str, is_kept: impl Fn(char) -> bool, in_hex: bool) -> String {
    let written = value.chars().map(|c| match c {
        c if is_kept(c) => c.to_string(),
        '"' if !in_hex => "&quot;".to_owned(),
        '&' if !in_hex => "&amp;".to_owned(),
        c if in_hex => format!("&#x{:x};", u32::from(c)),
        c => format!("&#{};", u32::from(c)),
    });
    written.collect()
}

/// Broken where encoders break, but sooner.
fn lines(text: &str, line_end: &str) -> String {
    let characters: Vec<_> = text.chars().collect();
    let lines = characters
        .chunks(8)
        .map(|line| line.iter().collect::<String>());
    lines.collect::<Vec<_>>().join(line_end)
}

/// The bytes of a value in UTF-16, with either byte of each character first.
fn wide(value: &str) -> [Vec<u8>; 2] {
    let units = || value.encode_utf16();
    [
        units().flat_map(u16::to_le_bytes).collect(),
        units().flat_map(u16::to_be_bytes).collect(),
    ]
}

fn of_ascii(value: &str) -> Vec<(&'static str, String)> {
    let hex = |bytes: &[u8], between: &str| {
        let bytes = bytes.iter().map(|byte| format!("{byte:02x}"));
        bytes.collect::<Vec<_>>().join(between)
    };
    let mut all = vec![
        ("javascript", format!("\\x{}", hex(value.as_bytes(), "\\x"))),
        ("hex with colons", hex(value.as_bytes(), ":")),
    ];
    for bytes in wide(value) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        all.push(("utf-16 in json", unicode_escaped(&text, |c| c != '\0')));
        all.push(("utf-16 in percent", percent(&text, true, |_| false)));
        all.push(("utf-16", text));
        all.push(("utf-16 in hex", hex(&bytes, "")));
        for before in 0..3 {
            let text = [&b"xy"[..before], &bytes].concat();
            all.push(("base64 of utf-16", STANDARD.encode(text)));
        }
    }
    all
}

/// Whether somebody who knows the forms still finds the value, or most of it.
fn gives_away(text: &str, value: &str) -> bool {
    let mut forms = encodings(value);
    forms.retain(|(what, _)| !what.starts_with("base64"));
    if forms.iter().any(|(_, form)| text.contains(form.as_str())) {
        return true;
    }
    // Of base64, whatever decodes to three quarters of the value.
    let part = &value.as_bytes()[..value.len() * 3 / 4];
    let [wide, _] = wide(value);
    let wide = &wide[..wide.len() * 3 / 4];
    let text = text.replace("\\n", "").replace(['\r', '\n'], "");
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_".contains(c)));
    words
        .flat_map(|word| (0..4).filter_map(|skip| word.get(skip..)))
        .any(|word| {
            let word = word.replace('-', "+").replace('_', "/");
            let whole = word.len() - usize::from(word.len() % 4 == 1);
            let lenient = base64::engine::GeneralPurpose::new(
                &base64::alphabet::STANDARD,
                base64::engine::GeneralPurposeConfig::new()
                    .with_decode_allow_trailing_bits(true)
                    .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
            );
            let decoded = lenient.decode(&word[..whole]).unwrap_or_default();
            let holds = |part: &[u8]| decoded.windows(part.len()).any(|window| window == part);
            holds(part) || holds(wide)
        })
}

#[test]
fn every_form_is_masked_and_its_surroundings_are_kept() {
    for value in [
        "hunter22",
        "pass\"word\\with/all & sorts=1%",
        "äöü-€-🔑-schlüssel",
        "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQ\n-----END KEY-----\n",
    ] {
        let redactor = redactor(&[("TOKEN", value)]);
        for (what, form) in encodings(value) {
            let text = format!("before, {form}, after");
            let masked = redactor.mask(text.clone());
            assert!(!gives_away(&masked, value), "{what} of {value}: {masked}");
            assert!(
                masked.starts_with("before, ") && masked.ends_with(", after"),
                "{what}: {masked}"
            );
            let bytes = redactor.mask_bytes(text.into_bytes());
            assert_eq!(bytes, masked.as_bytes(), "{what}");
        }
    }
}

#[test]
fn the_test_itself_would_see_what_is_not_masked() {
    let value = "pass\"word\\with/all & sorts=1%";
    for (what, form) in encodings(value) {
        assert!(gives_away(&format!("a {form} b"), value), "{what}: {form}");
    }
}

#[test]
fn every_occurrence_is_masked_and_nothing_else() {
    let redactor = redactor(&[("TOKEN", "hunter22")]);
    assert_eq!(
        redactor.mask("a hunter22 b hunter22".to_owned()),
        "a [secret TOKEN] b [secret TOKEN]"
    );
    assert_eq!(
        redactor.mask_bytes(b"hunter22\0hunter2".to_vec()),
        b"[secret TOKEN]\0hunter2"
    );
    let plain = "hunter2 \\u0068unter %68unter";
    assert_eq!(redactor.mask(plain.to_owned()), plain);
}

#[test]
fn overlapping_secrets_leave_no_edges() {
    let all = redactor(&[
        ("A", "abcdefgh"),
        ("B", "xxabcdefghxx"),
        ("C", "efghijklmnop"),
    ]);
    assert_eq!(all.mask("xxabcdefghxx".to_owned()), "[secret B]");
    assert_eq!(all.mask("abcdefghijklmnop".to_owned()), "[secret C]");
    let run = redactor(&[("A", "aaaaaaaa")]);
    assert_eq!(run.mask("aaaaaaaaaaaa".to_owned()), "[secret A]");
}

#[test]
fn a_secret_across_the_end_of_what_is_shown_is_masked_as_a_whole() {
    let redactor = redactor(&[("TOKEN", "hunter22hunter33")]);
    for shown in 4..=20 {
        let masked = redactor.masked("abc hunter22hunter33 xyz", shown);
        let expected = if shown == 4 {
            "abc "
        } else {
            "abc [secret TOKEN]"
        };
        assert_eq!(masked, expected, "{shown}");
    }
    assert_eq!(redactor.masked("äöü", 3), "ä");
}

#[test]
fn of_base64_every_character_with_a_bit_of_the_secret_is_masked() {
    let value = "hunter22!";
    let redactor = redactor(&[("TOKEN", value)]);
    for (before, after) in (0..9).map(|case| (case / 3, case % 3)) {
        let text = [&"x".repeat(before), value, &"z".repeat(after)].concat();
        let encoded = STANDARD_NO_PAD.encode(text);
        // Six bits to a character: these have none of the secret.
        let front = &encoded[..before * 8 / 6];
        let back = &encoded[((before + value.len()) * 8).div_ceil(6)..];
        let expected = format!("{front}[secret TOKEN]{back}");
        assert_eq!(redactor.mask(encoded), expected, "{before} {after}");
    }
}

#[test]
fn each_line_of_a_secret_is_masked() {
    let key = "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQ\n-----END KEY-----\n";
    let redactor = redactor(&[("KEY", key)]);
    assert_eq!(
        redactor.mask("got MIIBVgIBADANBgkqhkiG9w0BAQ".to_owned()),
        "got [secret KEY]"
    );
}

#[test]
fn what_a_tool_may_read_is_hidden_from_others_only() {
    let redactor = Redactor::default();
    redactor.arm(&"OPEN".parse().unwrap(), "revealed-value", Sight::Revealed);
    redactor.arm(&"SHUT".parse().unwrap(), "hidden-value", Sight::Hidden);
    let text = b"revealed-value hidden-value".to_vec();
    assert_eq!(redactor.hide(text.clone()), b"revealed-value [secret SHUT]");
    assert_eq!(redactor.mask_bytes(text), b"[secret OPEN] [secret SHUT]");
}

#[test]
fn a_secret_that_was_not_used_or_is_empty_masks_nothing() {
    assert_eq!(Redactor::default().mask("hunter22".to_owned()), "hunter22");
    assert_eq!(redactor(&[("A", "")]).mask("text".to_owned()), "text");
}

#[test]
fn what_a_log_shows_as_a_space_is_masked_as_one() {
    let redactor = redactor(&[("TOKEN", "four words of it")]);
    let masked = redactor.mask("four\twords\nof+it".to_owned());
    assert_eq!(masked, "[secret TOKEN]");
}

#[test]
fn a_secret_is_found_at_the_very_end_and_a_part_of_it_is_not() {
    let redactor = redactor(&[("TOKEN", "hunter22"), ("OTHER", "22hunter")]);
    assert_eq!(redactor.mask("h hunter22".to_owned()), "h [secret TOKEN]");
    for part in ["h", "hunter2", "\\", "%", "&", "&#x;", "\\x", "\\u00"] {
        assert_eq!(redactor.mask(part.to_owned()), part);
    }
}

#[test]
fn backslashes_without_end_cost_no_time_without_end() {
    let value = format!("{}x", "\\%".repeat(500));
    let redactor = redactor(&[("A", &value)]);
    let text = "\\".repeat(1_000) + &"%25".repeat(1_000);
    assert_eq!(redactor.mask(text.clone()), text);
}

proptest! {
    #[test]
    fn no_form_survives_in_any_surroundings(
        value in r#"[ -~äß€🔑]{8,40}"#,
        before in "[ -~]{0,12}",
        between in "[ -~]{0,12}",
        form in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let forms = encodings(&value);
        let (what, first) = form.get(&forms);
        let (_, second) = other.get(&forms);
        let redactor = redactor(&[("TOKEN", &value)]);
        let text = format!("{before}{first}{between}{second}");
        let masked = redactor.mask(text.clone());
        prop_assert!(!masked.contains(first.as_str()), "{}: {}", what, masked);
        prop_assert!(!gives_away(&masked, &value), "{}: {}", what, masked);
        prop_assert_eq!(redactor.mask(masked.clone()), masked.clone(), "idempotent");
        // A mask stands for at least eight bytes, and is as long as its name makes it.
        prop_assert!(masked.len() <= text.len() / 8 * "[secret TOKEN]".len() + text.len());
        prop_assert_eq!(redactor.mask_bytes(text.into_bytes()), masked.into_bytes());
    }

    #[test]
    fn what_holds_no_secret_is_left_alone(text in "[a-z \\\\%+]{0,200}") {
        let redactor = redactor(&[("TOKEN", "0123456789")]);
        prop_assert_eq!(redactor.mask(text.clone()), text);
    }
}
