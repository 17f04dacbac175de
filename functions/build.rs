//! How each function is linked: to lie at one place in memory, as Go's programs do. To lie anywhere, a
//! program of this size has 33,000 pointers (to functions, to texts) put right, page by page, before
//! `main` runs: a fifteenth of a function's init, and a tenth of its memory.
//!
//! What that gives up: whoever finds a way to write to a function's memory knows where its own code
//! is. The stack, the heap and the system's libraries lie elsewhere each time, as they do otherwise;
//! and there is no `unsafe` in this workspace, though there is in what it depends on.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    let target = |name| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // What Lambda runs. Elsewhere functions are built for their tests, and a linker may know no such way.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
