//! The store against a real server: the embedded emulator, or the one that `STORE_URL` names.

mod conditions;
mod emulator;
mod evaluate;
mod faults;
mod lists;
mod refusals;
mod round_trips;
mod samples;
mod updates;
