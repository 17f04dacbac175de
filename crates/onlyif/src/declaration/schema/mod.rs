//! Schemas: reading one, compiling it, asking it what a pointer names, and what is wrong with a value.

mod compile;
mod faults;
pub(super) mod keywords;
mod look;
mod multiple;
mod read;
mod shape;
mod words;

pub(super) use compile::{known_member, member, standing};
pub(super) use keywords::NOTES;
pub(crate) use keywords::{Holds, holds};
pub(super) use multiple::is_multiple;
pub(super) use read::{Draft, check_document, read};
pub(super) use shape::{Miss, Part, Shape, Types, gather, target};
