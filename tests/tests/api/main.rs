//! The API as its clients meet it: over HTTP, status, headers and body pinned.
//!
//! Every test starts its own server and store, in this process and on a free port, so that no two
//! share anything. With `ONLYIF_TEST_STORE=URL` the servers use that DynamoDB endpoint instead,
//! each with a table of its own. With `ONLYIF_TEST_API=URL` there are none: that API is called, each
//! test in a tenant of its own. With `ONLYIF_TEST_FUNCTIONS=DIR` the golden events go to the binaries
//! that were built there.
//!
//! # Layout
//!
//! - [`harness`]: the server, the actors that call it, their replies, and the stores behind it
//! - one module per route: [`create`], [`list`], [`read`], [`put`], [`patch`], [`transition`],
//!   [`legal_transitions`], [`delete`], [`history`], [`describe`]
//! - what spans routes: [`preconditions`], [`stale`], [`merge`], [`callers`], [`bad_input`], [`limits`],
//!   [`deprecated`], [`documented`], [`owners`], [`shards`], [`tenants`],
//!   [`upgrading`]
//! - stories of the examples in `resources/`: [`bookings`], [`branches`], [`features`],
//!   [`jobs`], [`prompts`], [`replies`], [`sales`], and the others' in [`scenarios`]
//! - [`events`]: the golden events, as Lambda hands them to the functions
//! - what only many requests show: [`races`], [`requests_per_call`], [`costs`], [`lost_replies`], [`outages`]

// Code outside of `#[test]` functions is test code here too: it fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

mod codes;
mod create;
mod delete;
mod describe;
mod documentation;
mod events;
mod history;
mod lease;
mod legal_transitions;
mod list;
mod patch;
mod put;
mod read;
mod transact;
mod transition;

mod bad_input;
mod callers;
mod costs;
mod deprecated;
mod documented;
mod idempotency;
mod limits;
mod merge;
mod owners;
mod preconditions;
mod shards;
mod stale;
mod tenants;
mod upgrading;

mod bookings;
mod branches;
mod features;
mod files;
mod jobs;
mod prompts;
mod replies;
mod sales;
mod scenarios;

mod lost_replies;
mod outages;
mod races;
mod requests_per_call;
