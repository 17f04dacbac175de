//! Documents: the JSON that a client owns, and everything that is done to it.

pub mod patch;
pub mod pointer;

/// A JSON object, numbers kept as the decimal text of [`number`], members in the order given.
pub type Document = serde_json::Map<String, serde_json::Value>;
