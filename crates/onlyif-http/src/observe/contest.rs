//! Contests: what stood against a request, as far as a log may tell it. Names of fields and of
//! callers, never a value.

use onlyif::document::pointer::Pointer;
use onlyif::problem::{Conflict, Origin};

use super::cut;

/// Fields, and callers, that one event names at most: a line of a log has an end.
const MOST: usize = 20;
/// The bytes of each of their names at most.
const MOST_BYTES: usize = 256;

/// What a refused request and others wanted at the same time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contest {
    /// The resource that the first conflict is in, `TYPE/ID`, or `TYPE` where its id is not known.
    pub(super) resource: Option<String>,
    /// The fields in question.
    pub(super) pointers: Vec<String>,
    /// Whoever changed or holds what the request wanted.
    pub(super) rivals: Vec<String>,
    /// The tag that the request named, where it was not the current one.
    pub(super) yours: Option<String>,
}

impl Contest {
    /// Of these conflicts of a request about `own`.
    pub(super) fn of(conflicts: &[Conflict], own: Option<&Origin>) -> Self {
        let mut contest = Contest::default();
        for conflict in conflicts {
            contest.add(conflict, own);
        }
        contest
    }

    fn add(&mut self, conflict: &Conflict, own: Option<&Origin>) {
        match conflict {
            Conflict::InOperation {
                resource, conflict, ..
            }
            | Conflict::Elsewhere { resource, conflict } => {
                return self.add(conflict, Some(resource));
            }
            Conflict::Gone { deleted_by, .. } => self.rival(deleted_by.as_deref()),
            Conflict::StaleVersion {
                yours,
                changed_by,
                fields,
                ..
            } => {
                let fields = fields.as_deref().unwrap_or_default();
                // Where nothing overlaps, the type refuses all the same: then all of them count.
                let any = fields.iter().any(|field| field.overlaps);
                for field in fields.iter().filter(|field| field.overlaps || !any) {
                    self.pointer(&field.pointer);
                    self.rival(Some(&field.changed_by));
                }
                if fields.is_empty() {
                    self.rival(changed_by.as_deref());
                }
                self.yours = self.yours.take().or_else(|| yours.clone());
            }
            Conflict::Duplicate { fields, holder, .. } => {
                fields.iter().for_each(|(pointer, _)| self.pointer(pointer));
                if let (Some(holder), Some(own)) = (holder, own) {
                    return self.place(&own.type_name, Some(holder));
                }
            }
            Conflict::InvalidTransition { by, .. } => {
                self.pointer(&Pointer::member("state"));
                self.rival(by.as_deref());
            }
            Conflict::NotAllowedInState { .. } => self.pointer(&Pointer::member("state")),
            Conflict::ConditionNotMet { pointer, .. } => self.pointer(pointer),
            Conflict::Leased { holder, .. } => self.rival(holder.as_deref()),
            Conflict::MissingReference { pointer, target } => {
                self.pointer(pointer);
                if let Some(target) = target {
                    return self.place(&target.type_name, target.id.as_deref());
                }
            }
            Conflict::AlreadyExists | Conflict::HasDependents { .. } | Conflict::Contention => {}
        }
        if let Some(own) = own {
            self.place(&own.type_name, own.id.as_deref());
        }
    }

    fn place(&mut self, type_name: &str, id: Option<&str>) {
        self.resource.get_or_insert_with(|| named(type_name, id));
    }

    fn pointer(&mut self, pointer: &Pointer) {
        once(&mut self.pointers, pointer.to_string());
    }

    fn rival(&mut self, actor: Option<&str>) {
        actor
            .into_iter()
            .for_each(|actor| once(&mut self.rivals, actor.to_owned()));
    }
}

/// A resource, as one word.
pub(super) fn named(type_name: &str, id: Option<&str>) -> String {
    id.map_or_else(|| type_name.to_owned(), |id| format!("{type_name}/{id}"))
}

fn once(all: &mut Vec<String>, name: String) {
    let name = cut(name, MOST_BYTES);
    if all.len() < MOST && !all.contains(&name) {
        all.push(name);
    }
}

#[cfg(test)]
mod tests {
    use onlyif::problem::ChangedField;
    use onlyif::timestamp::Timestamp;
    use serde_json::json;

    use super::*;

    fn field(name: &str, by: &str, overlaps: bool) -> ChangedField {
        ChangedField {
            pointer: Pointer::member(name),
            changed_by: by.to_owned(),
            changed_at: Timestamp::from_millis(0),
            version: 2,
            current: Some(json!("secret")),
            yours: None,
            overlaps,
        }
    }

    fn stale(fields: Option<Vec<ChangedField>>) -> Conflict {
        Conflict::StaleVersion {
            yours: Some("1-aa".to_owned()),
            current: None,
            changed_by: Some("bob".to_owned()),
            changed_at: None,
            mergeable: None,
            fields,
        }
    }

    fn origin(type_name: &str, id: Option<&str>) -> Origin {
        Origin {
            type_name: type_name.to_owned(),
            id: id.map(str::to_owned),
        }
    }

    fn duplicate(holder: Option<&str>) -> Conflict {
        Conflict::Duplicate {
            constraint: "email".to_owned(),
            fields: vec![(Pointer::member("email"), json!("a@b.c"))],
            holder: holder.map(str::to_owned),
        }
    }

    #[test]
    fn a_conflict_says_which_resource_which_fields_and_who() {
        let own = origin("orders", Some("o-1"));
        let elsewhere = Conflict::Elsewhere {
            resource: origin("products", Some("lamp")),
            conflict: Box::new(Conflict::ConditionNotMet {
                pointer: Pointer::member("stock"),
                requires: json!({ "atLeast": 3 }),
                actual: None,
                message: None,
            }),
        };
        let in_operation = Conflict::InOperation {
            operation: 1,
            resource: origin("jobs", Some("j-1")),
            conflict: Box::new(Conflict::Leased {
                holder: Some("carol".to_owned()),
                until: None,
                yours: None,
            }),
        };
        let fields = vec![field("a", "bob", true), field("b", "carol", false)];
        let apart = vec![field("a", "bob", false), field("b", "carol", false)];
        let cases: [(Conflict, &str, &[&str], &[&str]); 10] = [
            (stale(Some(fields)), "orders/o-1", &["/a"], &["bob"]),
            (
                stale(Some(apart)),
                "orders/o-1",
                &["/a", "/b"],
                &["bob", "carol"],
            ),
            (stale(None), "orders/o-1", &[], &["bob"]),
            (elsewhere, "products/lamp", &["/stock"], &[]),
            (in_operation, "jobs/j-1", &[], &["carol"]),
            (duplicate(Some("o-7")), "orders/o-7", &["/email"], &[]),
            (duplicate(None), "orders/o-1", &["/email"], &[]),
            (
                Conflict::MissingReference {
                    pointer: Pointer::member("folder"),
                    target: Some(origin("folders", Some("f-1"))),
                },
                "folders/f-1",
                &["/folder"],
                &[],
            ),
            (
                Conflict::NotAllowedInState {
                    operation: "update",
                    state: None,
                    allowed_in: Vec::new(),
                },
                "orders/o-1",
                &["/state"],
                &[],
            ),
            (Conflict::Contention, "orders/o-1", &[], &[]),
        ];
        for (conflict, resource, pointers, rivals) in cases {
            let contest = Contest::of(std::slice::from_ref(&conflict), Some(&own));
            assert_eq!(contest.resource.as_deref(), Some(resource), "{conflict:?}");
            assert_eq!(contest.pointers, pointers, "{conflict:?}");
            assert_eq!(contest.rivals, rivals, "{conflict:?}");
        }
    }

    #[test]
    fn the_first_conflict_names_the_resource_and_all_of_them_the_fields() {
        let own = origin("accounts", None);
        let conflicts = [stale(None), duplicate(Some("ada"))];
        let contest = Contest::of(&conflicts, Some(&own));
        assert_eq!(contest.resource.as_deref(), Some("accounts"));
        assert_eq!(contest.pointers, ["/email"]);
        assert_eq!(contest.yours.as_deref(), Some("1-aa"));
    }

    #[test]
    fn an_event_names_so_many_fields_and_no_more_and_none_twice() {
        let many = (0..50).map(|n| field(&format!("f{n}"), "bob", true));
        let contest = Contest::of(&[stale(Some(many.collect()))], None);
        assert_eq!(contest.pointers.len(), MOST);
        assert_eq!(contest.rivals, ["bob"]);
    }

    #[test]
    fn a_name_has_so_many_bytes_and_no_more() {
        for (bytes, end) in [(MOST_BYTES - 1, "nn"), (MOST_BYTES, "n…")] {
            let long = field(&"n".repeat(bytes), "bob", true);
            let contest = Contest::of(&[stale(Some(vec![long]))], None);
            assert_eq!(contest.pointers[0].len(), MOST_BYTES);
            assert!(contest.pointers[0].ends_with(end), "{end}");
        }
    }
}
