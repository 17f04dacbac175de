//! The edge: an HTTP request becomes a command, what is decided becomes a response.

pub mod catalogue;
