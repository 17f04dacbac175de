//! Reading `lease`: that a resource can be leased, and for how long at most.

use super::flaw::Flaws;
use super::keys::LEASE;
use super::reading::{self, expected};
use super::yaml::Node;
use crate::lease;

/// The longest time of one lease: a day. A lease can be extended as often as need be.
const MAX_S: i64 = 24 * 60 * 60;

/// Reads `lease`: the longest time of one, in seconds.
pub(super) fn max_s(node: &Node, flaws: &mut Flaws) -> Option<i64> {
    let members = reading::members(node, LEASE, "`lease`", flaws)?;
    let node = members.get("max")?;
    let seconds = node.text().and_then(lease::seconds);
    let seconds = seconds.filter(|seconds| *seconds <= MAX_S);
    if seconds.is_none() {
        let what = "a time from 1s to 24h: a whole number of `h`, `m` or `s`, like `15m`";
        flaws.say(node.at, expected(node, what));
    }
    seconds
}
