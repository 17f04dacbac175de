//! The tally: conflicts so far, counted from the events of requests as they are logged.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use onlyif_http::observe::{CONFLICT, DRY_RUN, REQUEST};
use serde::{Deserialize, Serialize};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Names that are counted of each kind at most: a server that runs for weeks stays as small.
const MOST_NAMES: usize = 1000;
/// Names of each kind that are told.
pub const MOST_TOLD: usize = 50;

/// What has been counted since the server began.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    writes: u64,
    conflicts: u64,
    codes: Ranking,
    types: Ranking,
    resources: Ranking,
    fields: Ranking,
    actors: Ranking,
    rivals: Ranking,
}

/// What a tally tells: each kind with the most counted names first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Requests to a function that would have changed something; no dry runs.
    pub writes: u64,
    /// Those of them that met a conflict.
    pub conflicts: u64,
    /// The kinds of conflict.
    pub codes: Vec<Named>,
    /// The types that the requests were about.
    pub types: Vec<Named>,
    /// The resources that the conflicts were in, `TYPE/ID`.
    pub resources: Vec<Named>,
    /// The fields in question, `TYPE POINTER`.
    pub fields: Vec<Named>,
    /// Whose requests were refused.
    pub actors: Vec<Named>,
    /// Who had been there first.
    pub rivals: Vec<Named>,
}

/// A name, and in how many conflicts it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// In how many conflicts.
    pub count: u64,
}

impl Tally {
    /// All of it, as it is now.
    pub fn told(&self) -> Told {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Told {
            writes: counts.writes,
            conflicts: counts.conflicts,
            codes: counts.codes.told(),
            types: counts.types.told(),
            resources: counts.resources.told(),
            fields: counts.fields.told(),
            actors: counts.actors.told(),
            rivals: counts.rivals.told(),
        }
    }

    fn count(&self, request: &Request) {
        let write = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE");
        // What the gateway refuses has no outcome: no function has seen it.
        if !write || request.outcome.is_empty() || request.outcome == DRY_RUN {
            return;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.writes += 1;
        if request.outcome != CONFLICT {
            return;
        }
        counts.conflicts += 1;
        counts.codes.count(&request.code);
        counts.types.count(&request.type_name);
        counts.resources.count(&request.contested);
        counts.actors.count(&request.actor);
        let owner = request.contested.split('/').next().unwrap_or_default();
        for pointer in &request.pointers {
            counts.fields.count(&format!("{owner} {pointer}"));
        }
        for rival in &request.rivals {
            counts.rivals.count(rival);
        }
    }
}

/// Names, and how often each was counted. Where there are too many, the one that was counted least
/// makes room: it begins anew when it comes back, and what comes often stays.
#[derive(Debug, Default)]
struct Ranking(HashMap<String, u64>);

impl Ranking {
    fn count(&mut self, name: &str) {
        if name.is_empty() {
            return;
        }
        if let Some(count) = self.0.get_mut(name) {
            *count += 1;
            return;
        }
        if self.0.len() >= MOST_NAMES {
            let least = self.0.iter().min_by_key(|(_, count)| **count);
            if let Some(least) = least.map(|(name, _)| name.clone()) {
                self.0.remove(&least);
            }
        }
        self.0.insert(name.to_owned(), 1);
    }

    fn told(&self) -> Vec<Named> {
        let mut all: Vec<(&String, &u64)> = self.0.iter().collect();
        all.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
        let named = |(name, count): (&String, &u64)| Named {
            name: name.clone(),
            count: *count,
        };
        all.into_iter().take(MOST_TOLD).map(named).collect()
    }
}

/// Counts the events of requests, beside what else is done with them.
#[derive(Debug)]
pub struct Counting(pub Arc<Tally>);

impl<S: Subscriber> Layer<S> for Counting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == REQUEST {
            let mut request = Request::default();
            event.record(&mut request);
            self.0.count(&request);
        }
    }
}

/// What counts of a request's event.
#[derive(Debug, Default)]
struct Request {
    method: String,
    outcome: String,
    code: String,
    type_name: String,
    contested: String,
    actor: String,
    pointers: Vec<String>,
    rivals: Vec<String>,
}

impl Visit for Request {
    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "method" => &mut self.method,
            "outcome" => &mut self.outcome,
            "code" => &mut self.code,
            "type" => &mut self.type_name,
            "contested" => &mut self.contested,
            "actor" => &mut self.actor,
            _ => return,
        };
        value.clone_into(place);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let place = match field.name() {
            "pointers" => &mut self.pointers,
            "rivals" => &mut self.rivals,
            _ => return,
        };
        *place = serde_json::from_str(&format!("{value:?}")).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;

    use super::*;

    fn counted(emit: impl FnOnce()) -> Told {
        let tally = Arc::new(Tally::default());
        let subscriber = tracing_subscriber::registry().with(Counting(Arc::clone(&tally)));
        tracing::subscriber::with_default(subscriber, emit);
        tally.told()
    }

    fn named(name: &str, count: u64) -> Named {
        Named {
            name: name.to_owned(),
            count,
        }
    }

    #[test]
    fn conflicts_are_counted_by_what_their_events_name() {
        let told = counted(|| {
            for (actor, pointers) in [("alice", r#"["/title","/due"]"#), ("bob", r#"["/title"]"#)] {
                tracing::info!(
                    target: "onlyif::request",
                    method = "PATCH",
                    outcome = "conflict",
                    code = "stale-version",
                    r#type = "orders",
                    contested = "documents/d-1",
                    actor,
                    pointers = %pointers,
                    rivals = %r#"["carol"]"#,
                    ms = 3_u64,
                );
            }
            tracing::info!(target: "onlyif::request", method = "POST", outcome = "created", actor = "dave");
        });
        let expected = Told {
            writes: 3,
            conflicts: 2,
            codes: vec![named("stale-version", 2)],
            types: vec![named("orders", 2)],
            resources: vec![named("documents/d-1", 2)],
            fields: vec![named("documents /title", 2), named("documents /due", 1)],
            actors: vec![named("alice", 1), named("bob", 1)],
            rivals: vec![named("carol", 2)],
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn reads_and_dry_runs_and_what_the_gateway_refuses_and_other_events_do_not_count() {
        let told = counted(|| {
            tracing::info!(target: "onlyif::request", method = "GET", outcome = "answered");
            tracing::info!(target: "onlyif::request", method = "PUT", outcome = "dry-run", code = "stale-version");
            tracing::info!(target: "onlyif::request", method = "POST", status = 401_u64, gist = "Unauthorized");
            tracing::info!(target: "onlyif::local", method = "PUT", outcome = "conflict");
        });
        assert_eq!(told, Told::default());
    }

    #[test]
    fn what_comes_often_stays_however_much_else_comes_once() {
        let mut ranking = Ranking::default();
        ranking.count("often");
        ranking.count("often");
        for n in 0..5 * MOST_NAMES {
            ranking.count(&format!("once-{n}"));
        }
        assert_eq!(ranking.0.len(), MOST_NAMES);
        let told = ranking.told();
        assert_eq!((told.len(), &told[0]), (MOST_TOLD, &named("often", 2)));
    }
}
