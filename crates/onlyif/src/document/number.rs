//! Decimal numbers, exactly: all digits are kept, and each value has one text.
//!
//! What can be held is what DynamoDB holds: 38 significant digits, and magnitudes from 1E-130 to
//! 9.9999999999999999999999999999999999999E+125.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde_json::{Number, Value};

/// How many significant digits can be held.
pub const MAX_DIGITS: usize = 38;

/// The powers of ten that the first significant digit may stand for.
const POWERS: std::ops::RangeInclusive<i64> = -130..=125;

/// The powers of ten of the first digit for which a number is written without an exponent.
const PLAIN: std::ops::RangeInclusive<i64> = -6..=37;

/// Why a number cannot be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unholdable {
    /// The text is no number in the grammar of JSON.
    NoNumber,
    /// It has more than 38 significant digits.
    TooManyDigits,
    /// Its magnitude is too large.
    TooLarge,
    /// It is not zero, and its magnitude is too small.
    TooSmall,
}

impl fmt::Display for Unholdable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unholdable::NoNumber => "this is not a number",
            Unholdable::TooManyDigits => {
                "this number has more than 38 significant digits, and none is ever dropped; send it as a string, or with fewer digits"
            }
            Unholdable::TooLarge => {
                "this number is too large: at most 9.9999999999999999999999999999999999999e125 can be held"
            }
            Unholdable::TooSmall => {
                "this number is too close to zero: at least 1e-130 can be held, or 0"
            }
        })
    }
}

/// The one text of a number's value: `1.50` is `1.5`, `-0` is `0`, `1E2` is `100`. Very large and
/// very small ones are written with an exponent, `1e+125`, as the JSON reader leaves exponents.
///
/// # Errors
///
/// The value cannot be held.
pub fn read(text: &str) -> Result<String, Unholdable> {
    let decimal = Decimal::parse(text).ok_or(Unholdable::NoNumber)?;
    if decimal.digits.is_empty() {
        return Ok("0".to_owned());
    }
    if decimal.power() > *POWERS.end() {
        return Err(Unholdable::TooLarge);
    }
    if decimal.power() < *POWERS.start() {
        return Err(Unholdable::TooSmall);
    }
    if decimal.digits.len() > MAX_DIGITS {
        return Err(Unholdable::TooManyDigits);
    }
    Ok(decimal.text())
}

/// [`read`], where the reason does not matter.
pub fn canonical(text: &str) -> Option<String> {
    read(text).ok()
}

/// The number in its canonical text; `None` where it cannot be held.
pub fn canonical_number(number: &Number) -> Option<Number> {
    Number::from_str(&canonical(number.as_str())?).ok()
}

/// The value with every number in it in its canonical text; `None` where one cannot be held. For
/// values that did not come through [`json::parse`](super::json::parse), which does it while reading.
pub fn canonical_value(value: Value) -> Option<Value> {
    Some(match value {
        Value::Number(number) => Value::Number(canonical_number(&number)?),
        Value::Array(elements) => Value::Array(
            elements
                .into_iter()
                .map(canonical_value)
                .collect::<Option<_>>()?,
        ),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| Some((name, canonical_value(value)?)))
                .collect::<Option<_>>()?,
        ),
        other => other,
    })
}

/// How two numbers compare by value, in any text and of any size.
pub fn compare(a: &Number, b: &Number) -> Ordering {
    match (Decimal::parse(a.as_str()), Decimal::parse(b.as_str())) {
        (Some(a), Some(b)) => a.compare(&b),
        // Every JSON number parses; what does not is ordered by its text, so that this is an order.
        _ => a.as_str().cmp(b.as_str()),
    }
}

/// The exact sum; `None` where it (or a summand) cannot be held.
pub fn sum(a: &Number, b: &Number) -> Option<Number> {
    // Within the limits of what can be held, aligning the two takes no more than 300 digits.
    let a = BigDecimal::from_str(&canonical(a.as_str())?).ok()?;
    let b = BigDecimal::from_str(&canonical(b.as_str())?).ok()?;
    let sum = a + b;
    Number::from_str(&canonical(&sum.to_scientific_notation())?).ok()
}

/// The number with the other sign; `None` where it cannot be held.
pub fn negated(number: &Number) -> Option<Number> {
    let text = canonical(number.as_str())?;
    let negated = match text.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None if text == "0" => text,
        None => format!("-{text}"),
    };
    Number::from_str(&negated).ok()
}

/// Sign, significant digits without zeros at either end, and the power of ten of the last one.
/// Zero has no digits.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads the grammar of RFC 8259 §6.
    fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction),
            None => (mantissa, ""),
        };
        let plain = whole == "0" || (!whole.is_empty() && !whole.starts_with('0'));
        let numeric = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !plain || !numeric(whole) || !numeric(fraction) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Decimal {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let shift = i64::try_from(all.len() - digits.len()).ok()?;
        let scale = i64::try_from(fraction.len()).ok()?;
        Some(Decimal {
            negative,
            digits: digits.trim_start_matches('0').to_owned(),
            exponent: exponent.saturating_add(shift).saturating_sub(scale),
        })
    }

    /// The power of ten of the first digit.
    fn power(&self) -> i64 {
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        self.exponent.saturating_add(length - 1)
    }

    /// The text of a decimal that is not zero and can be held.
    fn text(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let power = self.power();
        if !PLAIN.contains(&power) {
            let (first, rest) = self.digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            return format!("{sign}{first}{point}{rest}e{power:+}");
        }
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        if self.exponent >= 0 {
            format!("{sign}{}{}", self.digits, zeros(self.exponent))
        } else if power >= 0 {
            let (whole, fraction) = self
                .digits
                .split_at(usize::try_from(power + 1).unwrap_or(0));
            format!("{sign}{whole}.{fraction}")
        } else {
            format!("{sign}0.{}{}", zeros(-power - 1), self.digits)
        }
    }

    fn compare(&self, other: &Decimal) -> Ordering {
        match (self.sign(), other.sign()) {
            (a, b) if a != b => a.cmp(&b),
            (0, _) => Ordering::Equal,
            (1, _) => self.compare_magnitude(other),
            _ => other.compare_magnitude(self),
        }
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => -1,
        }
    }

    /// Neither is zero. Without zeros at the end, digits that begin at the same power of ten
    /// compare as texts do.
    fn compare_magnitude(&self, other: &Decimal) -> Ordering {
        self.power()
            .cmp(&other.power())
            .then_with(|| self.digits.cmp(&other.digits))
    }
}

/// An exponent of any length; one past what 64 bits hold is held at their end, far outside of what
/// any number here can have.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // A quarter of the range: what is added to it later, the lengths of texts, cannot overflow.
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX).min(i64::MAX / 4);
    Some(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::from_str(text).unwrap()
    }

    #[test]
    fn each_value_has_one_text() {
        let nines = "9".repeat(38);
        for (texts, canonical) in [
            (
                &["0", "-0", "0.0", "0e5", "-0.000e-999999999999999999999"][..],
                "0",
            ),
            (&["1.5", "1.50", "15e-1", "0.15E1", "1500E-0003"], "1.5"),
            (&["100", "1E2", "1e+2", "100.000", "0.001e5"], "100"),
            (&["-0.000001", "-1e-6"], "-0.000001"),
            (&["1e-7", "0.0000001", "10e-8"], "1e-7"),
            (&["-1.25e-7", "-0.000000125"], "-1.25e-7"),
            (&["1e37"], "10000000000000000000000000000000000000"),
            (&["1e38", "10e37"], "1e+38"),
            (&["-1.5e125", "-15e124"], "-1.5e+125"),
            (&["1e-130", "0.001e-127"], "1e-130"),
            (&[nines.as_str()], nines.as_str()),
        ] {
            for text in texts {
                assert_eq!(canonical_of(text), canonical, "{text}");
            }
            // The parser of others leaves it as it is.
            assert_eq!(number(canonical).as_str(), canonical);
        }
    }

    fn canonical_of(text: &str) -> String {
        canonical(text).unwrap()
    }

    #[test]
    fn what_the_table_cannot_hold_is_refused_on_its_own_side_of_each_limit() {
        let nines = "9".repeat(38);
        for (text, outcome) in [
            (format!("{nines}0"), Ok(())),
            (format!("{nines}9"), Err(Unholdable::TooManyDigits)),
            (format!("0.{nines}"), Ok(())),
            (format!("0.{nines}1"), Err(Unholdable::TooManyDigits)),
            (format!("1{}", "0".repeat(125)), Ok(())),
            (format!("1{}", "0".repeat(126)), Err(Unholdable::TooLarge)),
            (format!("0.{nines}e126"), Ok(())),
            (format!("-{nines}e88"), Ok(())),
            (format!("-{nines}e89"), Err(Unholdable::TooLarge)),
            ("1e126".to_owned(), Err(Unholdable::TooLarge)),
            ("1e-130".to_owned(), Ok(())),
            ("9.9e-131".to_owned(), Err(Unholdable::TooSmall)),
            (format!("{nines}e-168"), Err(Unholdable::TooSmall)),
            (format!("{nines}e-167"), Ok(())),
            ("1e999999999999999999".to_owned(), Err(Unholdable::TooLarge)),
            (
                "1e-99999999999999999999".to_owned(),
                Err(Unholdable::TooSmall),
            ),
        ] {
            assert_eq!(read(&text).map(drop), outcome, "{text}");
        }
    }

    #[test]
    fn only_numbers_of_json_are_numbers() {
        for text in [
            "", "-", "+1", "01", "-01", ".5", "1.", "1.e5", "1e", "1e+", "1e1.5", "0x1", "1_0",
            " 1", "1 ", "--1", "NaN", "Infinity", "1e1e1", "1.2.3", "٣", "1e-+2",
        ] {
            assert_eq!(read(text), Err(Unholdable::NoNumber), "{text}");
        }
    }

    #[test]
    fn numbers_compare_by_value() {
        let ascending = [
            "-1e999",
            "-1e126",
            "-2",
            "-1.5",
            "-1",
            "-1e-131",
            "0",
            "1e-999",
            "1e-130",
            "0.09",
            "0.1",
            "1",
            "1.05",
            "1.5",
            "9",
            "10",
            "100.5",
            "1e126",
            "1.1e126",
            "1e999999999999999999999",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(compare(&number(a), &number(b)), i.cmp(&j), "{a} and {b}");
            }
        }
        for (a, b) in [("1.50", "15e-1"), ("-0", "0.0"), ("1e400", "10e399")] {
            assert_eq!(compare(&number(a), &number(b)), Ordering::Equal);
        }
    }

    #[test]
    fn sums_are_exact_or_not_at_all() {
        let nines = "9".repeat(38);
        for (a, b, expected) in [
            ("0.1", "0.2", Some("0.3")),
            ("1", "-1.0", Some("0")),
            ("9007199254740993", "1", Some("9007199254740994")),
            (nines.as_str(), "1", Some("1e+38")),
            (nines.as_str(), "2", None),
            ("1e125", "9e125", None),
            ("-1e125", "-8e125", Some("-9e+125")),
            ("1e125", "1e-130", None),
            ("1e37", "1", Some("10000000000000000000000000000000000001")),
            ("1.5e-130", "-1e-130", None),
            ("1e400", "1", None),
        ] {
            let sums = [sum(&number(a), &number(b)), sum(&number(b), &number(a))];
            for sum in sums {
                assert_eq!(sum, expected.map(number), "{a} + {b}");
            }
        }
    }

    #[test]
    fn a_sign_can_be_turned() {
        for (text, negated_text) in [("0", "0"), ("1.50", "-1.5"), ("-1e125", "1e+125")] {
            assert_eq!(negated(&number(text)), Some(number(negated_text)));
        }
        assert_eq!(negated(&number("1e126")), None);
    }

    #[test]
    fn every_number_in_a_value_gets_its_text() {
        let loose: Value = serde_json::from_str(r#"{"a":[1.0,{"b":-0}],"c":"1.0"}"#).unwrap();
        let exact: Value = serde_json::from_str(r#"{"a":[1,{"b":0}],"c":"1.0"}"#).unwrap();
        assert_eq!(canonical_value(loose), Some(exact));
        let large: Value = serde_json::from_str(r#"{"a":[1e999]}"#).unwrap();
        assert_eq!(canonical_value(large), None);
    }
}
