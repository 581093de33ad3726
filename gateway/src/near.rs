//! What somebody may have meant.

/// Names that are listed when none is near.
const MOST: usize = 20;

/// The candidate nearest to what was written, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let written = plain(written);
    let tolerance = (written.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&written, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A hint such as `Did you mean `x`?`, or the names there are.
pub(crate) fn hint(written: &str, candidates: &[&str], nothing: &str) -> String {
    match nearest(written, candidates.iter().copied()) {
        Some(name) => format!("Did you mean `{name}`?"),
        None if candidates.is_empty() => nothing.to_owned(),
        None => match candidates.split_at_checked(MOST) {
            Some((first, rest)) if !rest.is_empty() => {
                format!("There is: {} and {} more", first.join(", "), rest.len())
            }
            _ => format!("There is: {}", candidates.join(", ")),
        },
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', '.', ' '], "_")
}

/// Edits between two names. A name that holds the other (`weather` in `get_weather`) is near.
fn distance(written: &str, candidate: &str) -> usize {
    let edits = strsim::damerau_levenshtein(written, candidate);
    let holds = written.chars().count() >= 4 && candidate.contains(written);
    if holds { edits.min(1) } else { edits }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["get_weather", "set_alarm", "translate"];

    #[test]
    fn a_slip_finds_its_name() {
        for written in [
            "get_wether",
            "get-weather",
            "GET_WEATHER",
            "weather",
            "egt_weather",
        ] {
            assert_eq!(nearest(written, NAMES), Some("get_weather"), "{written}");
        }
    }

    #[test]
    fn something_else_finds_nothing() {
        assert_eq!(nearest("delete_user", NAMES), None);
        assert_eq!(nearest("a", NAMES), None);
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        assert_eq!(
            hint("x", &["a_tool", "b_tool"], "none"),
            "There is: a_tool, b_tool"
        );
        assert_eq!(hint("x", &[], "No tools found."), "No tools found.");
    }
}
