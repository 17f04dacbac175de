//! What the parser says, in words for the sender.

/// What is wrong, and where, in words that name no library.
pub(super) fn describe(error: &serde_json::Error, text: &str) -> String {
    // The parser counts lines from 1, and within a line the bytes that it has read.
    let start = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    let offset = match error.is_eof() {
        true => text.len(),
        false => (start + error.column().saturating_sub(1)).min(text.len()),
    };
    let at = position(text.as_bytes(), offset);
    let said = error.to_string();
    let wrong = WORDS
        .iter()
        .find(|(theirs, _)| said.starts_with(theirs))
        .map_or("this is not JSON", |(_, ours)| ours);
    format!("{wrong} ({at})")
}

/// Half of a character that takes two `\\u` escapes: no text has it (RFC 8259 §8.2).
const SURROGATE: &str = "an escape from \\ud800 to \\udfff stands alone in a string: two of them, high then low, make a character";

/// What the parser says, and how we put it.
const WORDS: [(&str, &str); 17] = [
    (
        "EOF while parsing a list",
        "the body ends inside an array: ',' or ']' is expected",
    ),
    (
        "EOF while parsing an object",
        "the body ends inside an object",
    ),
    (
        "EOF while parsing a string",
        "the body ends inside a string: '\"' is expected",
    ),
    (
        "EOF while parsing a value",
        "the body ends where a value is expected",
    ),
    (
        "expected `:`",
        "':' is expected between a member's name and its value",
    ),
    (
        "expected `,` or `]`",
        "',' or ']' is expected after an element of an array",
    ),
    (
        "expected `,` or `}`",
        "',' or '}' is expected after a member of an object",
    ),
    (
        "expected ident",
        "only true, false and null stand without quotes",
    ),
    ("expected value", "a value is expected"),
    (
        "invalid escape",
        "after '\\' in a string one of \" \\ / b f n r t u is expected, after 'u' four hexadecimal digits",
    ),
    ("lone leading surrogate", SURROGATE),
    ("unexpected end of hex escape", SURROGATE),
    ("invalid number", "this is not a number as JSON writes them"),
    (
        "control character",
        "a control character in a string is written as an escape, such as \\n or \\u0000",
    ),
    (
        "key must be a string",
        "a member's name in double quotes is expected",
    ),
    (
        "trailing comma",
        "a ',' is followed by the end of the object or array",
    ),
    (
        "trailing characters",
        "something follows the end of the value",
    ),
];

/// Line and column of a byte, both from 1, the column in characters.
pub(super) fn position(bytes: &[u8], offset: usize) -> String {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    format!("line {line}, column {column}")
}
