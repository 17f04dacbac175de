//! `multipleOf`, exactly: the validator's own divides by integers in binary floating point, where
//! 1411224022499313.01 is a multiple of 3.

use std::str::FromStr;

use bigdecimal::{BigDecimal, Zero};
use jsonschema::paths::Location;
use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value};

use crate::document::number;

struct MultipleOf {
    divisor: BigDecimal,
    /// As declared.
    text: String,
}

/// Makes the keyword of a schema that has it.
pub(super) fn keyword<'a>(
    _: &'a Map<String, Value>,
    value: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    match exact(value).filter(|divisor| *divisor > BigDecimal::zero()) {
        Some(divisor) => Ok(Box::new(MultipleOf {
            divisor,
            text: value.to_string(),
        })),
        None => Err(ValidationError::schema(
            "must be a number more than 0, of at most 38 digits",
        )),
    }
}

/// The value of a number that can be held; others are refused wherever they come from.
fn exact(value: &Value) -> Option<BigDecimal> {
    let text = number::canonical(value.as_number()?.as_str())?;
    BigDecimal::from_str(&text).ok()
}

/// Whether every multiple of `number` is one of `divisor`.
pub(in crate::declaration) fn is_multiple(number: &Value, divisor: &Value) -> bool {
    match (exact(number), exact(divisor)) {
        (Some(number), Some(divisor)) if !divisor.is_zero() => (number % divisor).is_zero(),
        _ => false,
    }
}

impl<'i> Keyword<'i> for MultipleOf {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            Ok(())
        } else {
            let message = format!("must be a multiple of {}", self.text);
            Err(ValidationError::custom(message))
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        exact(instance).is_none_or(|number| (number % &self.divisor).is_zero())
    }
}
