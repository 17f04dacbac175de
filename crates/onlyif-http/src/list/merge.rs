//! Pages of several partitions, each ordered by id, as one.

use std::collections::BTreeMap;

use onlyif::item::Resource;
use onlyif::store::Page;

/// What is merged so far: never more than a page and what says that it is not the last, however
/// many partitions there are.
pub(super) struct Merging {
    limit: usize,
    resources: BTreeMap<String, Resource>,
    /// What lies behind the end of a page that goes on is not known yet, and waits.
    known: Option<String>,
}

/// What a page holds, and behind which id the next one goes on.
#[derive(Debug, PartialEq)]
pub(super) struct Merged {
    pub(super) resources: Vec<(String, Resource)>,
    pub(super) resume: Option<String>,
}

impl Merging {
    /// Nothing yet, of a page of so many.
    pub(super) fn of(limit: usize) -> Self {
        Merging {
            limit,
            resources: BTreeMap::new(),
            known: None,
        }
    }

    /// Adds what one partition holds, as far as it may be shown.
    pub(super) fn add(&mut self, page: Page, may_be_shown: impl Fn(&Resource) -> bool) {
        if page.more {
            let last = page.resources.last().map(|(id, _)| id.clone());
            let end = page.resume.or(last);
            self.known = [self.known.take(), end].into_iter().flatten().min();
        }
        let shown = page.resources.into_iter();
        for (id, resource) in shown.filter(|(_, resource)| may_be_shown(resource)) {
            // The index may show a resource in the state that it has just left, too.
            let newer = self
                .resources
                .get(&id)
                .is_none_or(|known| known.version < resource.version);
            if newer {
                self.resources.insert(id, resource);
            }
        }
        // What is beyond these is beyond the page, whatever else is added.
        while self.resources.len() > self.limit + 1 {
            self.resources.pop_last();
        }
    }

    /// The page.
    pub(super) fn end(self) -> Merged {
        let Merging {
            limit,
            mut resources,
            known,
        } = self;
        if let Some(known) = &known {
            resources.retain(|id, _| id <= known);
        }
        let more = resources.len() > limit;
        let resources: Vec<_> = resources.into_iter().take(limit).collect();
        let resume = match (more, resources.last()) {
            (true, Some((id, _))) => Some(id.clone()),
            _ => known,
        };
        Merged { resources, resume }
    }
}

#[cfg(test)]
mod tests {
    use onlyif::item::{Clocks, Stamps};
    use onlyif::timestamp::Timestamp;

    use super::*;

    fn resource(version: u64) -> Resource {
        Resource {
            document: serde_json::Map::new(),
            version,
            incarnation: "9f2c1a7e".into(),
            operation: "create".to_owned(),
            state: None,
            created_at: Timestamp::from_millis(0),
            created_by: "alice".into(),
            updated_at: Timestamp::from_millis(0),
            updated_by: "alice".into(),
            previous_at: None,
            clocks: Clocks::default(),
            stamps: Stamps::default(),
            dependents: std::collections::BTreeMap::new(),
            counted: std::collections::BTreeSet::new(),
            lease_token: 0,
            lease: None,
        }
    }

    /// A page of these ids; with an end where more may follow it.
    fn page(ids: &str, end: Option<&str>) -> Page {
        let ids = ids.chars().map(|id| (id.to_string(), resource(1)));
        Page {
            resources: ids.collect(),
            more: end.is_some(),
            resume: end.filter(|end| !end.is_empty()).map(str::to_owned),
        }
    }

    fn merged(limit: usize, pages: &[(&str, Option<&str>)]) -> (String, Option<String>) {
        let mut merging = Merging::of(limit);
        pages
            .iter()
            .for_each(|(ids, end)| merging.add(page(ids, *end), |_| true));
        let Merged { resources, resume } = merging.end();
        (resources.into_iter().map(|(id, _)| id).collect(), resume)
    }

    #[test]
    fn a_page_is_what_all_partitions_know_in_order() {
        for (limit, pages, expected, resume) in [
            (3, vec![], "", None),
            (3, vec![("ace", None), ("", None)], "ace", None),
            (3, vec![("ac", None), ("b", None)], "abc", None),
            // One more than the page.
            (3, vec![("ac", None), ("bd", None)], "abc", Some("c")),
            (2, vec![("ab", Some("b")), ("", None)], "ab", Some("b")),
            // Behind the end of a page that goes on something may be missing.
            (3, vec![("ab", Some("b")), ("cd", None)], "ab", Some("b")),
            (3, vec![("cd", None), ("ab", Some("b"))], "ab", Some("b")),
            (3, vec![("ab", Some("")), ("cd", None)], "ab", Some("b")),
            (
                2,
                vec![("dh", Some("h")), ("ae", Some("e")), ("cg", Some("g"))],
                "ac",
                Some("c"),
            ),
            // The store looked further than what it found.
            (3, vec![("", Some("m")), ("az", None)], "a", Some("m")),
            (3, vec![("", Some("m")), ("", Some("k"))], "", Some("k")),
        ] {
            let resume = resume.map(str::to_owned);
            assert_eq!(
                merged(limit, &pages),
                (expected.to_owned(), resume),
                "{limit} of {pages:?}"
            );
        }
    }

    #[test]
    fn what_is_not_shown_is_passed_by() {
        let mut merging = Merging::of(2);
        merging.add(page("abcd", Some("d")), |_| false);
        assert_eq!(
            merging.end(),
            Merged {
                resources: vec![],
                resume: Some("d".to_owned())
            }
        );
    }

    #[test]
    fn of_two_images_the_newer_is_shown() {
        for versions in [[1, 2], [2, 1]] {
            let mut merging = Merging::of(1);
            for version in versions {
                let page = Page {
                    resources: vec![("a".to_owned(), resource(version))],
                    ..Page::default()
                };
                merging.add(page, |_| true);
            }
            assert_eq!(
                merging.end(),
                Merged {
                    resources: vec![("a".to_owned(), resource(2))],
                    resume: None
                }
            );
        }
    }
}
