//! Plain scalars by YAML 1.2's core schema (§10.3.2), numbers with all their digits.

use serde_json::Number;

use super::yaml::Kind;

/// What a plain scalar means; `Err` says why it means nothing that JSON has.
pub(super) fn plain(text: &str) -> Result<Kind, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Kind::Null),
        "true" | "True" | "TRUE" => return Ok(Kind::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Kind::Bool(false)),
        _ => {}
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let endless = text.len() - unsigned.len() <= 1 && matches!(unsigned, ".inf" | ".Inf" | ".INF");
    if endless || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!(
            "found `{text}`, expected a value that JSON has; quote it where a text is meant"
        ));
    }
    let spelled = match radix(text) {
        Some(spelled) => Some(spelled),
        None => decimal(text),
    };
    match spelled {
        None => Ok(Kind::Text(text.to_owned())),
        Some(spelled) => spelled
            .parse::<Number>()
            .map(Kind::Number)
            .map_err(|_| format!("found `{text}`, expected a number that JSON can write")),
    }
}

/// `0o17` and `0x1F`, spelled in decimal. What is too long for 128 bits stays a text.
fn radix(text: &str) -> Option<String> {
    let (digits, radix) = text
        .strip_prefix("0o")
        .map(|digits| (digits, 8))
        .or_else(|| text.strip_prefix("0x").map(|digits| (digits, 16)))?;
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    if !plain {
        return None;
    }
    u128::from_str_radix(digits, radix)
        .ok()
        .map(|number| number.to_string())
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?` as JSON spells it: without
/// a plus, without leading zeros, with a digit on both sides of the point.
fn decimal(text: &str) -> Option<String> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let some_digit = !whole.is_empty() || fraction.is_some_and(|part| !part.is_empty());
    let power = exponent.map(|exponent| exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    let numeric = some_digit
        && digits(whole)
        && fraction.is_none_or(digits)
        && power.is_none_or(|power| !power.is_empty() && digits(power));
    if !numeric {
        return None;
    }
    let mut spelled = sign.to_owned();
    match whole.trim_start_matches('0') {
        "" => spelled.push('0'),
        significant => spelled.push_str(significant),
    }
    if let Some(fraction) = fraction.filter(|fraction| !fraction.is_empty()) {
        spelled.push('.');
        spelled.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        spelled.push('e');
        spelled.push_str(exponent);
    }
    Some(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the scalar means, as JSON.
    fn meaning(text: &str) -> String {
        match plain(text) {
            Ok(Kind::Null) => "null".to_owned(),
            Ok(Kind::Bool(value)) => value.to_string(),
            Ok(Kind::Number(number)) => number.to_string(),
            Ok(Kind::Text(text)) => format!("{text:?}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn only_the_core_schema_words_are_not_text() {
        for text in [
            "n", "no", "No", "NO", "y", "yes", "on", "Off", "nil", "tRUE", "nULL",
        ] {
            assert_eq!(meaning(text), format!("{text:?}"));
        }
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("NULL", "null"),
            ("True", "true"),
            ("FALSE", "false"),
        ] {
            assert_eq!(meaning(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_keep_every_digit_and_are_spelled_as_json() {
        for (text, expected) in [
            ("0", "0"),
            ("010", "10"),
            ("-010", "-10"),
            ("+7", "7"),
            ("1.10", "1.10"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("1.", "1"),
            ("00.50", "0.50"),
            ("1e3", "1e+3"),
            ("1.E-3", "1e-3"),
            ("0x1F", "31"),
            ("0o17", "15"),
            (
                "123456789012345678901234567890.123456789",
                "123456789012345678901234567890.123456789",
            ),
        ] {
            assert_eq!(meaning(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for text in [
            ".",
            "-",
            "+",
            "1e",
            "1e+",
            "e3",
            "1_000",
            "0b1",
            "0x",
            "0xG",
            "0o8",
            "1.2.3",
            "12:30",
            "2026-11-23",
            "--1",
            "+-1",
            "1e3.5",
            "++.inf",
            ".infinity",
        ] {
            assert_eq!(meaning(text), format!("{text:?}"));
        }
    }

    #[test]
    fn numbers_that_json_does_not_have_are_refused() {
        for text in [".inf", "-.inf", "+.INF", ".nan", ".NaN"] {
            assert!(plain(text).is_err(), "{text}");
        }
    }
}
