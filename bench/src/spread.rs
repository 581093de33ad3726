//! What is said of a number that was measured several times: its median, and how far it strayed.

use serde::Serialize;

/// A median with the least and the most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of at least one number.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) && middle > 0 {
            f64::midpoint(at(middle - 1), at(middle))
        } else {
            at(middle)
        };
        Self {
            median,
            least: at(0),
            most: at(sorted.len().saturating_sub(1)),
        }
    }

    /// Of numbers of the same rounds, one divided by the other: what disturbed a round disturbed
    /// both.
    pub(crate) fn of_ratios(above: &[f64], below: &[f64]) -> Self {
        Self::of(above.iter().zip(below).map(|(above, below)| above / below))
    }

    /// With as many digits as mean something.
    pub(crate) fn words(self) -> String {
        let Self {
            median,
            least,
            most,
        } = self;
        format!("{} ({}–{})", digits(median), digits(least), digits(most))
    }
}

/// A number with three digits.
pub(crate) fn digits(number: f64) -> String {
    match number.abs() {
        n if n.is_nan() => "–".to_owned(),
        n if n < 10.0 => format!("{number:.2}"),
        n if n < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn the_median_stands_between_the_least_and_the_most() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]).words(), "2.00 (1.00–3.00)");
        assert_eq!(
            Spread::of([100.0, 1.0, 2.0, 3.0]).words(),
            "2.50 (1.00–100)"
        );
    }

    #[test]
    fn ratios_are_of_one_round_each() {
        let twice = Spread::of_ratios(&[2.0, 20.0], &[1.0, 10.0]);
        assert_eq!(twice.words(), "2.00 (2.00–2.00)");
    }
}
