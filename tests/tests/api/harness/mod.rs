//! What every test uses: a server of its own, actors that call it, and what they are answered.

mod actor;
mod api;
mod bootstraps;
mod deployed;
mod proxy;
mod reply;
mod requests;
mod store;

pub(crate) use actor::{Actor, Call, Content};
pub(crate) use api::{Api, EXAMPLES};
pub(crate) use bootstraps::Bootstraps;
pub(crate) use proxy::{Fault, Proxy, Units};
pub(crate) use reply::Reply;
pub(crate) use store::{Backend, rivals, table};
