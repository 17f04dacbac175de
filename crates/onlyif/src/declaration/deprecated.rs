//! Reading `deprecated`: since when a type is on its way out, until when, and where that is told.

use super::Deprecation;
use super::flaw::Flaws;
use super::keys::DEPRECATED;
use super::reading::{self, expected};
use super::yaml::Node;
use crate::timestamp::Timestamp;

/// The longest address, in bytes: it is sent with every answer.
pub(super) const MAX_ADDRESS: usize = 1000;

/// Reads `deprecated`.
pub(super) fn deprecated(node: &Node, flaws: &mut Flaws) -> Option<Deprecation> {
    let members = reading::members(node, DEPRECATED, "`deprecated`", flaws)?;
    let since = members.get("since").and_then(|node| date(node, flaws));
    let sunset = members.get("sunset").and_then(|node| date(node, flaws));
    if let (Some(since), Some(sunset), Some(node)) = (since, sunset, members.get("sunset"))
        && sunset < since
    {
        let since = since.date();
        flaws.say(
            node.at,
            expected(node, &format!("a day that is not before `since`, {since}")),
        );
    }
    let see = members.get("see").and_then(|node| address(node, flaws));
    Some(Deprecation {
        since: since?,
        sunset,
        see,
    })
}

/// The first moment of a day, in UTC. A `Sunset` names no time before 1970.
fn date(node: &Node, flaws: &mut Flaws) -> Option<Timestamp> {
    let date = node
        .text()
        .filter(|text| text.len() == "2026-11-01".len())
        .and_then(|text| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .filter(|date| date.millis() >= 0);
    if date.is_none() {
        flaws.say(
            node.at,
            expected(node, "a day from 1970 on, like `2026-11-01`"),
        );
    }
    date
}

/// An address as it stands between the `<` and `>` of a `Link` (RFC 8288 §3): of the characters of
/// RFC 3986.
fn address(node: &Node, flaws: &mut Flaws) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    let address = node.text().filter(|text| {
        text.len() <= MAX_ADDRESS
            && text.chars().all(allowed)
            && text
                .strip_prefix("https://")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    });
    if address.is_none() {
        let what = format!(
            "an address of at most {MAX_ADDRESS} characters that begins with https://, where the way on is told"
        );
        flaws.say(node.at, expected(node, &what));
    }
    address.map(str::to_owned)
}
