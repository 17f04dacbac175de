//! The `onlyif` command.
fn main() {}
