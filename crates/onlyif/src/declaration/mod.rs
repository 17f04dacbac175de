//! Declarations: what a user writes to get an API.

mod model;

pub use model::*;
