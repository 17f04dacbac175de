use std::str::FromStr;

use super::*;
use crate::document::json::parse;

fn value(text: &str) -> Value {
    let parsed = parse(text.as_bytes()).unwrap();
    assert_eq!(parsed.faults, [], "{text}");
    parsed.value
}

fn document(text: &str) -> Document {
    match value(text) {
        Value::Object(document) => document,
        other => panic!("{other}"),
    }
}

fn pointers(texts: &[&str]) -> Vec<Pointer> {
    texts
        .iter()
        .map(|text| Pointer::from_str(text).unwrap())
        .collect()
}

/// A request by its text: `PUT …`, or a patch of either kind.
enum Sent {
    Put(Document),
    Patch(Patch),
}

impl Sent {
    fn read(text: &str) -> Sent {
        if let Some(body) = text.strip_prefix("PUT ") {
            return Sent::Put(document(body));
        }
        match value(text) {
            Value::Object(patch) => Sent::Patch(Patch::Merge(patch)),
            steps => Sent::Patch(Patch::parse_json(&steps).unwrap()),
        }
    }

    fn change(&self) -> Change<'_> {
        match self {
            Sent::Put(document) => Change::Replace(document),
            Sent::Patch(patch) => Change::Patch(patch),
        }
    }
}

/// Current document, request, and for each changed field whether it overlaps and what the request
/// would leave there.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, bool, Option<&'static str>)],
);

fn check(rows: &[Row]) {
    for (current, request, expected) in rows {
        let current = document(current);
        let sent = Sent::read(request);
        let overlay = Overlay::of(sent.change(), &current);
        for (changed, overlaps, yours) in *expected {
            let at = &pointers(&[changed])[0];
            assert_eq!(overlay.overlaps(at), *overlaps, "{request}, {changed}");
            assert_eq!(
                overlay.yours(at).cloned(),
                yours.map(value),
                "{request}, {changed}"
            );
        }
    }
}

#[test]
fn a_put_touches_every_field_whose_value_differs() {
    check(&[
        (
            r#"{"a":1,"b":{"c":2,"d":3},"l":[1]}"#,
            r#"PUT {"a":1,"b":{"c":9,"d":3},"l":[1]}"#,
            &[
                ("/a", false, None),
                ("/b/c", true, Some("9")),
                ("/b/d", false, None),
                ("/l", false, None),
                // What others made of the whole object is in the way of a change within it.
                ("/b", true, Some(r#"{"c":9,"d":3}"#)),
                ("/gone", false, None),
            ],
        ),
        // What is left out would be removed.
        (
            r#"{"a":1,"b":{"c":2}}"#,
            r#"PUT {"a":1}"#,
            &[
                ("/b/c", true, None),
                ("/b", true, None),
                ("/a", false, None),
            ],
        ),
        // What others removed would come back.
        (
            r#"{"a":1}"#,
            r#"PUT {"a":1,"b":{"c":2}}"#,
            &[("/b", true, Some(r#"{"c":2}"#)), ("/a", false, None)],
        ),
        // Both removed it.
        (
            r#"{"a":1}"#,
            r#"PUT {"a":2}"#,
            &[("/b", false, None), ("/a", true, Some("2"))],
        ),
        // Their change of a member of an object that the body leaves out.
        (
            r#"{"b":{"c":2,"d":1}}"#,
            "PUT {}",
            &[("/b/d", true, None), ("/b/e", false, None)],
        ),
    ]);
}

#[test]
fn a_merge_patch_touches_its_leaves() {
    check(&[
        (
            r#"{"a":1,"b":{"c":2,"d":3}}"#,
            r#"{"b":{"c":9}}"#,
            &[
                ("/a", false, None),
                ("/b/c", true, Some("9")),
                ("/b/d", false, None),
                ("/b", true, Some(r#"{"c":9,"d":3}"#)),
            ],
        ),
        // The same value is in nobody's way.
        (
            r#"{"b":{"c":9}}"#,
            r#"{"b":{"c":9}}"#,
            &[
                ("/b/c", false, Some("9")),
                ("/b", false, Some(r#"{"c":9}"#)),
            ],
        ),
        (
            r#"{"b":{"c":9}}"#,
            r#"{"b":{"c":9.0}}"#,
            &[("/b/c", false, Some("9"))],
        ),
        // A removal.
        (r#"{"a":1}"#, r#"{"a":null}"#, &[("/a", true, None)]),
        (r#"{}"#, r#"{"a":null}"#, &[("/a", false, None)]),
        (
            r#"{"a":{"b":1}}"#,
            r#"{"a":null}"#,
            &[("/a/b", true, None), ("/a/gone", false, None)],
        ),
        // An object where they left something else, or nothing.
        (
            r#"{"a":1}"#,
            r#"{"a":{"b":2}}"#,
            &[("/a", true, Some(r#"{"b":2}"#))],
        ),
        (
            "{}",
            r#"{"a":{"b":2}}"#,
            &[("/a", true, Some(r#"{"b":2}"#))],
        ),
        // An empty object asks for an object, and one is there.
        (
            r#"{"a":{"b":1}}"#,
            r#"{"a":{}}"#,
            &[("/a/b", false, None), ("/a", false, None)],
        ),
        // Others made the object; each sets its own member.
        (
            r#"{"a":{"b":1}}"#,
            r#"{"a":{"c":2}}"#,
            &[("/a/b", false, None)],
        ),
        // An array is one field.
        (
            r#"{"a":[1,2]}"#,
            r#"{"a":[1]}"#,
            &[("/a", true, Some("[1]"))],
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#"{"a":[1]}"#,
            &[("/a/b", true, None), ("/a", true, Some("[1]"))],
        ),
    ]);
}

#[test]
fn the_steps_of_a_json_patch_touch_their_pointers() {
    check(&[
        (
            r#"{"a":1,"b":{"c":2,"d":3}}"#,
            r#"[{"op":"replace","path":"/b/c","value":9},{"op":"add","path":"/b/e","value":1}]"#,
            &[
                ("/a", false, None),
                ("/b/c", true, Some("9")),
                ("/b/d", false, None),
                ("/b/e", true, Some("1")),
                ("/b", true, Some(r#"{"c":9,"d":3,"e":1}"#)),
            ],
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"add","path":"/a","value":1}]"#,
            &[("/a", false, Some("1"))],
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"remove","path":"/a"}]"#,
            &[("/a", true, None)],
        ),
        // It would replace or remove what is not there any more, which cannot be done.
        (
            "{}",
            r#"[{"op":"remove","path":"/a"}]"#,
            &[("/a", true, None), ("/b", false, None)],
        ),
        (
            "{}",
            r#"[{"op":"replace","path":"/a/b","value":1}]"#,
            &[("/a", true, None), ("/b", false, None)],
        ),
        // An object as a whole.
        (
            r#"{"a":{"b":1,"c":2}}"#,
            r#"[{"op":"add","path":"/a","value":{"b":1}}]"#,
            &[("/a/b", false, Some("1")), ("/a/c", true, None)],
        ),
        (
            r#"{"a":1,"b":2}"#,
            r#"[{"op":"replace","path":"","value":{"a":1}}]"#,
            &[("/a", false, Some("1")), ("/b", true, None)],
        ),
        // A test touches nothing.
        (
            r#"{"a":1}"#,
            r#"[{"op":"test","path":"/a","value":2},{"op":"add","path":"/b","value":1}]"#,
            &[("/a", false, None), ("/b", true, Some("1"))],
        ),
    ]);
}

#[test]
fn what_is_inside_an_array_touches_all_of_it() {
    for step in [
        r#"{"op":"add","path":"/l/0","value":0}"#,
        r#"{"op":"add","path":"/l/2","value":0}"#,
        r#"{"op":"replace","path":"/l/1/x/0","value":0}"#,
        r#"{"op":"remove","path":"/l/0"}"#,
        r#"{"op":"add","path":"/l/1/x/-","value":0}"#,
        r#"{"op":"move","from":"/l/0","path":"/n"}"#,
        r#"{"op":"move","from":"/m","path":"/l/0"}"#,
        r#"{"op":"copy","from":"/m","path":"/l/-"}"#,
    ] {
        let current = document(r#"{"l":[1,{"x":[1]}],"m":1}"#);
        let sent = Sent::read(&format!("[{step}]"));
        let overlay = Overlay::of(sent.change(), &current);
        let [list, other] = &pointers(&["/l", "/o"])[..] else {
            panic!("two")
        };
        assert!(overlay.overlaps(list), "{step}");
        assert!(!overlay.overlaps(other), "{step}");
        assert!(
            overlay
                .touches()
                .iter()
                .all(|touch| touch.pointer.tokens().len() == 1),
            "{step}"
        );
    }
}

/// Its author meant `[{}, 0]`, of `["x", 0]`; that it now leaves what another has left is chance.
#[test]
fn an_element_is_changed_only_in_the_array_that_its_author_knew() {
    let current = document(r#"{"l":[{},{},"x",0]}"#);
    let steps = r#"[{"op":"remove","path":"/l/0"},{"op":"add","path":"/l/0","value":{}}]"#;
    let sent = Sent::read(steps);
    let overlay = Overlay::of(sent.change(), &current);
    assert_eq!(overlay.after, current);
    assert!(overlay.overlaps(&pointers(&["/l"])[0]));
    // In an array that the patch itself has put there it knows every place.
    let own =
        r#"[{"op":"add","path":"/l","value":[{},{},"x"]},{"op":"add","path":"/l/3","value":0}]"#;
    let sent = Sent::read(own);
    let overlay = Overlay::of(sent.change(), &current);
    assert!(!overlay.overlaps(&pointers(&["/l"])[0]));
}

#[test]
fn an_append_needs_only_the_array() {
    let append = r#"[{"op":"add","path":"/o/l/-","value":2}]"#;
    check(&[
        // Whatever was done to the array, or above it.
        (
            r#"{"o":{"l":[1]}}"#,
            append,
            &[
                ("/o/l", false, Some("[1,2]")),
                ("/o", false, Some(r#"{"l":[1,2]}"#)),
                ("/x", false, None),
            ],
        ),
        // The array is gone, or no array any more.
        (
            r#"{"o":{}}"#,
            append,
            &[("/o/l", true, None), ("/x", false, None)],
        ),
        ("{}", append, &[("/o", true, None)]),
        (
            r#"{"o":{"l":"x"}}"#,
            append,
            &[("/o/l", true, Some(r#""x""#))],
        ),
        // It became an object: that adds a member, which is no append.
        (
            r#"{"o":{"l":{}}}"#,
            append,
            &[("/o/l", true, Some(r#"{"-":2}"#))],
        ),
        // Several, and together with another step of the same array.
        (
            r#"{"l":[1]}"#,
            r#"[{"op":"add","path":"/l/-","value":2},{"op":"add","path":"/l/-","value":3}]"#,
            &[("/l", false, Some("[1,2,3]"))],
        ),
        (
            r#"{"l":[1]}"#,
            r#"[{"op":"add","path":"/l/-","value":2},{"op":"remove","path":"/l/0"}]"#,
            &[("/l", true, Some("[2]"))],
        ),
        // Beside a value that is as others left it.
        (
            r#"{"o":{"l":[1],"a":1}}"#,
            r#"[{"op":"add","path":"/o/l/-","value":2},{"op":"add","path":"/o/a","value":1}]"#,
            &[("/o", false, Some(r#"{"l":[1,2],"a":1}"#))],
        ),
        // To an array that the patch makes itself.
        (
            "{}",
            r#"[{"op":"add","path":"/l","value":[]},{"op":"add","path":"/l/-","value":2}]"#,
            &[("/l", true, Some("[2]"))],
        ),
    ]);
}

#[test]
fn what_is_moved_or_copied_must_be_what_it_was() {
    check(&[
        (
            r#"{"a":1}"#,
            r#"[{"op":"copy","from":"/a","path":"/b"}]"#,
            &[
                ("/a", true, Some("1")),
                ("/b", true, Some("1")),
                ("/c", false, None),
            ],
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"move","from":"/a","path":"/b"}]"#,
            &[("/a", true, None), ("/b", true, Some("1"))],
        ),
        (
            r#"{"o":{"a":1}}"#,
            r#"[{"op":"copy","from":"/o","path":"/b"}]"#,
            &[("/o/a", true, Some("1"))],
        ),
        // Even where the place that is written has that value already.
        (
            r#"{"a":1,"b":1}"#,
            r#"[{"op":"copy","from":"/a","path":"/b"}]"#,
            &[("/a", true, Some("1")), ("/b", false, Some("1"))],
        ),
        // What the patch itself has written is its own.
        (
            r#"{"a":1}"#,
            r#"[{"op":"add","path":"/a","value":1},{"op":"copy","from":"/a","path":"/b"}]"#,
            &[("/a", false, Some("1")), ("/b", true, Some("1"))],
        ),
        (
            r#"{"o":{"a":1,"x":2}}"#,
            r#"[{"op":"add","path":"/o/a","value":1},{"op":"copy","from":"/o","path":"/b"}]"#,
            &[("/o/x", true, Some("2"))],
        ),
        // An element that it has inserted is not told from the others.
        (
            r#"{"l":[1]}"#,
            r#"[{"op":"add","path":"/l/0","value":1},{"op":"remove","path":"/l/0"},{"op":"copy","from":"/l/0","path":"/b"}]"#,
            &[("/l", true, Some("[1]"))],
        ),
        // What it moved there is as old as where it came from.
        (
            r#"{"a":1}"#,
            r#"[{"op":"move","from":"/a","path":"/b"},{"op":"copy","from":"/b","path":"/c"}]"#,
            &[
                ("/a", true, None),
                ("/b", true, Some("1")),
                ("/c", true, Some("1")),
            ],
        ),
        // What it cannot read is in its way.
        (
            "{}",
            r#"[{"op":"copy","from":"/a/b","path":"/c"}]"#,
            &[("/a", true, None)],
        ),
    ]);
}

#[test]
fn what_is_touched_is_told_with_how() {
    let touches = |current: &str, request: &str| {
        let current = document(current);
        let sent = Sent::read(request);
        Overlay::of(sent.change(), &current)
            .touches()
            .iter()
            .map(|touch| (touch.pointer.to_string(), touch.kind))
            .collect::<Vec<_>>()
    };
    let expected = |touches: &[(&str, TouchKind)]| {
        touches
            .iter()
            .map(|(pointer, kind)| ((*pointer).to_owned(), *kind))
            .collect::<Vec<_>>()
    };
    use TouchKind::{Append, Need, Write};
    assert_eq!(
        touches(r#"{"a":1,"o":{"b":1}}"#, r#"PUT {"a":2,"o":{"b":1,"c":2}}"#),
        expected(&[("/a", Write), ("/o/c", Write)])
    );
    assert_eq!(
        touches(
            r#"{"o":{"b":1}}"#,
            r#"{"a":null,"o":{"b":{"c":1}},"n":{"x":{}}}"#
        ),
        expected(&[("/a", Write), ("/o/b", Write), ("/n", Write)])
    );
    assert_eq!(
        touches(
            r#"{"l":[],"m":1}"#,
            r#"[{"op":"add","path":"/l/-","value":1},{"op":"move","from":"/m","path":"/n"},{"op":"remove","path":"/gone"}]"#
        ),
        expected(&[
            ("/l", Append),
            ("/m", Need),
            ("/m", Write),
            ("/n", Write),
            ("/gone", Need)
        ])
    );
}
