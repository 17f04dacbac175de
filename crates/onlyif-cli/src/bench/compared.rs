//! What a request takes, beside something else: medians, their ratio, and what that is to be.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Value, json};

use super::distance::DISTANCE;
use super::pair::{Pair, What};

/// How long two things take: medians over all rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// What is compared.
    pub what: What,
    /// What this project does, in µs.
    pub ours_us: f64,
    /// What that is measured by, in µs.
    pub other_us: f64,
}

/// What a ratio is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// This, or less.
    AtMost(f64),
    /// This, or more.
    AtLeast(f64),
    /// Anything: it is told for what it says.
    None,
}

impl What {
    /// What is compared, for a person.
    pub(super) fn told(self) -> (Cow<'static, str>, Cow<'static, str>) {
        match self {
            What::Create => {
                let away = format!("{} ms away", DISTANCE.as_millis());
                let ours = format!("create, store {away}");
                (ours.into(), format!("PutItem, {away}").into())
            }
            What::CreateNear => ("create".into(), "PutItem".into()),
            What::Duplicate => ("create, refused".into(), "create".into()),
            What::Transition => ("transition, refused".into(), "transition".into()),
            What::Update => ("update, refused".into(), "update".into()),
            What::Delete => ("delete, refused".into(), "delete".into()),
            What::Throughput => (
                "creates a second, local server".into(),
                "conditional PutItems a second".into(),
            ),
        }
    }

    /// What its ratio is to be.
    fn goal(self) -> Goal {
        match self {
            What::Create => Goal::AtMost(1.10),
            What::CreateNear => Goal::None,
            What::Duplicate | What::Transition | What::Update | What::Delete => Goal::AtMost(1.05),
            What::Throughput => Goal::AtLeast(0.8),
        }
    }
}

impl Goal {
    fn met_by(self, ratio: f64) -> bool {
        match self {
            Goal::AtMost(most) => ratio <= most,
            Goal::AtLeast(least) => ratio >= least,
            Goal::None => true,
        }
    }

    fn text(self) -> String {
        match self {
            Goal::AtMost(most) => format!("at most {most:.2}"),
            Goal::AtLeast(least) => format!("at least {least:.2}"),
            Goal::None => String::new(),
        }
    }

    fn json(self) -> Value {
        match self {
            Goal::AtMost(most) => json!({ "atMost": most }),
            Goal::AtLeast(least) => json!({ "atLeast": least }),
            Goal::None => Value::Null,
        }
    }
}

impl Compared {
    /// The medians of each that is compared.
    pub fn of(pairs: &[Pair]) -> Vec<Self> {
        let us = |duration: Duration| duration.as_secs_f64() * 1e6;
        let all = What::ALL.into_iter().map(|what| {
            let of_it = || pairs.iter().filter(|pair| pair.what == what);
            Compared {
                what,
                ours_us: median(of_it().map(|pair| us(pair.ours)).collect()),
                other_us: median(of_it().map(|pair| us(pair.other)).collect()),
            }
        });
        all.collect()
    }

    /// Both as they are told, and the first to the second.
    fn figures(self) -> (f64, f64, f64) {
        let (ours, other) = match self.what {
            What::Throughput => (1e6 / self.ours_us, 1e6 / self.other_us),
            _ => (self.ours_us / 1e3, self.other_us / 1e3),
        };
        (ours, other, ours / other)
    }

    /// Whether its goal is met.
    pub(super) fn met(self) -> bool {
        self.what.goal().met_by(self.figures().2)
    }

    /// For a terminal, a line.
    pub(super) fn row(self) -> String {
        let (name, other) = self.what.told();
        let (of_ours, of_other, ratio) = self.figures();
        let digits = if self.what == What::Throughput { 0 } else { 3 };
        let row = format!(
            "{name:32} {of_ours:>9.digits$}   {other:32} {of_other:>9.digits$} {ratio:>6.2}   {}",
            self.what.goal().text()
        );
        format!("{}\n", row.trim_end())
    }

    /// For programs.
    pub(super) fn json(self) -> Value {
        let (name, other) = self.what.told();
        let (of_ours, of_other, ratio) = self.figures();
        let unit = match self.what {
            What::Throughput => "perSecond",
            _ => "ms",
        };
        json!({
            "name": name, "ours": of_ours,
            "beside": other, "other": of_other,
            "unit": unit, "ratio": ratio, "goal": self.what.goal().json(),
        })
    }
}

/// The middle of them, or between the two in the middle; 0 of none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle)) {
        (0, Some(upper)) => {
            let lower = middle.checked_sub(1).and_then(|lower| values.get(lower));
            lower.map_or(*upper, |lower| f64::midpoint(*lower, *upper))
        }
        (_, Some(middle)) => *middle,
        (_, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_taken() {
        for (values, middle) in [
            (vec![], 0.0),
            (vec![3.0], 3.0),
            (vec![9.0, 1.0, 2.0], 2.0),
            (vec![4.0, 1.0, 2.0, 9.0], 3.0),
        ] {
            assert!((median(values) - middle).abs() < 1e-9);
        }
    }

    #[test]
    fn a_request_is_held_to_its_goal() {
        for (what, ours, met) in [
            (What::Create, 110, true),
            (What::Create, 111, false),
            (What::Duplicate, 105, true),
            (What::Delete, 106, false),
            // The same number takes longer: fewer a second.
            (What::Throughput, 125, true),
            (What::Throughput, 126, false),
        ] {
            let pair = Pair {
                what,
                ours: Duration::from_micros(ours),
                other: Duration::from_micros(100),
            };
            let compared = Compared::of(&[pair]);
            let it = compared.iter().find(|compared| compared.what == what);
            assert_eq!(it.unwrap().met(), met, "{what:?} {ours}");
        }
    }
}
