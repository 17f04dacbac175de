use serde_json::json;

use super::*;

fn value(text: &str) -> Value {
    let parsed = parse(text.as_bytes()).unwrap();
    assert_eq!(parsed.faults, [], "{text}");
    parsed.value
}

/// Pointer and detail of each fault.
fn told(faults: &[Fault]) -> Vec<(String, String)> {
    faults
        .iter()
        .map(|fault| match &fault.at {
            Place::Pointer(pointer) => (pointer.to_string(), fault.detail.clone()),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn refused(body: &[u8]) -> Vec<(String, String)> {
    told(&parse(body).unwrap_err())
}

fn unkept(text: &str) -> Vec<(String, String)> {
    told(&parse(text.as_bytes()).unwrap().faults)
}

fn pointers(told: Vec<(String, String)>) -> Vec<String> {
    told.into_iter().map(|(pointer, _)| pointer).collect()
}

#[test]
fn every_kind_of_value_is_read() {
    assert_eq!(
        value(
            r#" {"a": [null, true, false, -1, 2, "x\u0000\ud83d\ude00\/"], "b": {"c": {}}, "d": []} "#
        ),
        json!({"a": [null, true, false, -1, 2, "x\u{0}😀/"], "b": {"c": {}}, "d": []})
    );
    for (text, expected) in [
        ("null", json!(null)),
        ("\"\"", json!("")),
        ("\t\r\n[ ] ", json!([])),
        ("7", json!(7)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("18446744073709551615", json!(u64::MAX)),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn members_keep_the_order_they_were_sent_in() {
    let Value::Object(members) = value(r#"{"z":1,"a":2,"m":3}"#) else {
        panic!("an object")
    };
    assert_eq!(members.keys().collect::<Vec<_>>(), ["z", "a", "m"]);
}

#[test]
fn numbers_are_read_into_their_one_text() {
    for (text, canonical) in [
        ("1.50", "1.5"),
        ("-0", "0"),
        ("-0.0e5", "0"),
        ("1E2", "100"),
        ("1e+125", "1e+125"),
        ("0e999999999999999999999", "0"),
        (
            "12345678901234567890123456789012345678",
            "12345678901234567890123456789012345678",
        ),
        (
            "0.10000000000000000000000000000000000001",
            "0.10000000000000000000000000000000000001",
        ),
    ] {
        for body in [
            text.to_owned(),
            format!("[{text}]"),
            format!("{{\"a\":{text}}}"),
        ] {
            let read = value(&body);
            let number = read.get(0).or(read.get("a")).unwrap_or(&read);
            assert_eq!(number.to_string(), canonical, "{body}");
            assert!(number.is_number(), "{body}");
        }
    }
}

#[test]
fn a_client_can_use_the_name_that_the_parser_marks_numbers_with() {
    let mark = "$serde_json::private::Number";
    for (text, expected) in [
        (format!(r#"{{"{mark}":"1"}}"#), json!({mark: "1"})),
        (format!(r#"{{"{mark}":{{}}}}"#), json!({mark: {}})),
        (format!(r#"{{"{mark}":1,"b":2}}"#), json!({mark: 1, "b": 2})),
        (
            format!(r#"{{"b":2,"{mark}":null}}"#),
            json!({"b": 2, mark: null}),
        ),
        (format!(r#"[{{"{mark}":[]}}]"#), json!([{mark: []}])),
        (
            r#"{"\u0024serde_json::private::Number":"x"}"#.to_owned(),
            json!({mark: "x"}),
        ),
    ] {
        assert_eq!(value(&text), expected, "{text}");
    }
}

#[test]
fn what_is_not_json_is_told_with_line_and_column() {
    for (body, detail) in [
        ("", "the body is empty; a JSON value is expected"),
        (" \r\n\t ", "the body is empty; a JSON value is expected"),
        ("{", "the body ends inside an object (line 1, column 2)"),
        (
            "[1",
            "the body ends inside an array: ',' or ']' is expected (line 1, column 3)",
        ),
        (
            "\"a",
            "the body ends inside a string: '\"' is expected (line 1, column 3)",
        ),
        (
            "{\"a\":",
            "the body ends where a value is expected (line 1, column 6)",
        ),
        (
            "{\"a\" 1}",
            "':' is expected between a member's name and its value (line 1, column 6)",
        ),
        (
            "[1 2]",
            "',' or ']' is expected after an element of an array (line 1, column 4)",
        ),
        (
            "{\"a\":1 \"b\"}",
            "',' or '}' is expected after a member of an object (line 1, column 8)",
        ),
        (
            "{a:1}",
            "a member's name in double quotes is expected (line 1, column 2)",
        ),
        (
            "{'a':1}",
            "a member's name in double quotes is expected (line 1, column 2)",
        ),
        (
            "[1,]",
            "a ',' is followed by the end of the object or array (line 1, column 4)",
        ),
        (
            "{\"a\":1,}",
            "a ',' is followed by the end of the object or array (line 1, column 8)",
        ),
        (
            "{} {}",
            "something follows the end of the value (line 1, column 4)",
        ),
        ("NaN", "a value is expected (line 1, column 1)"),
        (
            "nul",
            "the body ends where a value is expected (line 1, column 4)",
        ),
        (
            "nulx",
            "only true, false and null stand without quotes (line 1, column 4)",
        ),
        (
            "01",
            "this is not a number as JSON writes them (line 1, column 2)",
        ),
        ("+1", "a value is expected (line 1, column 1)"),
        (
            "1.",
            "the body ends where a value is expected (line 1, column 3)",
        ),
        ("[.5]", "a value is expected (line 1, column 2)"),
        (
            "[1.]",
            "this is not a number as JSON writes them (line 1, column 4)",
        ),
        (
            "[1e]",
            "this is not a number as JSON writes them (line 1, column 4)",
        ),
        (
            "\"\\x\"",
            "after '\\' in a string one of \" \\ / b f n r t u is expected, after 'u' four hexadecimal digits (line 1, column 3)",
        ),
        (
            "\"a\nb\"",
            "a control character in a string is written as an escape, such as \\n or \\u0000 (line 2, column 1)",
        ),
        (
            "{\n  \"é\": 1,\n  \"ü\" 2\n}",
            "':' is expected between a member's name and its value (line 3, column 7)",
        ),
        ("// a\n1", "a value is expected (line 1, column 1)"),
    ] {
        assert_eq!(
            refused(body.as_bytes()),
            [(String::new(), detail.to_owned())],
            "{body}"
        );
    }
}

#[test]
fn a_surrogate_stands_in_no_string() {
    for body in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\ud800""#,
        r#"{"\udfff":1}"#,
    ] {
        let [(_, detail)] = &refused(body.as_bytes())[..] else {
            panic!("one fault: {body}")
        };
        assert!(
            detail.starts_with("an escape from \\ud800"),
            "{body}: {detail}"
        );
    }
    assert_eq!(
        refused(b"[\"a\",\n\"\xed\xa0\x80\"]"),
        [(
            String::new(),
            "this is not UTF-8, in which JSON is sent (line 2, column 2)".to_owned()
        )]
    );
}

#[test]
fn bytes_that_are_no_utf8_and_a_byte_order_mark_are_refused() {
    for body in [&b"\xff\xfe{\0}\0"[..], b"\"\xc3\"", b"\"\xc0\x80\""] {
        assert!(refused(body)[0].1.starts_with("this is not UTF-8"));
    }
    assert!(refused(b"\xef\xbb\xbf{}")[0].1.contains("byte order mark"));
}

#[test]
fn no_words_of_the_parser_are_repeated() {
    for body in [
        "{",
        "[",
        "\"",
        "{\"a\"",
        "[1 2]",
        "nul",
        "01",
        "\"\\",
        "\"\\u00",
        "{]",
        "[}",
        "}",
        "-",
        "1e400x",
        "\"\u{1}\"",
    ] {
        let detail = &refused(body.as_bytes())[0].1;
        for theirs in [
            "EOF",
            "ident",
            "expected value",
            "recursion",
            "invalid number",
            "hex escape",
        ] {
            assert!(!detail.contains(theirs), "{body}: {detail}");
        }
        assert!(detail.contains("line 1, column "), "{body}: {detail}");
        assert!(
            !detail.starts_with("this is not JSON ("),
            "{body}: {detail}"
        );
    }
}

#[test]
fn every_repeated_member_is_told_with_its_place() {
    assert_eq!(
        pointers(refused(
            br#"{"a":1,"a":2,"b":{"c/d":[{"e":1},{"e":1,"e":2}],"x":1,"x":{}},"\u0061":3}"#
        )),
        ["/a", "/b/c~1d/1/e", "/b/x", "/a"]
    );
    // Together with what breaks the text further on.
    assert_eq!(pointers(refused(br#"{"a":1,"a":2,"#)), ["/a", ""]);
}

#[test]
fn a_body_may_be_as_deep_as_a_document() {
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert_eq!(unkept(&nested(MAX_LEVELS)), []);
    assert_eq!(
        pointers(unkept(&nested(MAX_LEVELS + 1))),
        ["/a".repeat(MAX_LEVELS)]
    );
    // Empty containers count as well.
    let empty = |levels: usize| format!("{}[]{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert_eq!(unkept(&empty(MAX_LEVELS - 1)), []);
    assert_eq!(unkept(&empty(MAX_LEVELS)).len(), 1);
    assert_eq!(unkept(&empty(MAX_LEVELS).replace("[]", "{}")).len(), 1);
    // A list of operations carries documents two levels further down.
    let patch = |levels: usize| format!(r#"[{{"op":"add","path":"","value":{}}}]"#, nested(levels));
    assert_eq!(unkept(&patch(MAX_LEVELS)), []);
    assert_eq!(unkept(&patch(MAX_LEVELS + 1)).len(), 1);
}

#[test]
fn no_depth_exhausts_the_stack() {
    for levels in [200, 10_000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let whole = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            assert_eq!(unkept(&whole).len(), 1, "{levels} × {open}");
            assert_eq!(refused(open.repeat(levels).as_bytes()).len(), 1);
        }
    }
}

#[test]
fn what_cannot_be_kept_is_told_with_its_place() {
    assert_eq!(
        unkept(r#"{"":1,"a":{"":{"b":1e126}},"c":[1,1e-131],"d":123456789012345678901234567890123456789,"e":1e999999999999999999999}"#)
            .into_iter()
            .map(|(pointer, detail)| (pointer, detail.split([':', ',']).next().unwrap().to_owned()))
            .collect::<Vec<_>>(),
        [
            ("/", "a member's name cannot be empty"),
            ("/a/", "a member's name cannot be empty"),
            ("/a//b", "this number is too large"),
            ("/c/1", "this number is too close to zero"),
            ("/d", "this number has more than 38 significant digits"),
            ("/e", "this number is too large"),
        ]
        .map(|(pointer, detail)| (pointer.to_owned(), detail.to_owned()))
    );
    let name = |length: usize| format!("{{\"a\":{{\"{}\":1}}}}", "n".repeat(length));
    assert_eq!(unkept(&name(MAX_NAME_BYTES)), []);
    assert_eq!(pointers(unkept(&name(MAX_NAME_BYTES + 1))), ["/a"]);
}

#[test]
fn the_list_of_faults_has_an_end() {
    let many = format!("{{{}\"b\":1}}", "\"a\":1,".repeat(5_000));
    assert_eq!(refused(many.as_bytes()).len(), MAX_FAULTS);
    let wide = format!("[{}1]", "1e999,".repeat(5_000));
    assert_eq!(unkept(&wide).len(), MAX_FAULTS);
    let name = "n".repeat(MAX_NAME_BYTES);
    let long = format!("{{{}\"b\":1}}", format!("\"{name}\":1,").repeat(50));
    assert!(refused(long.as_bytes()).len() < 10);
}
