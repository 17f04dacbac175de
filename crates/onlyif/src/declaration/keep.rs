//! Reading how long things are kept.

use super::flaw::Flaws;
use super::keys::KEEP;
use super::model::{HISTORY_S, IDEMPOTENCY_S, TOMBSTONE_S};
use super::reading::{self, expected};
use super::yaml::Node;

/// The longest time that is kept: ten years.
const MAX_S: i64 = 3650 * 24 * 60 * 60;

/// How long things are kept, in seconds.
pub(super) struct Keep {
    pub(super) tombstone_s: i64,
    pub(super) history_s: i64,
    pub(super) idempotency_s: i64,
}

/// Reads `keep`.
pub(super) fn keep(node: Option<&Node>, flaws: &mut Flaws) -> Keep {
    let members = node.and_then(|node| reading::members(node, KEEP, "`keep`", flaws));
    let mut read = |name, default| {
        let node = members.as_ref().and_then(|members| members.get(name));
        node.and_then(|node| duration_s(node, flaws))
            .unwrap_or(default)
    };
    Keep {
        tombstone_s: read("tombstone", TOMBSTONE_S),
        history_s: read("history", HISTORY_S),
        idempotency_s: read("idempotency", IDEMPOTENCY_S),
    }
}

/// `30d`, `12h`, `15m` or `60s`, in seconds.
fn duration_s(node: &Node, flaws: &mut Flaws) -> Option<i64> {
    let seconds = node.text().and_then(seconds);
    if seconds.is_none() {
        flaws.say(
            node.at,
            expected(
                node,
                "a duration from 1s to 3650d: a whole number of `d`, `h`, `m` or `s`, like `30d`",
            ),
        );
    }
    seconds
}

/// The same of a text.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let digits = text.strip_suffix(['d', 'h', 'm', 's'])?;
    let unit = match text.chars().last()? {
        'd' => 24 * 60 * 60,
        'h' => 60 * 60,
        'm' => 60,
        _ => 1,
    };
    let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = digits.parse().ok().filter(|_| plain)?;
    number
        .checked_mul(unit)
        .filter(|seconds| (1..=MAX_S).contains(seconds))
}

/// A time in the largest unit that it is a whole number of.
pub(crate) fn in_words(seconds: i64) -> String {
    let units = [
        (86_400, "days", "a day"),
        (3_600, "hours", "an hour"),
        (60, "minutes", "a minute"),
    ];
    for (length, many, one) in units {
        if seconds == length {
            return one.to_owned();
        }
        if seconds > 0 && seconds % length == 0 {
            return format!("{} {many}", seconds / length);
        }
    }
    format!("{seconds} seconds")
}
