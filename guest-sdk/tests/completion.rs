//! Completion: where suggestions come from.

use casemate_guest_sdk::{completion::Completes, prelude::*};

/// How one travels.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum By {
    Train,
    NightTrain,
    Foot,
}

fn countries(_: &str) -> [&'static str; 3] {
    ["Norway", "Netherlands", "Nepal"]
}

fn cities(typed: &str, country: Option<&str>, cx: &Cx) -> Result<Vec<String>, ToolError> {
    match country {
        Some("Norway") => Ok(vec!["Oslo".to_owned(), "Odda".to_owned()]),
        Some("Nowhere") => Err(ToolError::user("There is no such country.")),
        Some(other) => Ok(vec![format!("{typed} in {other}")]),
        None => Ok(vec![cx.config("HOME").unwrap_or_default()]),
    }
}

/// Finds by what is inside, not by how it begins.
fn stations(typed: &str) -> Suggestions {
    Suggestions::new(
        ["Hauptbahnhof", "Südkreuz"]
            .into_iter()
            .filter(|name| name.contains(typed)),
    )
}

/// Plans a trip.
#[prompt]
fn trip(
    #[arg(complete = countries)] country: String,
    #[arg(complete = cities(country, cx))] city: Option<String>,
    #[arg(complete = ["slow", "fast", "fastest"])] pace: Option<String>,
    by: Option<By>,
    cx: &Cx,
) -> String {
    format!("{country} {city:?} {pace:?} {by:?} {}", cx.call_id())
}

/// Plans how to get to a train.
#[prompt]
fn walk(
    #[arg(complete = stations)] station: String,
    direct: Option<bool>,
    note: Option<String>,
) -> String {
    format!("{station} {direct:?} {note:?}")
}

/// A timetable.
#[resource("times://{country}/{city}")]
fn times(
    #[arg(complete = countries)] country: String,
    #[arg(complete = cities(country, cx))] city: String,
    cx: &Cx,
) -> String {
    format!("{country} {city} {}", cx.call_id())
}

fn suggested<C: Completes>(argument: &str, typed: &str, filled: &[(&str, &str)]) -> Vec<String> {
    let cx = Cx::test().config("HOME", "Home");
    let suggestions =
        testing::complete::<C>(argument, typed, filled, &cx).expect("it does not fail");
    suggestions.values().to_vec()
}

#[test]
fn a_list_and_a_function_give_everything_and_what_fits_is_kept() {
    assert_eq!(
        suggested::<trip>("pace", "", &[]),
        ["slow", "fast", "fastest"]
    );
    assert_eq!(suggested::<trip>("pace", "FAST", &[]), ["fast", "fastest"]);
    assert_eq!(
        suggested::<trip>("country", "ne", &[]),
        ["Netherlands", "Nepal"]
    );
    assert_eq!(suggested::<times>("country", "nor", &[]), ["Norway"]);
}

#[test]
fn a_function_gets_what_is_filled_in_and_the_context() {
    assert_eq!(suggested::<trip>("city", "", &[]), ["Home"]);
    let norway = [("country", "Norway")];
    assert_eq!(suggested::<trip>("city", "od", &norway), ["Odda"]);
    assert_eq!(suggested::<times>("city", "o", &norway), ["Oslo", "Odda"]);
    assert_eq!(
        suggested::<trip>("city", "X", &[("country", "Chile")]),
        ["X in Chile"]
    );
}

#[test]
fn a_function_may_fail() {
    let filled = [("country", "Nowhere")];
    let error = testing::complete::<trip>("city", "", &filled, &Cx::test()).unwrap_err();
    assert_eq!(error.message(), "There is no such country.");
}

#[test]
fn suggestions_are_not_filtered() {
    assert_eq!(suggested::<walk>("station", "bahn", &[]), ["Hauptbahnhof"]);
}

#[test]
fn enums_and_flags_complete_by_themselves() {
    assert_eq!(
        suggested::<trip>("by", "", &[]),
        ["train", "night-train", "foot"]
    );
    assert_eq!(suggested::<trip>("by", "n", &[]), ["night-train"]);
    assert_eq!(suggested::<walk>("direct", "", &[]), ["true", "false"]);
    assert!(matches!(
        By::deserialize(json!("night-train")),
        Ok(By::NightTrain)
    ));
}

#[test]
fn what_nobody_completes_has_no_suggestions() {
    assert!(suggested::<walk>("note", "", &[]).is_empty());
    assert!(suggested::<trip>("unknown", "", &[]).is_empty());
}

casemate_guest_sdk::export!(prompt trip, prompt walk, resource times);
