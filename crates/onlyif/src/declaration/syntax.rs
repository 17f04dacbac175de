//! What is wrong with a text that is no YAML, in words for who wrote it.

use granit_parser::ErrorKind;

/// What was found and what was expected.
pub(super) fn message(kind: &ErrorKind) -> String {
    let plain = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => "found a tab, expected spaces",
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            "found no closing quote, expected the quoted text to end"
        }
        ErrorKind::MappingValueNotAllowed => {
            "found a `:` where no key can stand, expected a line break before the key, or quotes around a text with `: ` in it"
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::ExpectedBlockMappingKey => {
            "found something that is no key, expected `key: value` at the same indentation as the keys before it"
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => {
            "found a line with another indentation, expected it to line up with its siblings"
        }
        ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            "found no end of the map in braces, expected `,` or `}`"
        }
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::UnexpectedEofFlowSequence => {
            "found no end of the list in brackets, expected `,` or `]`"
        }
        ErrorKind::ExpectedBlockSequenceEntry | ErrorKind::BlockSequenceEntryNotAllowed => {
            "found a `-` that does not line up, expected the elements of a list below each other"
        }
        ErrorKind::UnknownAnchor => {
            "found an alias, expected an anchor (`&name`) of that name before it"
        }
        ErrorKind::RecursionLimitExceeded => {
            "found maps and lists nested too deep, expected at most 64 levels"
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            return format!("found `{open}` without its end, expected the bracket to be closed");
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("found `{close}`, expected the end of `{open}`");
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return format!(
                "found `{character}`, expected a value; a text that begins with it needs quotes"
            );
        }
        other => return format!("found no valid YAML 1.2: {other}"),
    };
    plain.to_owned()
}
