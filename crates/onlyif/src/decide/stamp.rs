//! Stamps: a write applies once, and its author is told so.
//!
//! Every write leaves its stamp in the item, where the last eight stay. A blind update requires
//! that its own is not among them, and that the oldest of them is older than itself: what arrives
//! twice, or late, applies once.

use serde_json::Value;

use crate::command::Command;
use crate::item::{Attribute, Operand, Stamps};
use crate::plan::{Assignment, Comparator, Condition};
use crate::timestamp::Timestamp;
use crate::view::View;

/// Digits of the milliseconds in a stamp: enough for the year 9999, so that texts sort as times do.
const TIME_DIGITS: usize = 15;

/// The stamp of this command's next write over an item with these stamps: behind a time that is
/// never older than any of them, nor than the view: many others may have been on their way when
/// this one was refused for being late, and it would be late again behind them. Once the outcome of
/// a write is in doubt the command keeps that write's stamp: whichever of its writes arrives first
/// then refuses the others.
pub(super) fn next(command: &Command, view: &View, seen: Option<&Stamps>) -> String {
    if let Some(stamp) = view.uncertain(&command.key()) {
        return stamp.to_owned();
    }
    let newest = seen.and_then(newest).map(|at| at.plus_millis(1));
    let at = [newest, view.at()]
        .into_iter()
        .flatten()
        .fold(command.at, Timestamp::max);
    write(at, &command.request_id)
}

fn write(at: Timestamp, request_id: &str) -> String {
    format!("{}-{request_id}", floor(at))
}

/// A text before which all stamps of earlier times sort, and no other.
pub(super) fn floor(at: Timestamp) -> String {
    format!("{:0TIME_DIGITS$}", at.millis().max(0))
}

fn newest(stamps: &Stamps) -> Option<Timestamp> {
    let newest = stamps.0.iter().max()?;
    newest
        .get(..TIME_DIGITS)?
        .parse()
        .ok()
        .map(Timestamp::from_millis)
}

/// The place of this command's own stamp, 0 for the newest; `None` where it is not there.
pub(super) fn place(command: &Command, stamps: &Stamps) -> Option<usize> {
    stamps.0.iter().position(|stamp| {
        stamp
            .split_once('-')
            .is_some_and(|(_, request_id)| request_id == command.request_id)
    })
}

/// Whether all eight are younger than this one: had it been here, it would be forgotten by now.
pub(super) fn all_younger(stamps: &Stamps, stamp: &str) -> bool {
    stamps.0.iter().all(|other| other.as_str() > stamp)
}

/// These stamps after one more write.
pub(super) fn shifted(stamps: &Stamps, stamp: &str) -> Stamps {
    let mut shifted = stamps.clone();
    shifted.0.rotate_right(1);
    shifted.0[0] = stamp.to_owned();
    shifted
}

/// The same within an update, whatever the item holds.
pub(super) fn shift(stamp: &str) -> Vec<Assignment> {
    let mut assignments: Vec<Assignment> = (1..8)
        .rev()
        .map(|place| {
            Assignment::Set(
                Attribute::Stamp(place),
                Operand::Attribute(Attribute::Stamp(place - 1)),
            )
        })
        .collect();
    let own = Operand::Value(Value::from(stamp));
    assignments.push(Assignment::Set(Attribute::Stamp(0), own));
    assignments
}

/// What a blind update requires of the stamps.
pub(super) fn condition(stamp: &str) -> Vec<Condition> {
    let own = || Operand::Value(Value::from(stamp));
    let mut conditions: Vec<Condition> = (0..8)
        .map(|place| {
            let is_own = Condition::Compare(Attribute::Stamp(place), Comparator::Equal, own());
            Condition::Not(Box::new(is_own))
        })
        .collect();
    conditions.push(Condition::Compare(
        Attribute::Stamp(7),
        Comparator::Less,
        own(),
    ));
    conditions
}
