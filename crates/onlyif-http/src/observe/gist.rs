//! Gists: the conflicts of a refused request in a few words. Who changed what, which value is taken,
//! which state it is in.

use onlyif::problem::Conflict;

use super::cut;

/// Conflicts that one gist tells at most, and changed fields of each.
const MOST: usize = 20;
/// The bytes of a gist at most: of an event that is too long, CloudWatch keeps nothing.
const MOST_BYTES: usize = 4096;

/// Of these conflicts, as far as there is room.
pub(super) fn of(conflicts: &[Conflict]) -> String {
    cut(listed(conflicts, of_conflict).join("; "), MOST_BYTES)
}

/// What each of them comes to, and how many more there are.
fn listed<T>(all: &[T], told: impl Fn(&T) -> String) -> Vec<String> {
    let more = all.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("{more} more"));
    all.iter().take(MOST).map(told).chain(more).collect()
}

fn of_conflict(conflict: &Conflict) -> String {
    match conflict {
        Conflict::Gone { deleted_by, .. } => match deleted_by {
            Some(actor) => format!("deleted by {actor}"),
            None => String::new(),
        },
        Conflict::StaleVersion {
            yours,
            current,
            fields,
            ..
        } => {
            let fields = listed(fields.as_deref().unwrap_or_default(), |field| {
                format!("{} by {}", field.pointer, field.changed_by)
            });
            let tag = |tag: Option<String>| tag.unwrap_or_else(|| "?".to_owned());
            let yours = tag(yours.clone());
            let now = tag(current.as_ref().map(ToString::to_string));
            format!("{yours} is now {now} {}", fields.join(", "))
                .trim_end()
                .to_owned()
        }
        Conflict::AlreadyExists => "the id is taken".to_owned(),
        Conflict::Leased {
            holder,
            until,
            yours,
        } => {
            let holder = holder.as_deref().unwrap_or("?");
            match (yours, until) {
                // A token is not for the log.
                (Some(_), _) => "the lease is over".to_owned(),
                (None, Some(until)) => format!("leased by {holder} until {until}"),
                (None, None) => String::new(),
            }
        }
        Conflict::MissingReference { pointer, .. } => format!("{pointer} is not there"),
        Conflict::HasDependents { dependents } => {
            let counts = dependents.iter().flatten();
            let counts: Vec<String> = counts
                .map(|(type_name, count)| format!("{count} of {type_name}"))
                .collect();
            match counts.as_slice() {
                [] => "others refer to it".to_owned(),
                counts => format!("{} refer to it", counts.join(" and ")),
            }
        }
        Conflict::InOperation {
            operation,
            conflict,
            ..
        } => format!("{operation}: {}", of_conflict(conflict)),
        Conflict::Elsewhere { resource, conflict } => {
            let id = resource.id.as_deref().unwrap_or("?");
            format!("{}/{id}: {}", resource.type_name, of_conflict(conflict))
        }
        Conflict::Duplicate {
            constraint, holder, ..
        } => match holder {
            Some(id) => format!("{constraint} is taken by {id}"),
            None => format!("{constraint} is taken"),
        },
        Conflict::InvalidTransition {
            transition, state, ..
        } => {
            format!("{transition} from {}", state.as_deref().unwrap_or("?"))
        }
        Conflict::NotAllowedInState {
            operation, state, ..
        } => {
            format!("{operation} while {}", state.as_deref().unwrap_or("?"))
        }
        Conflict::ConditionNotMet {
            pointer, requires, ..
        } => {
            // What it is compared with may be a value of the request.
            let requires = requires.as_object().into_iter().flatten();
            let words: Vec<&str> = requires.map(|(name, _)| name.as_str()).collect();
            format!("{pointer} {}", words.join(" "))
        }
        Conflict::Contention => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use onlyif::document::pointer::Pointer;
    use onlyif::problem::ChangedField;
    use onlyif::timestamp::Timestamp;

    use super::*;

    fn stale(names: impl Iterator<Item = String>) -> Conflict {
        let field = |name: String| ChangedField {
            pointer: Pointer::member(&name),
            changed_by: "bob".to_owned(),
            changed_at: Timestamp::from_millis(0),
            version: 2,
            current: None,
            yours: None,
            overlaps: true,
        };
        Conflict::StaleVersion {
            yours: Some("1-aa".to_owned()),
            current: None,
            changed_by: None,
            changed_at: None,
            mergeable: None,
            fields: Some(names.map(field).collect()),
        }
    }

    #[test]
    fn a_gist_tells_so_many_fields_and_counts_the_others() {
        let of_fields = |count: usize| of(&[stale((1..=count).map(|n| format!("f{n}")))]);
        assert_eq!(of_fields(2), "1-aa is now ? /f1 by bob, /f2 by bob");
        assert!(of_fields(MOST).ends_with(", /f20 by bob"));
        assert!(of_fields(MOST + 30).ends_with(", /f20 by bob, 30 more"));
    }

    #[test]
    fn a_gist_tells_so_many_conflicts_and_counts_the_others() {
        let of_conflicts = |count| of(&vec![Conflict::AlreadyExists; count]);
        assert_eq!(of_conflicts(2), "the id is taken; the id is taken");
        assert_eq!(of_conflicts(MOST).matches("taken").count(), MOST);
        assert!(!of_conflicts(MOST).contains("more"));
        let told = of_conflicts(100);
        assert_eq!(told.matches("taken").count(), MOST);
        assert!(told.ends_with("; 80 more"), "{told}");
    }

    #[test]
    fn a_lease_that_is_over_is_told_without_its_token() {
        let over = Conflict::Leased {
            holder: Some("carol".to_owned()),
            until: None,
            yours: Some(7),
        };
        assert_eq!(of(&[over]), "the lease is over");
    }

    #[test]
    fn a_gist_has_so_many_bytes_at_most_and_whole_characters() {
        let room = MOST_BYTES - "1-aa is now ? / by bob".len();
        let of_name = |name: String| of(&[stale(std::iter::once(name))]);
        let whole = of_name("n".repeat(room));
        assert_eq!(whole.len(), MOST_BYTES);
        assert!(whole.ends_with("n by bob"));
        let shortened = of_name("n".repeat(room + 1));
        assert_eq!(shortened.len(), MOST_BYTES);
        assert!(shortened.ends_with("by…"), "{shortened}");
        for start in ["", "n"] {
            let shortened = of_name(format!("{start}{}", "é".repeat(MOST_BYTES)));
            assert!(shortened.len() <= MOST_BYTES && shortened.ends_with("é…"));
        }
    }
}
