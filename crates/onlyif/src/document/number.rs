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
