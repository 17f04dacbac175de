//! Bodies: bytes to documents, patches and inputs.

use lambda_http::Body;
use onlyif::document::patch::Patch;
use onlyif::document::pointer::Pointer;
use onlyif::document::{Document, MAX_DOCUMENT_BYTES, json, weight};
use onlyif::problem::{Code, Fault, Place, Problem};
use serde_json::Value;

use crate::exchange::Exchange;
use crate::media;

/// Bytes of a body. A document of 300 KB may be written with nothing but escapes, of six bytes each;
/// past this nobody reads on.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// Bytes of the body of a transaction. Lambda takes 6 MB, what API Gateway wraps it in included.
pub const MAX_TRANSACTION_BYTES: usize = 6 * 1024 * 1024;

/// What a body says.
#[derive(Clone, Debug, PartialEq)]
pub struct Content<T> {
    /// What it says.
    pub value: T,
    /// Values that cannot be held. They are told when the resource has been looked at.
    pub faults: Vec<Fault>,
}

/// The bytes of the body.
///
/// # Errors
/// `content-too-large`.
pub fn bytes<'a>(exchange: &Exchange<'a>) -> Result<&'a [u8], Problem> {
    bytes_within(exchange, MAX_BODY_BYTES)
}

/// The bytes of a body that may be so large.
///
/// # Errors
/// `content-too-large`.
pub(crate) fn bytes_within<'a>(exchange: &Exchange<'a>, most: usize) -> Result<&'a [u8], Problem> {
    let bytes = match exchange.request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes.as_slice(),
        _ => &[],
    };
    if bytes.len() > most {
        let megabytes = most / (1024 * 1024);
        let detail = format!("The body is larger than {megabytes} MB. A document may have 300 KB.");
        return Err(Problem::new(Code::ContentTooLarge, detail));
    }
    Ok(bytes)
}

/// The body as a document, reserved members included.
///
/// # Errors
/// `content-too-large`; the faults of a body that is not JSON.
pub fn document(bytes: &[u8]) -> Result<Content<Document>, Refused> {
    let parsed = json::parse(bytes).map_err(Refused::Malformed)?;
    let value = object(parsed.value)?;
    if weight(&value) > MAX_DOCUMENT_BYTES {
        let detail = "The document is larger than 300 KB: make it smaller, or split it.";
        return Err(Refused::Problem(Problem::new(
            Code::ContentTooLarge,
            detail,
        )));
    }
    Ok(Content {
        value,
        faults: parsed.faults,
    })
}

/// The body as a patch of this media type.
///
/// # Errors
/// The faults of a body that is not JSON, or no JSON Patch.
pub fn patch(bytes: &[u8], media_type: &str) -> Result<Content<Patch>, Refused> {
    let parsed = json::parse(bytes).map_err(Refused::Malformed)?;
    let value = match media_type {
        media::JSON_PATCH => Patch::parse_json(&parsed.value).map_err(Refused::Malformed)?,
        _ => Patch::Merge(object(parsed.value)?),
    };
    Ok(Content {
        value,
        faults: parsed.faults,
    })
}

/// The body as a transition's input; `None` where it is empty.
///
/// # Errors
/// The faults of a body that is not JSON.
pub fn input(bytes: &[u8]) -> Result<Content<Option<Value>>, Refused> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Content {
            value: None,
            faults: Vec::new(),
        });
    }
    let parsed = json::parse(bytes).map_err(Refused::Malformed)?;
    Ok(Content {
        value: Some(parsed.value),
        faults: parsed.faults,
    })
}

/// Why a body is not read.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// What is wrong with it; told together with what is wrong with the rest of the request.
    Malformed(Vec<Fault>),
    /// Something that comes before.
    Problem(Problem),
}

fn object(value: Value) -> Result<Document, Refused> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Refused::Malformed(vec![Fault {
            at: Place::Pointer(Pointer::root()),
            detail: "expected a JSON object".to_owned(),
            keyword: None,
        }])),
    }
}
