//! What holds of all documents, patches and clocks, tried on many.

use std::cmp::Ordering;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Number, Value, json};

use super::merge::{Change, Overlay, TouchKind};
use super::patch::{Difference, Patch, Step};
use super::pointer::Pointer;
use super::*;
use crate::item::{Clock, Clocks};
use crate::timestamp::Timestamp;

/// Few names and few values, so that two documents have much in common.
fn name() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "0"]).prop_map(str::to_owned)
}

fn scalar() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!("x"),
    ])
}

fn any_value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            2 => object(inner.clone()).prop_map(Value::Object),
            1 => vec(inner, 0..3).prop_map(Value::Array),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Document> {
    btree_map(name(), inner, 0..4).prop_map(Map::from_iter)
}

fn any_document() -> impl Strategy<Value = Document> {
    object(any_value())
}

fn any_pointer() -> impl Strategy<Value = Pointer> {
    vec(name(), 1..4).prop_map(|tokens| {
        tokens
            .iter()
            .fold(Pointer::root(), |pointer, token| pointer.child(token))
    })
}

/// The places in a value, and those where something could be added.
fn places(at: &Pointer, value: &Value, found: &mut Vec<String>) {
    let mut child = |token: &str, value: Option<&Value>| {
        let child = at.child(token);
        found.push(child.to_string());
        if let Some(value) = value {
            places(&child, value, found);
        }
    };
    match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, value)| child(name, Some(value)));
            child("a", None);
            child("d", None);
        }
        Value::Array(elements) => {
            (0..)
                .zip(elements)
                .for_each(|(i, value): (usize, _)| child(&i.to_string(), Some(value)));
            child("-", None);
        }
        _ => {}
    }
}

/// A step that has a chance on this document.
fn step_on(document: &Document) -> impl Strategy<Value = Value> + use<> {
    let mut found = Vec::new();
    places(
        &Pointer::root(),
        &Value::Object(document.clone()),
        &mut found,
    );
    let path = || select(found.clone());
    prop_oneof![
        3 => (path(), any_value()).prop_map(|(path, value)| json!({"op": "add", "path": path, "value": value})),
        2 => (path(), any_value()).prop_map(|(path, value)| json!({"op": "replace", "path": path, "value": value})),
        1 => path().prop_map(|path| json!({"op": "remove", "path": path})),
        1 => (path(), path()).prop_map(|(from, path)| json!({"op": "move", "from": from, "path": path})),
        1 => (path(), path()).prop_map(|(from, path)| json!({"op": "copy", "from": from, "path": path})),
    ]
}

fn patch_on(document: &Document) -> impl Strategy<Value = Patch> + use<> {
    let steps = vec(step_on(document), 1..4);
    prop_oneof![
        1 => any_document().prop_map(Patch::Merge),
        2 => steps.prop_map(|steps| Patch::parse_json(&Value::Array(steps)).unwrap()),
    ]
}

/// A document and two patches of it.
fn two_writers() -> impl Strategy<Value = (Document, Patch, Patch)> {
    any_document().prop_flat_map(|base| {
        let (one, other) = (patch_on(&base), patch_on(&base));
        (Just(base), one, other)
    })
}

/// The text of a number, most of which can be held.
fn number_text() -> impl Strategy<Value = String> {
    (
        any::<bool>(),
        "(0|[1-9][0-9]{0,20})",
        option::of("[0-9]{1,20}"),
        option::of(-160_i32..160),
    )
        .prop_map(|(negative, whole, fraction, exponent)| {
            let sign = if negative { "-" } else { "" };
            let fraction = fraction
                .map(|digits| format!(".{digits}"))
                .unwrap_or_default();
            let exponent = exponent
                .map(|power| format!("E{power}"))
                .unwrap_or_default();
            format!("{sign}{whole}{fraction}{exponent}")
        })
}

fn decimal(text: &str) -> BigDecimal {
    BigDecimal::from_str(text).unwrap()
}

fn number(text: &str) -> Number {
    Number::from_str(text).unwrap()
}

/// Values with every kind of string and number.
fn wild_value() -> impl Strategy<Value = Value> {
    let number = number_text().prop_filter_map("held", |text| {
        Some(Value::Number(number(&number::canonical(&text)?)))
    });
    prop_oneof![scalar(), number, any::<String>().prop_map(Value::String)].prop_recursive(
        4,
        32,
        4,
        |inner| {
            prop_oneof![
                btree_map(".{1,8}", inner.clone(), 0..4)
                    .prop_map(|members| Value::Object(Map::from_iter(members))),
                vec(inner, 0..4).prop_map(Value::Array),
            ]
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_numbers_text_keeps_its_value_and_stays(text in number_text()) {
        if let Some(canonical) = number::canonical(&text) {
            prop_assert_eq!(decimal(&canonical), decimal(&text));
            prop_assert_eq!(number::canonical(&canonical), Some(canonical.clone()));
            // Nor does the parser of others change it.
            prop_assert_eq!(number(&canonical).to_string(), canonical);
        }
    }

    #[test]
    fn numbers_compare_and_add_as_decimals_do(a in number_text(), b in number_text()) {
        let (x, y) = (number(&a), number(&b));
        prop_assert_eq!(number::compare(&x, &y), decimal(&a).cmp(&decimal(&b)));
        prop_assert_eq!(number::compare(&x, &x), Ordering::Equal);
        if number::canonical(&a).is_some() && number::canonical(&b).is_some() {
            let exact = decimal(&a) + decimal(&b);
            match number::sum(&x, &y) {
                Some(sum) => prop_assert_eq!(decimal(sum.as_str()), exact),
                None => prop_assert_eq!(number::canonical(&exact.to_scientific_notation()), None),
            }
        }
    }

    #[test]
    fn what_is_written_is_read_again(value in wild_value()) {
        let parsed = json::parse(value.to_string().as_bytes()).unwrap();
        prop_assert_eq!(parsed.faults, vec![]);
        prop_assert_eq!(parsed.value, value);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(select(b"{}[]\",:\\u0dD8-1.e+ntfa \n\xff\xc3".to_vec()), 0..24)) {
        let _ = json::parse(&bytes);
    }

    #[test]
    fn a_reader_refuses_what_the_parser_refuses(text in "[\\[\\]{}\",:\\\\0-9a-fntu.eE+ -]{0,12}") {
        let ours = json::parse(text.as_bytes());
        let theirs = serde_json::from_str::<Value>(&text);
        // Ours is the stricter one: a member that stands twice is its own fault.
        prop_assert!(theirs.is_ok() || ours.is_err(), "{}", text);
        if let (Ok(_), Err(faults)) = (&theirs, &ours) {
            prop_assert!(faults.iter().all(|fault| fault.detail.contains("more than once")), "{}", text);
        }
    }

    #[test]
    fn what_changed_is_all_that_differs(old in any_document(), new in any_document()) {
        let changed = fields::changes(&old, &new);
        prop_assert_eq!(changed.is_empty(), old == new);
        for (i, a) in changed.iter().enumerate() {
            prop_assert_ne!(a.of(&old), a.of(&new));
            prop_assert!(changed[i + 1..].iter().all(|b| !a.overlaps(b)));
        }
        // Setting what changed, and nothing else, makes the new of the old.
        let mut made = old.clone();
        for pointer in &changed {
            place(&mut made, pointer.tokens(), pointer.of(&new));
        }
        prop_assert_eq!(made, new);
    }

    #[test]
    fn a_merge_patch_that_says_what_changed_makes_the_new_document(
        old in any_document(), new in any_document(),
    ) {
        prop_assume!(!holds_null(&new));
        let patch = difference(&old, &new);
        prop_assert_eq!(Patch::Merge(patch.clone()).apply(&old), Ok(new.clone()));
        // Once is as good as twice.
        prop_assert_eq!(Patch::Merge(patch).apply(&new), Ok(new));
    }

    #[test]
    fn a_put_over_what_is_there_overlaps_exactly_what_it_would_change(
        base in any_document(), current in any_document(), body in any_document(),
    ) {
        let overlay = Overlay::of(Change::Replace(&body), &current);
        for changed in fields::changes(&base, &current) {
            let differs = changed.of(&current) != changed.of(&body);
            prop_assert_eq!(overlay.overlaps(&changed), differs, "{}", changed);
        }
    }

    #[test]
    fn clocks_tell_all_that_changed_since(
        history in vec(vec(any_pointer(), 0..4), 0..30),
    ) {
        let mut clocks = Clocks::default();
        for (changed, version) in history.iter().zip(2..) {
            let next = clocks.advance(changed, &clock(version));
            prop_assert!(next.fields.len() <= MAX_CLOCKS);
            prop_assert!(next.floor >= clocks.floor);
            // What did not change keeps its clock.
            for (pointer, kept) in &clocks.fields {
                if !changed.iter().any(|changed| changed.contains(pointer)) {
                    prop_assert_eq!(next.fields.get(pointer), Some(kept));
                }
            }
            clocks = next;
        }
        for base in 1..32 {
            let since = clocks.since(base).unwrap();
            prop_assert!(since.is_sorted_by_key(|(pointer, _)| *pointer));
            for (pointer, clock) in &since {
                prop_assert!(clock.version > base);
                prop_assert!(history[usize::try_from(clock.version - 2).unwrap()].contains(pointer));
            }
            for (changed, version) in history.iter().zip(2..).filter(|(_, version)| *version > base) {
                for pointer in changed {
                    let told = since
                        .iter()
                        .any(|(told, clock)| told.contains(pointer) && clock.version >= version);
                    prop_assert!(told, "{}", pointer);
                }
            }
        }
    }
}

proptest! {
    // Most pairs of patches are in each other's way, and tell nothing here.
    #![proptest_config(ProptestConfig { max_global_rejects: 20_000, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn a_patch_touches_all_that_it_changes((current, patch, _) in two_writers()) {
        if let Ok(after) = patch.apply(&current) {
            let overlay = Overlay::of(Change::Patch(&patch), &current);
            for changed in fields::changes(&current, &after) {
                let touched = overlay
                    .touches()
                    .iter()
                    .any(|touch| touch.pointer.overlaps(&changed));
                prop_assert!(touched, "{}", changed);
                prop_assert_eq!(overlay.yours(&changed), changed.of(&after));
            }
        }
    }

    #[test]
    fn disjoint_patches_make_the_same_document_in_either_order((base, one, other) in two_writers()) {
        let (Ok(first), Ok(second)) = (one.apply(&base), other.apply(&base)) else {
            return Ok(());
        };
        let rebased = |patch: &Patch, current: &Document| {
            let overlay = Overlay::of(Change::Patch(patch), current);
            let disjoint = fields::changes(&base, current)
                .iter()
                .all(|changed| !overlay.overlaps(changed));
            let appends = overlay.touches().iter().any(|touch| touch.kind == TouchKind::Append);
            disjoint.then(|| (patch.apply(current), appends))
        };
        if let (Some((a, a_appends)), Some((b, b_appends))) = (rebased(&other, &first), rebased(&one, &second)) {
            // Two appends stand in the order they came in.
            prop_assume!(!a_appends || !b_appends);
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn a_rebased_patch_leaves_what_it_would_have_left((base, theirs, mine) in two_writers()) {
        let (Ok(current), Ok(alone)) = (theirs.apply(&base), mine.apply(&base)) else {
            return Ok(());
        };
        let overlay = Overlay::of(Change::Patch(&mine), &current);
        let changed = fields::changes(&base, &current);
        prop_assume!(changed.iter().all(|changed| !overlay.overlaps(changed)));
        let Ok(merged) = mine.apply(&current) else { return Ok(()) };
        for meant in fields::changes(&base, &alone) {
            let appends = overlay
                .touches()
                .iter()
                .any(|touch| touch.kind == TouchKind::Append && touch.pointer.overlaps(&meant));
            // An object that is asked for may hold what others have put into it.
            let object = meant.of(&alone).is_some_and(Value::is_object);
            if !appends && !object {
                prop_assert_eq!(meant.of(&merged), meant.of(&alone), "{}", meant);
            }
        }
    }

    #[test]
    fn a_rebased_patch_drops_nothing_that_others_wrote((base, theirs, mine) in two_writers()) {
        let Ok(current) = theirs.apply(&base) else { return Ok(()) };
        let changed = fields::changes(&base, &current);
        let overlay = Overlay::of(Change::Patch(&mine), &current);
        prop_assume!(changed.iter().all(|changed| !overlay.overlaps(changed)));
        let Ok(merged) = mine.apply(&current) else { return Ok(()) };
        let appended: Vec<&Pointer> = overlay
            .touches()
            .iter()
            .filter(|touch| touch.kind == TouchKind::Append)
            .map(|touch| &touch.pointer)
            .collect();
        for changed in &changed {
            if !appended.iter().any(|array| array.overlaps(changed)) {
                for field in leaves(changed, &current) {
                    prop_assert_eq!(field.of(&merged), field.of(&current), "{}", field);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn forgotten_clocks_are_never_missed_in_silence(
        history in vec(vec((0..400_usize, 1..600_usize), 0..80), 1..20),
    ) {
        let mut clocks = Clocks::default();
        let pointer = |(n, length): &(usize, usize)| Pointer::member(&format!("{n}{}", "x".repeat(*length)));
        for (changed, version) in history.iter().zip(2..) {
            let changed: Vec<Pointer> = changed.iter().map(pointer).collect();
            let next = clocks.advance(&changed, &clock(version));
            prop_assert!(next.fields.len() <= MAX_CLOCKS);
            prop_assert!(next.floor >= clocks.floor);
            clocks = next;
        }
        for base in 0..22 {
            let since = clocks.since(base);
            prop_assert_eq!(since.is_none(), base < clocks.floor);
            let Some(since) = since else { continue };
            for (changed, version) in history.iter().zip(2..).filter(|(_, version)| *version > base) {
                for changed in changed {
                    let changed = pointer(changed);
                    prop_assert!(since.iter().any(|(told, clock)| **told == changed && clock.version >= version));
                }
            }
        }
    }
}

fn clock(version: u64) -> Clock {
    Clock {
        version,
        actor: "alice".to_owned(),
        at: Timestamp::from_millis(0),
    }
}

/// Sets or removes what is at a path of objects, making those that are missing.
fn place(document: &mut Document, tokens: &[String], value: Option<&Value>) {
    let Some((first, rest)) = tokens.split_first() else {
        return;
    };
    if rest.is_empty() {
        match value {
            Some(value) => document.insert(first.clone(), value.clone()),
            None => document.shift_remove(first),
        };
    } else if let Value::Object(inner) = document.entry(first).or_insert_with(|| json!({})) {
        place(inner, rest, value);
    }
}

fn holds_null(document: &Document) -> bool {
    document.values().any(|value| match value {
        Value::Null => true,
        Value::Object(members) => holds_null(members),
        _ => false,
    })
}

/// The merge patch that makes `new` of `old`.
fn difference(old: &Document, new: &Document) -> Document {
    let mut patch = Document::new();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, value) in new {
        match (old.get(name), value) {
            (Some(before), value) if before == value => {}
            (Some(Value::Object(before)), Value::Object(value)) => {
                patch.insert(name.clone(), Value::Object(difference(before, value)));
            }
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    patch
}

/// The fields at and below a pointer.
fn leaves(pointer: &Pointer, document: &Document) -> Vec<Pointer> {
    match pointer.of(document) {
        Some(Value::Object(members)) if !members.is_empty() => members
            .keys()
            .flat_map(|name| leaves(&pointer.child(name), document))
            .collect(),
        _ => vec![pointer.clone()],
    }
}

proptest! {
    /// The difference of two documents makes the one of the other, whatever the order of its parts.
    #[test]
    fn a_difference_makes_one_document_of_the_other(
        (old, new) in (any_document(), any_document()),
    ) {
        let difference = Difference::between(&old, &new);
        let mut steps = difference.steps();
        let made = |steps: &[Step]| Patch::Json(steps.to_vec()).apply(&old);
        prop_assert_eq!(made(&steps), Ok(new.clone()));
        steps.reverse();
        prop_assert_eq!(made(&steps), Ok(new.clone()));
        prop_assert_eq!(steps.is_empty(), old == new);
    }
}
