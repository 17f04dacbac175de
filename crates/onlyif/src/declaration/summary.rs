//! A declaration in a few lines, for terminals.

use std::fmt::Write;

use serde_json::Value;

use super::{
    Declaration, Deprecation, HISTORY_S, IDEMPOTENCY_S, Normalize, Reference, Right, States,
    TOMBSTONE_S, Transition, Unique, in_words, phrase,
};

impl Declaration {
    /// The type, what it is, what is unique in it, and how a resource moves between its states:
    ///
    /// ```text
    /// orders: What a customer buys
    ///   unique  reference-per-customer: /customer and /reference together
    ///   states  pending (initial), paid, delivered (final)
    ///   pay:     pending -> paid, takes payment
    ///   deliver: paid -> delivered
    /// ```
    pub fn summary(&self) -> String {
        let mut text = match &self.description {
            Some(description) => format!("{}: {}", self.name, first_sentence(description)),
            None => self.name.clone(),
        };
        text.push('\n');
        // Writing to a string cannot fail.
        if let Some(deprecated) = &self.deprecated {
            let _ = writeln!(text, "  {}", deprecation(deprecated));
        }
        for constraint in &self.unique {
            let _ = writeln!(text, "  unique  {}", unique(constraint));
        }
        for reference in &self.references {
            let _ = writeln!(text, "  refers  {}", refers(reference));
        }
        if let Some(states) = &self.states {
            let _ = writeln!(text, "  states  {}", state_list(states));
        }
        if let Some(create) = &self.create {
            let way = along(create).unwrap_or_else(|| "on conditions".to_owned());
            let _ = writeln!(text, "  create  {way}");
        }
        if let Some(seconds) = self.lease_max_s {
            let _ = writeln!(text, "  leases  for {} at most", in_words(seconds));
        }
        if let Some(kept) = kept(self) {
            let _ = writeln!(text, "  keeps   {kept}");
        }
        if let Some(owned) = owned(self) {
            let _ = writeln!(text, "  owner   alone may {owned}");
        }
        if self.shards > 1 {
            let _ = writeln!(text, "  lists   over {} partitions", self.shards);
        }
        let names = self
            .transitions
            .iter()
            .map(|transition| transition.name.len());
        let width = names.max().unwrap_or_default() + 1;
        for transition in &self.transitions {
            let name = format!("{}:", transition.name);
            let mut way = way(transition, self.states.as_ref());
            if let Some(along) = along(transition) {
                way = format!("{way}, {along}");
            }
            let _ = writeln!(text, "  {name:width$} {way}");
        }
        text
    }
}

/// Descriptions may be long; the first line says what the type is.
fn first_sentence(description: &str) -> &str {
    let line = description.lines().next().unwrap_or_default();
    line.split_once(". ")
        .map_or(line, |(sentence, _)| sentence)
        .trim_end_matches('.')
}

fn deprecation(deprecation: &Deprecation) -> String {
    let Deprecation { since, sunset, see } = deprecation;
    let mut text = format!("deprecated since {}", since.date());
    if let Some(sunset) = sunset {
        text.push_str(&format!(", gone from {} on", sunset.date()));
    }
    if let Some(see) = see {
        text.push_str(&format!(": {see}"));
    }
    text
}

fn unique(unique: &Unique) -> String {
    let fields: Vec<String> = unique.fields.iter().map(ToString::to_string).collect();
    let together = if fields.len() > 1 { " together" } else { "" };
    let ignored: Vec<&str> = unique
        .normalize
        .iter()
        .map(|step| match step {
            Normalize::Trim => "outer spaces",
            Normalize::Lowercase => "upper and lower case",
        })
        .collect();
    let ignoring = match ignored.as_slice() {
        [] => String::new(),
        ignored => format!(", ignoring {}", ignored.join(", ")),
    };
    let condition = match unique.when.as_slice() {
        [] => String::new(),
        when => format!(", while {}", phrase::all(when)),
    };
    format!(
        "{}: {}{together}{ignoring}{condition}",
        unique.name,
        fields.join(" and ")
    )
}

fn refers(reference: &Reference) -> String {
    let Reference {
        field,
        type_name,
        restrict,
    } = reference;
    match restrict {
        true => format!("{field}: to {type_name}, which are not deleted meanwhile"),
        false => format!("{field}: to {type_name}"),
    }
}

/// How long things are kept, where that is not the usual time.
fn kept(declaration: &Declaration) -> Option<String> {
    let kept: Vec<String> = [
        ("tombstones", declaration.tombstone_s, TOMBSTONE_S),
        ("history", declaration.history_s, HISTORY_S),
        ("idempotency keys", declaration.idempotency_s, IDEMPOTENCY_S),
    ]
    .into_iter()
    .filter(|(_, seconds, usual)| seconds != usual)
    .map(|(what, seconds, _)| format!("{what} for {}", in_words(seconds)))
    .collect();
    (!kept.is_empty()).then(|| kept.join(", "))
}

/// What only who created a resource may do to it; nothing of it where others may do all.
fn owned(declaration: &Declaration) -> Option<String> {
    let access = &declaration.access;
    let of_type = [
        ("read it", &access.read),
        ("update it", &access.update),
        ("delete it", &access.delete),
    ];
    let transitions = declaration.transitions.iter();
    let owned: Vec<&str> = of_type
        .into_iter()
        .chain(transitions.map(|each| (each.name.as_str(), &each.access)))
        .filter(|(_, right)| **right == Right::Owner)
        .map(|(name, _)| name)
        .collect();
    (!owned.is_empty()).then(|| owned.join(", "))
}

fn state_list(states: &States) -> String {
    let named = states.all.iter().map(|state| {
        let initial = (*state == states.initial).then_some("initial");
        let last = states.finals.contains(state).then_some("final");
        let notes: Vec<&str> = initial.into_iter().chain(last).collect();
        match notes.as_slice() {
            [] => state.clone(),
            notes => format!("{state} ({})", notes.join(", ")),
        }
    });
    named.collect::<Vec<_>>().join(", ")
}

fn way(transition: &Transition, states: Option<&States>) -> String {
    let input = input(transition);
    let takes = input.map(|names| format!("takes {}", names.join(", ")));
    let moves = states.map(|states| {
        let from = if transition.from.len() == states.all.len() && transition.from.len() > 1 {
            "any state".to_owned()
        } else {
            transition.from.join(", ")
        };
        match &transition.to {
            Some(to) => format!("{from} -> {to}"),
            None => format!("{from} (stays)"),
        }
    });
    match (moves, takes) {
        (Some(moves), Some(takes)) => format!("{moves}, {takes}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => "takes nothing".to_owned(),
    }
}

/// What happens along with it.
fn along(transition: &Transition) -> Option<String> {
    let also = transition.also.iter();
    let each: Vec<String> = also
        .map(|also| format!("{} of {}", also.transition, also.type_name))
        .collect();
    (!each.is_empty()).then(|| format!("with {}", each.join(" and ")))
}

/// The members of the input, if it has any.
fn input(transition: &Transition) -> Option<Vec<&str>> {
    let schema = &transition.input.as_ref()?.source;
    let members = schema.get("properties").and_then(Value::as_object)?;
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    (!names.is_empty()).then_some(names)
}
