//! Numbers as DynamoDB writes them, and as the engine does.

use std::str::FromStr;

use bigdecimal::{BigDecimal, Zero};
use serde_json::Number;

/// The text of a number that DynamoDB is given. A document's numbers are canonical already; a
/// number that was made elsewhere is written as it stands, for DynamoDB to judge.
pub(crate) fn text(number: &Number) -> String {
    number.to_string()
}

/// The number that DynamoDB's text says, written canonically: it writes one value in several ways
/// (`100`, `1E+2`), and the engine in one. `None` for what is no number.
pub(crate) fn parse(text: &str) -> Option<Number> {
    let value = BigDecimal::from_str(text).ok()?;
    if value.is_zero() {
        return Some(Number::from(0));
    }
    // More than DynamoDB can hold did not come from it, and writing it out could fill the memory.
    let (_, scale) = value.normalized().into_bigint_and_exponent();
    if !(-126..=168).contains(&scale) {
        return None;
    }
    value.normalized().to_plain_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_number_becomes_one() {
        for (text, canonical) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.00", "0"),
            ("100", "100"),
            ("1E2", "100"),
            ("1E+2", "100"),
            ("1.50", "1.5"),
            ("-1.5e-3", "-0.0015"),
            (
                "12345678901234567890123456789012345678",
                "12345678901234567890123456789012345678",
            ),
        ] {
            let number = parse(text).expect(text);
            assert_eq!(number.to_string(), canonical);
        }
        let smallest = parse("1E-130").expect("the smallest");
        assert_eq!(smallest.to_string().len(), "0.".len() + 130);
    }

    #[test]
    fn what_the_table_cannot_have_held_is_no_number() {
        for text in ["", "x", "NaN", "1E+1000000000", "1E-1000000000", "1E-169"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
