//! Numbers compared by what they say, however large and however they are written.

/// A number as its digits: `0.d₁d₂… × 10^exponent`, without zeros at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a number as JSON writes it. One with an exponent beyond all measure is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let leading = all.len() - digits.len();
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self {
                is_negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        Some(Self {
            is_negative: mantissa.starts_with('-'),
            digits: digits.to_owned(),
            exponent: exponent.checked_add(point)?,
        })
    }
}

/// The same for the same number.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.is_negative { "-" } else { "" };
        write!(f, "{sign}.{}e{}", self.digits, self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(one: &str, other: &str) -> bool {
        Decimal::parse(one).unwrap() == Decimal::parse(other).unwrap()
    }

    #[test]
    fn one_number_is_written_in_many_ways() {
        for other in ["42.0", "4.2e1", "420E-1", "042", "0.042e+3"] {
            assert!(same("42", other), "{other}");
        }
        assert!(same("0", "-0.00e7"));
        assert!(!same("42", "-42") && !same("42", "4.2") && !same("1", "10"));
    }

    #[test]
    fn large_numbers_that_floating_point_confuses_are_told_apart() {
        assert!(!same("9007199254740993", "9007199254740992"));
        assert!(!same(
            "123456789012345678901234567890",
            "123456789012345678901234567891"
        ));
        assert!(same(
            "123456789012345678901234567890",
            "12345678901234567890123456789e1"
        ));
        assert!(!same("0.1", "0.1000000000000000055511151231257827"));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "0x2a",
            "inf",
            "NaN",
            "1e",
            "1e99999999999999999999",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[-+0-9.eE]{0,40}") {
            let _ = Decimal::parse(&text);
        }

        #[test]
        fn integers_are_equal_as_integers_are(one in any::<i128>(), other in any::<i128>()) {
            let fraction = format!("{one}.0");
            prop_assert!(same(&one.to_string(), &fraction));
            prop_assert_eq!(same(&one.to_string(), &other.to_string()), one == other);
        }
    }
}
