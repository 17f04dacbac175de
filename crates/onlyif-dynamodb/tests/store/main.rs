//! The store against a real server: the embedded emulator, or the one that `STORE_URL` names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod answers;
mod conditions;
mod emulator;
mod evaluate;
mod faults;
mod histories;
mod lists;
mod reasons;
mod refusals;
mod round_trips;
mod samples;
mod server;
mod updates;
