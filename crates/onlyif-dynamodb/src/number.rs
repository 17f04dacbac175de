//! Numbers as DynamoDB writes them, and as the engine does.

use onlyif::document::number::canonical;
use serde_json::Number;

/// The text of a number that DynamoDB is given. A document's numbers are canonical already; one
/// that was made elsewhere is written as it stands, for DynamoDB to judge.
pub(crate) fn text(number: &Number) -> String {
    number.to_string()
}

/// The number that DynamoDB's text says. It spells a value in its own way (`1E+2`), and the engine
/// in one of its own (`100`). `None` for what is no number that a table can hold.
pub(crate) fn parse(text: &str) -> Option<Number> {
    canonical(text)?.parse().ok()
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
    }

    #[test]
    fn what_the_table_cannot_have_held_is_no_number() {
        for text in [
            "",
            "x",
            "NaN",
            "1E+1000000000",
            "1E-1000000000",
            "1E-131",
            "1E+126",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
