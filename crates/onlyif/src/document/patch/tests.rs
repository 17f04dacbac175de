use std::fmt::Write;

use serde_json::{Value, json};

use super::*;
use crate::document::{MAX_LEVELS, json::parse, weight};
use crate::problem::{Fault, Place};

/// The value of a text, every number as documents keep it.
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

fn steps(text: &str) -> Patch {
    Patch::parse_json(&value(text)).unwrap()
}

fn place(fault: &Fault) -> String {
    match &fault.at {
        Place::Pointer(pointer) => pointer.to_string(),
        other => panic!("{other:?}"),
    }
}

/// What is expected of a patch: a document, or the place of the fault, or the failed test.
enum Expected {
    Is(&'static str),
    Fault(&'static str, &'static str),
    Test(&'static str, Option<&'static str>),
}
use Expected::{Fault as Faulty, Is, Test};

fn check(target: &str, patch: &str, expected: &Expected) {
    let outcome = steps(patch).apply(&document(target));
    match (outcome, expected) {
        (Ok(result), Is(text)) => assert_eq!(result, document(text), "{patch} on {target}"),
        (Err(PatchFailure::Missing(fault)), Faulty(at, detail)) => {
            assert_eq!(place(&fault), *at, "{patch} on {target}");
            assert_eq!(fault.detail, *detail, "{patch} on {target}");
        }
        (
            Err(PatchFailure::TestFailed {
                pointer, actual, ..
            }),
            Test(at, found),
        ) => {
            assert_eq!(pointer.to_string(), *at, "{patch} on {target}");
            assert_eq!(actual, found.map(value), "{patch} on {target}");
        }
        (outcome, _) => panic!("{patch} on {target}: {outcome:?}"),
    }
}

/// RFC 7396, Appendix A. Documents are objects, so the examples whose target is none stand one level
/// down (`target` and `patch` as the member `x`): the rule for a value is the same at every level.
#[test]
fn the_examples_of_rfc_7396() {
    for (target, patch, expected) in [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (
            r#"{"a":{"b":"c"}}"#,
            r#"{"a":{"b":"d","c":null}}"#,
            r#"{"a":{"b":"d"}}"#,
        ),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
        (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
        (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
        (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
        (r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
        ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
    ] {
        let apply = |target: Value, patch: Value| {
            let (Value::Object(target), Value::Object(patch)) = (target, patch) else {
                panic!("objects")
            };
            Value::Object(Patch::Merge(patch).apply(&target).unwrap())
        };
        let (target, patch, expected) = (value(target), value(patch), value(expected));
        if target.is_object() && patch.is_object() {
            assert_eq!(apply(target.clone(), patch.clone()), expected);
        }
        assert_eq!(
            apply(json!({"x": target}), json!({"x": patch})),
            json!({"x": expected}),
            "{patch} on {target}"
        );
    }
    // The RFC's example of a whole value replaced by null: as a member, it is removed.
    assert_eq!(
        Patch::Merge(document(r#"{"a":null}"#)).apply(&document(r#"{"a":"foo"}"#)),
        Ok(document("{}"))
    );
}

#[test]
fn a_merge_patch_keeps_the_order_of_what_stays() {
    let patched = Patch::Merge(document(r#"{"b":null,"d":4,"c":{"y":1}}"#))
        .apply(&document(r#"{"a":1,"b":2,"c":{"x":0},"e":5}"#))
        .unwrap();
    assert_eq!(
        serde_json::to_string(&patched).unwrap(),
        r#"{"a":1,"c":{"x":0,"y":1},"e":5,"d":4}"#
    );
}

#[test]
fn the_examples_of_rfc_6902() {
    for (target, patch, expected) in [
        // A.1 to A.5
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux"}]"#,
            Is(r#"{"baz":"qux","foo":"bar"}"#),
        ),
        (
            r#"{"foo":["bar","baz"]}"#,
            r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            Is(r#"{"foo":["bar","qux","baz"]}"#),
        ),
        (
            r#"{"baz":"qux","foo":"bar"}"#,
            r#"[{"op":"remove","path":"/baz"}]"#,
            Is(r#"{"foo":"bar"}"#),
        ),
        (
            r#"{"foo":["bar","qux","baz"]}"#,
            r#"[{"op":"remove","path":"/foo/1"}]"#,
            Is(r#"{"foo":["bar","baz"]}"#),
        ),
        (
            r#"{"baz":"qux","foo":"bar"}"#,
            r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            Is(r#"{"baz":"boo","foo":"bar"}"#),
        ),
        // A.6, A.7
        (
            r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            Is(r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#),
        ),
        (
            r#"{"foo":["all","grass","cows","eat"]}"#,
            r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            Is(r#"{"foo":["all","cows","eat","grass"]}"#),
        ),
        // A.8, A.9
        (
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
            r#"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            Is(r#"{"baz":"qux","foo":["a",2,"c"]}"#),
        ),
        (
            r#"{"baz":"qux"}"#,
            r#"[{"op":"test","path":"/baz","value":"bar"}]"#,
            Test("/baz", Some(r#""qux""#)),
        ),
        // A.10, A.11
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            Is(r#"{"foo":"bar","child":{"grandchild":{}}}"#),
        ),
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
            Is(r#"{"foo":"bar","baz":"qux"}"#),
        ),
        // A.12
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz/bat","value":"qux"}]"#,
            Faulty(
                "/0/path",
                "nothing can be added at /baz/bat: what would hold it is not there",
            ),
        ),
        // A.14, A.15
        (
            r#"{"/":9,"~1":10}"#,
            r#"[{"op":"test","path":"/~01","value":10}]"#,
            Is(r#"{"/":9,"~1":10}"#),
        ),
        (
            r#"{"/":9,"~1":10}"#,
            r#"[{"op":"test","path":"/~01","value":"10"}]"#,
            Test("/~01", Some("10")),
        ),
        // A.16
        (
            r#"{"foo":["bar"]}"#,
            r#"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
            Is(r#"{"foo":["bar",["abc","def"]]}"#),
        ),
    ] {
        check(target, patch, &expected);
    }
    // A.13: the member stands twice, so it is no JSON that we read.
    let twice = r#"[{"op":"add","path":"/baz","value":"qux","op":"remove"}]"#;
    assert_eq!(place(&parse(twice.as_bytes()).unwrap_err()[0]), "/0/op");
}

#[test]
fn operations_do_what_they_say_or_tell_why_not() {
    for (target, patch, expected) in [
        ("{}", "[]", Is("{}")),
        // add
        (
            r#"{"a":1}"#,
            r#"[{"op":"add","path":"/a","value":null}]"#,
            Is(r#"{"a":null}"#),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"add","path":"/a/0","value":0}]"#,
            Is(r#"{"a":[0,1]}"#),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"add","path":"/a/1","value":2}]"#,
            Is(r#"{"a":[1,2]}"#),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"add","path":"/a/2","value":3}]"#,
            Faulty(
                "/0/path",
                "/a/2 is past the end of an array of 1; the index after the last, or '-', appends",
            ),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"add","path":"/a/00","value":3}]"#,
            Faulty(
                "/0/path",
                "/a/00 ends in no index of an array: a number without leading zeros, or '-' to append, is expected",
            ),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"add","path":"/a/99999999999999999999999","value":3}]"#,
            Faulty(
                "/0/path",
                "/a/99999999999999999999999 ends in no index of an array: a number without leading zeros, or '-' to append, is expected",
            ),
        ),
        (
            r#"{"a":"x"}"#,
            r#"[{"op":"add","path":"/a/b","value":3}]"#,
            Faulty(
                "/0/path",
                "nothing can be added at /a/b: what is above it is neither an object nor an array",
            ),
        ),
        (
            r#"{"a":{}}"#,
            r#"[{"op":"add","path":"/a/-","value":3}]"#,
            Is(r#"{"a":{"-":3}}"#),
        ),
        (
            "{}",
            r#"[{"op":"add","path":"/","value":3}]"#,
            Faulty("/0/path", "a member's name cannot be empty"),
        ),
        // remove
        (
            "{}",
            r#"[{"op":"remove","path":"/a"}]"#,
            Faulty("/0/path", "there is nothing at /a"),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"remove","path":"/a/1"}]"#,
            Faulty("/0/path", "there is nothing at /a/1"),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"remove","path":"/a/-"}]"#,
            Faulty("/0/path", "there is nothing at /a/-"),
        ),
        (
            r#"{"a":{"b":null}}"#,
            r#"[{"op":"remove","path":"/a/b"}]"#,
            Is(r#"{"a":{}}"#),
        ),
        // replace
        (
            r#"{"a":null}"#,
            r#"[{"op":"replace","path":"/a","value":1}]"#,
            Is(r#"{"a":1}"#),
        ),
        (
            "{}",
            r#"[{"op":"replace","path":"/a","value":1}]"#,
            Faulty("/0/path", "there is nothing at /a"),
        ),
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"replace","path":"/a/1","value":3}]"#,
            Is(r#"{"a":[1,3]}"#),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"replace","path":"/a/-","value":3}]"#,
            Faulty("/0/path", "there is nothing at /a/-"),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"replace","path":"/a/01","value":3}]"#,
            Faulty("/0/path", "there is nothing at /a/01"),
        ),
        // move
        (
            r#"{"a":1}"#,
            r#"[{"op":"move","from":"/a","path":"/a"}]"#,
            Is(r#"{"a":1}"#),
        ),
        (
            "{}",
            r#"[{"op":"move","from":"/a","path":"/a"}]"#,
            Faulty("/0/from", "there is nothing at /a"),
        ),
        (
            r#"{"a":1,"b":2}"#,
            r#"[{"op":"move","from":"/a","path":"/b"}]"#,
            Is(r#"{"b":1}"#),
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"move","from":"/a/b","path":"/a"}]"#,
            Is(r#"{"a":1}"#),
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"move","from":"/a","path":"/a/b/c"}]"#,
            Faulty("/0/from", "/a cannot be moved into itself, to /a/b/c"),
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"move","from":"","path":"/c"}]"#,
            Faulty("/0/from", "the root cannot be moved into itself, to /c"),
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"move","from":"","path":""}]"#,
            Is(r#"{"a":{"b":1}}"#),
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"move","from":"/a","path":""}]"#,
            Is(r#"{"b":1}"#),
        ),
        (
            r#"{"a":1,"ab":{}}"#,
            r#"[{"op":"move","from":"/a","path":"/ab/c"}]"#,
            Is(r#"{"ab":{"c":1}}"#),
        ),
        // What follows the one that is taken out moves up before the place is looked for.
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"move","from":"/a/0","path":"/a/1"}]"#,
            Is(r#"{"a":[2,1]}"#),
        ),
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"move","from":"/a/0","path":"/a/-"}]"#,
            Is(r#"{"a":[2,1]}"#),
        ),
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"move","from":"/a/0","path":"/a/2"}]"#,
            Faulty(
                "/0/path",
                "/a/2 is past the end of an array of 1; the index after the last, or '-', appends",
            ),
        ),
        // copy
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/-","value":2}]"#,
            Is(r#"{"a":[1],"b":[1,2]}"#),
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"copy","from":"/a","path":"/a/c"}]"#,
            Is(r#"{"a":{"b":1,"c":{"b":1}}}"#),
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"copy","from":"","path":"/c"}]"#,
            Is(r#"{"a":{"b":1},"c":{"a":{"b":1}}}"#),
        ),
        (
            "{}",
            r#"[{"op":"copy","from":"/a","path":"/b"}]"#,
            Faulty("/0/from", "there is nothing at /a"),
        ),
        // test
        (
            r#"{"a":1}"#,
            r#"[{"op":"test","path":"/a","value":1.0}]"#,
            Is(r#"{"a":1}"#),
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"test","path":"/a","value":"1"}]"#,
            Test("/a", Some("1")),
        ),
        (
            r#"{"a":{"b":1,"c":[2]}}"#,
            r#"[{"op":"test","path":"/a","value":{"c":[2],"b":1}}]"#,
            Is(r#"{"a":{"b":1,"c":[2]}}"#),
        ),
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"test","path":"/a","value":[2,1]}]"#,
            Test("/a", Some("[1,2]")),
        ),
        (
            "{}",
            r#"[{"op":"test","path":"/a","value":null}]"#,
            Test("/a", None),
        ),
        (
            r#"{"a":null}"#,
            r#"[{"op":"test","path":"/a","value":null}]"#,
            Is(r#"{"a":null}"#),
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"test","path":"","value":{"a":1}}]"#,
            Is(r#"{"a":1}"#),
        ),
        // The whole document.
        (
            r#"{"a":1}"#,
            r#"[{"op":"replace","path":"","value":{"b":2}}]"#,
            Is(r#"{"b":2}"#),
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"add","path":"","value":[]},{"op":"add","path":"","value":{}}]"#,
            Is("{}"),
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"remove","path":""}]"#,
            Faulty(
                "",
                "the patch leaves no object in the place of the document; a resource is an object, and DELETE removes it",
            ),
        ),
        // Later steps see what earlier ones made, and name their own place.
        (
            "{}",
            r#"[{"op":"add","path":"/a","value":[]},{"op":"add","path":"/a/-","value":1},{"op":"remove","path":"/a/0"},{"op":"remove","path":"/a/0"}]"#,
            Faulty("/3/path", "there is nothing at /a/0"),
        ),
    ] {
        check(target, patch, &expected);
    }
}

#[test]
fn a_body_that_is_no_json_patch_is_told_all_that_is_wrong() {
    let faults = |text: &str| {
        Patch::parse_json(&value(text))
            .unwrap_err()
            .into_iter()
            .map(|fault| (place(&fault), fault.detail))
            .collect::<Vec<_>>()
    };
    for (text, expected) in [
        (
            "{}",
            &[("", "a JSON Patch is an array of operations (RFC 6902)")][..],
        ),
        (
            "[1]",
            &[(
                "/0",
                "an operation is an object with the members op and path",
            )],
        ),
        (
            "[{}]",
            &[(
                "/0/op",
                "op is one of add, remove, replace, move, copy, test; there is none",
            )],
        ),
        (
            r#"[{"op":"Add","path":"","value":1},{"op":1}]"#,
            &[
                (
                    "/0/op",
                    "op is one of add, remove, replace, move, copy, test; Add is not",
                ),
                (
                    "/1/op",
                    "op is one of add, remove, replace, move, copy, test; this is not",
                ),
            ],
        ),
        (
            r#"[{"op":"add"},{"op":"remove","path":"a"},{"op":"move","from":"/~","path":1},{"op":"test","path":"/a"}]"#,
            &[
                (
                    "/0/path",
                    "this operation needs a member path, a JSON Pointer (RFC 6901)",
                ),
                (
                    "/0/value",
                    "this operation needs a member value; null is one",
                ),
                (
                    "/1/path",
                    "this is no JSON Pointer (RFC 6901): a pointer begins with '/'",
                ),
                (
                    "/2/from",
                    "this is no JSON Pointer (RFC 6901): '~' stands only in '~0' (a tilde) and '~1' (a slash)",
                ),
                ("/2/path", "a JSON Pointer (RFC 6901) is a string"),
                (
                    "/3/value",
                    "this operation needs a member value; null is one",
                ),
            ],
        ),
        (
            r#"[{"op":"copy","path":"/a"},{"op":"move","path":"/a"},{"op":"replace","value":1}]"#,
            &[
                (
                    "/0/from",
                    "this operation needs a member from, a JSON Pointer (RFC 6901)",
                ),
                (
                    "/1/from",
                    "this operation needs a member from, a JSON Pointer (RFC 6901)",
                ),
                (
                    "/2/path",
                    "this operation needs a member path, a JSON Pointer (RFC 6901)",
                ),
            ],
        ),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|(at, detail)| ((*at).to_owned(), (*detail).to_owned()))
            .collect();
        assert_eq!(faults(text), expected, "{text}");
    }
}

#[test]
fn a_patch_has_a_limit_of_steps() {
    let patch = |count: usize| {
        let step = json!({"op": "test", "path": "", "value": {}});
        Patch::parse_json(&Value::Array(vec![step; count]))
    };
    assert!(patch(MAX_STEPS).is_ok());
    let faults = patch(MAX_STEPS + 1).unwrap_err();
    assert_eq!(
        faults[0].detail,
        "a JSON Patch has at most 10000 operations; this one has 10001"
    );
    // Neither has the list of what is wrong no end.
    let wrong = Patch::parse_json(&Value::Array(vec![json!({}); MAX_STEPS])).unwrap_err();
    assert_eq!(wrong.len(), crate::document::json::MAX_FAULTS);
}

#[test]
fn no_step_nests_deeper_than_a_document() {
    let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let add = |levels: usize| {
        steps(&format!(
            r#"[{{"op":"add","path":"/a","value":{}}}]"#,
            deep(levels)
        ))
        .apply(&document("{}"))
    };
    assert_eq!(add(MAX_LEVELS - 1), Ok(document(&deep(MAX_LEVELS))));
    let Err(PatchFailure::Missing(fault)) = add(MAX_LEVELS) else {
        panic!("too deep")
    };
    assert_eq!(place(&fault), "/0/path");
    assert_eq!(
        fault.detail,
        "a document has at most 31 levels of objects and arrays; with this it would have 32"
    );
    // Copying the document into itself does not dig without end either.
    let dig = format!(
        "[{}]",
        vec![r#"{"op":"copy","from":"","path":"/a"}"#; 40].join(",")
    );
    let Err(PatchFailure::Missing(fault)) = steps(&dig).apply(&document("{}")) else {
        panic!("too deep")
    };
    assert_eq!(place(&fault), format!("/{}/path", MAX_LEVELS - 1));
}

#[test]
fn copies_of_copies_do_not_fill_the_memory() {
    let mut patch = String::from("[");
    for step in 0..40 {
        let (from, path) = (step, step + 1);
        // Each is twice the one before.
        write!(
            patch,
            r#"{{"op":"add","path":"/a{path}","value":{{}}}},{{"op":"copy","from":"/a{from}","path":"/a{path}/l"}},{{"op":"copy","from":"/a{from}","path":"/a{path}/r"}},"#
        )
        .unwrap();
    }
    patch.push_str(r#"{"op":"remove","path":"/a0"}]"#);
    let target = document(&format!(r#"{{"a0":"{}"}}"#, "x".repeat(1000)));
    let Err(PatchFailure::Missing(fault)) = steps(&patch).apply(&target) else {
        panic!("too much")
    };
    assert_eq!(
        fault.detail,
        "the copies and moves of one patch carry at most 4800 KB in all"
    );
    // A document of full size can be copied and moved a few times.
    let target = document(&format!(r#"{{"a":"{}"}}"#, "x".repeat(250_000)));
    let patched = steps(
        r#"[{"op":"move","from":"/a","path":"/b"},{"op":"move","from":"/b","path":"/c"},{"op":"copy","from":"/c","path":"/d"}]"#,
    )
    .apply(&target)
    .unwrap();
    assert!(weight(&patched) > 500_000);
}

#[test]
fn a_long_pointer_is_cut_in_a_sentence() {
    let patch = format!(r#"[{{"op":"remove","path":"/{}"}}]"#, "é".repeat(300));
    let Err(PatchFailure::Missing(fault)) = steps(&patch).apply(&document("{}")) else {
        panic!("not there")
    };
    assert_eq!(
        fault.detail,
        format!("there is nothing at /{}…", "é".repeat(199))
    );
}

#[test]
fn a_step_that_fails_leaves_the_values_as_they_were() {
    let before = document(r#"{"a":[1,2],"b":{"c":1}}"#);
    for step in [
        r#"{"op":"move","from":"/a/0","path":"/a/5"}"#,
        r#"{"op":"move","from":"/b","path":"/x/y"}"#,
        r#"{"op":"move","from":"/b/c","path":"/a/-/z"}"#,
        r#"{"op":"copy","from":"/b","path":"/x/y"}"#,
        r#"{"op":"add","path":"/a/5","value":1}"#,
        r#"{"op":"replace","path":"/x","value":1}"#,
        r#"{"op":"remove","path":"/a/2"}"#,
        r#"{"op":"test","path":"/a","value":1}"#,
    ] {
        let Patch::Json(steps) = steps(&format!("[{step}]")) else {
            panic!("a JSON Patch")
        };
        let mut applying = Applying::to(&before);
        assert!(applying.step(0, &steps[0]).is_err(), "{step}");
        assert_eq!(applying.document(), Ok(before.clone()), "{step}");
    }
}
