//! What is found of all but the schema.

use onlyif::declaration::SourceFile;
use onlyif::declaration::upgrade::{Weight, against};

use super::found;

/// A type with a bit of everything; each case changes a part of it.
const OLD: &str = "\
type: things
schema:
  type: object
  additionalProperties: false
  properties:
    name: { type: string }
    code: { type: string }
    other: { type: string }
    count: { type: integer, readOnly: true }
unique:
  - { name: code, fields: [/code], when: [{ field: /state, in: [open, held], message: Once. }] }
states: { initial: open, final: [done], update: [open, held], delete: [done] }
transitions:
  hold: { from: open, to: held }
  release: { from: held, to: open }
  finish: { from: [open, held], to: done }
references:
  - { field: /other, type: things, onDelete: ignore }
lease: { max: 15m }
list: { shards: 4 }
";

/// What is found where each of these parts is another, `LINE: WEIGHT: MESSAGE` each.
fn changed(edits: &[(&str, &str)]) -> Vec<String> {
    let new = edits.iter().fold(OLD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let found = found(OLD, &new);
    for finding in &found {
        let has_remedy = finding.remedy.is_some();
        assert_eq!(
            has_remedy,
            finding.weight != Weight::Compatible,
            "{finding}"
        );
    }
    found
        .iter()
        .map(|it| format!("{}: {}: {}", it.line, it.weight, it.message))
        .collect()
}

#[test]
fn what_stays_is_not_told() {
    assert_eq!(changed(&[]), [""; 0]);
    assert_eq!(changed(&[("Once.", "Only once.")]), [""; 0]);
}

#[test]
fn of_states() {
    for (edits, told) in [
        (
            &[
                (", held]", "]"),
                (
                    "  hold: { from: open, to: held }\n  release: { from: held, to: open }\n",
                    "",
                ),
            ] as &[_],
            &[
                "11: breaks: found another `when` of `code`: stored resources hold a value, or none, by the old one, until their fields change or they enter or leave the condition",
                "12: breaks: found no state `held` any more: what is in it stays in it, lists leave it out, and no update, delete or transition is allowed in it",
                "13: compatible: found no transition `hold` any more: who asks for it is answered 404",
                "13: compatible: found no transition `release` any more: who asks for it is answered 404",
                "14: compatible: found another transition `finish`, which the next request for it goes by",
            ] as &[&str],
        ),
        (
            &[("finish:", "lose: { from: held, to: lost }\n  finish:")],
            &[
                "12: compatible: found the new state `lost`",
                "16: compatible: found the new transition `lose`",
            ],
        ),
        (
            &[("initial: open", "initial: held")],
            &[
                "12: compatible: found `held`, which new resources begin in; what began in `open` stays as it is",
            ],
        ),
        (
            &[(
                "update: [open, held], delete: [done]",
                "update: [open], delete: [open, done]",
            )],
            &[
                "12: compatible: found updates refused in `held`, of what is in it already too",
                "12: compatible: found deletes allowed in `open`, of what is in it already too",
            ],
        ),
        (
            &[
                ("  release: { from: held, to: open }\n", ""),
                ("[open, held], to", "[open], to"),
            ],
            &[
                "12: may break: found no transition out of `held` any more: what is in it stays in it for good",
                "13: compatible: found no transition `release` any more: who asks for it is answered 404",
                "15: compatible: found another transition `finish`, which the next request for it goes by",
            ],
        ),
    ] {
        assert_eq!(changed(edits), told, "{edits:?}");
    }
}

#[test]
fn of_a_lifecycle_that_begins_or_ends() {
    let none = "type: things\nschema: { type: object }\n";
    let some = "type: things\nschema: { type: object }\nstates: { initial: a }\ntransitions: { go: { from: a, to: b } }\n";
    let begun = found(none, some);
    assert_eq!((begun[0].line, begun[0].weight), (3, Weight::Breaks));
    assert!(
        begun[0]
            .message
            .starts_with("found states on a type that had none")
    );
    let ended = found(some, none);
    assert_eq!((ended[0].line, ended[0].weight), (1, Weight::Breaks));
    assert!(ended[0].message.starts_with("found no states any more"));
}

#[test]
fn of_unique_values() {
    let other = "10: may break: found no constraint `code` any more: the values that it held stay taken under this name";
    let new = |name: &str| {
        format!(
            "11: breaks: found the new constraint `{name}`: stored resources do not hold their values, so that two may have the same, and a new one may take another's"
        )
    };
    let unmet = |name: &str| {
        format!(
            "11: compatible: found the new constraint `{name}`, which holds of nothing stored yet"
        )
    };
    let before = "unique:\n";
    let add = |constraint: &str| format!("unique:\n  - {constraint}\n");
    for (edits, told) in [
        (&[("name: code, ", "name: codes, ")] as &[(&str, &str)], vec![other.to_owned(), new("codes")]),
        (&[(before, &add("{ fields: [/name] }"))], vec![new("name")]),
        (&[(before, &add("{ fields: [/name], when: [{ not: { field: /code, is: x } }] }"))], vec![new("name")]),
        // Every resource says who created it, although no document does.
        (&[(before, &add("{ fields: [/name], when: [{ field: /createdBy, is: x }] }"))], vec![new("name")]),
        (&[(before, &add("{ fields: [/name], when: [{ field: /state, in: [open] }] }"))], vec![new("name")]),
        (
            &[(before, &add("{ fields: [/name], when: [{ field: /state, is: lost }] }")), ("finish:", "lose: { from: held, to: lost }\n  finish:")],
            vec![unmet("name"), "13: compatible: found the new state `lost`".to_owned(), "17: compatible: found the new transition `lose`".to_owned()],
        ),
        (
            &[(before, &add("{ fields: [/sku] }")), ("  properties:\n", "  properties:\n    sku: { type: string }\n")],
            vec!["2: compatible: found a schema that all that is stored satisfies".to_owned(), unmet("sku").replace("11", "12")],
        ),
        (
            &[(before, &add("{ fields: [/name], when: [{ field: /claimed, is: true }] }")), ("  properties:\n", "  properties:\n    claimed: { type: boolean }\n")],
            vec!["2: compatible: found a schema that all that is stored satisfies".to_owned(), unmet("name").replace("11", "12")],
        ),
        (
            &[("fields: [/code]", "fields: [/code, /name], disclose: nothing")],
            vec![
                "11: breaks: found other `fields` of `code`: stored resources hold the values that they took by the old ones, and never free them".to_owned(),
                "11: compatible: found another `disclose` of `code`".to_owned(),
            ],
        ),
        (
            &[("fields: [/code]", "fields: [/code], normalize: [trim]")],
            vec!["11: breaks: found other `normalize` of `code`: stored resources hold the values that they took by the old ones, and never free them".to_owned()],
        ),
    ] {
        assert_eq!(changed(edits), told, "{edits:?}");
    }
}

#[test]
fn of_references() {
    let counted =
        "what a stored resource names can be deleted until it is counted, or is gone already";
    for (from, to, told) in [
        ("onDelete: ignore", "onDelete: restrict", vec![format!("18: breaks: found `onDelete: restrict` for /other, expected `ignore`, as before: {counted}")]),
        ("  - { field: /other, type: things, onDelete: ignore }\n", "  - { field: /other, type: things, onDelete: ignore }\n  - { field: /name, type: things }\n",
            vec!["19: breaks: found the new reference /name to things: what a stored resource has there may name nothing, and is not counted".to_owned()]),
        ("references:\n  - { field: /other, type: things, onDelete: ignore }\n", "",
            vec!["1: compatible: found no reference /other to things any more: it restricts nothing from now on".to_owned()]),
    ] {
        assert_eq!(changed(&[(from, to)]), told);
    }
    let restricts = OLD.replace("onDelete: ignore", "onDelete: restrict");
    let ignored = found(&restricts, OLD);
    assert_eq!(ignored.len(), 1);
    assert_eq!(
        (ignored[0].line, ignored[0].weight),
        (18, Weight::Compatible)
    );
    let new_field = [
        (
            "  properties:\n",
            "  properties:\n    parent: { type: string }\n",
        ),
        (
            "references:\n",
            "references:\n  - { field: /parent, type: things }\n",
        ),
    ];
    assert_eq!(
        changed(&new_field)[1],
        "19: compatible: found the new reference /parent, which nothing stored has yet"
    );
}

#[test]
fn of_settings() {
    for (from, to, told) in [
        (
            "lease: { max: 15m }\n",
            "",
            "1: may break: found no leases any more: those that run end with the deployment, and others may write what their holders rely on",
        ),
        (
            "max: 15m",
            "max: 5m",
            "19: compatible: found leases of 5 minutes at most; those that run end when they were to",
        ),
        (
            "shards: 4",
            "shards: 2",
            "20: breaks: found lists over 2 of the index's partitions, expected 4 at least, as before: what is stored in the others is listed no more",
        ),
        (
            "shards: 4",
            "shards: 8",
            "20: compatible: found lists over 8 partitions: what is stored stays where it is, and is found there",
        ),
        (
            "\nlease:",
            "\naccess: { read: owner }\nlease:",
            "19: compatible: found `read` allowed to only who created a resource, which each says in `createdBy`, of what is stored already too",
        ),
        (
            "\nlease:",
            "\naccess: { create: [a, b] }\nlease:",
            "19: compatible: found `create` allowed to callers with a or b, of what is stored already too",
        ),
        (
            "\nlease:",
            "\nkeep: { history: 7d }\nlease:",
            "19: compatible: found `history` to be 7 days, for what is written from now on",
        ),
        (
            "\nlease:",
            "\nstale: merge\nlease:",
            "19: compatible: found another `stale`, which the next update goes by",
        ),
        (
            "\nlease:",
            "\ndeprecated: { since: 2026-11-01 }\nlease:",
            "19: compatible: found another `deprecated`, which the next answer tells",
        ),
        (
            ", readOnly: true",
            "",
            "2: compatible: found /count to be readOnly no more: updates may write it",
        ),
        (
            "code: { type: string }",
            "code: { type: string, readOnly: true }",
            "2: compatible: found /code to be readOnly: what is stored stays, and only transitions write it from now on",
        ),
    ] {
        assert_eq!(changed(&[(from, to)]), [told], "{from} -> {to}");
    }
    for (from, to, told) in [
        (
            "hold: { from: open, to: held }",
            "hold: { from: open, to: held, onlyIf: [{ field: /code, exists: true }] }",
            "14: compatible: found another transition `hold`, which the next request for it goes by",
        ),
        (
            "hold: { from: open, to: held }",
            "hold: { from: open, to: held, access: owner }",
            "14: compatible: found `hold` allowed to others, of what is stored already too",
        ),
        (
            "transitions:",
            "create: { onlyIf: [{ field: /code, exists: true }] }\ntransitions:",
            "13: compatible: found another `create`, which the next one goes by",
        ),
    ] {
        assert_eq!(changed(&[(from, to)]), [told]);
    }
    let no_leases = OLD.replace("lease: { max: 15m }\n", "");
    assert_eq!(
        found(&no_leases, OLD)[0].message,
        "found leases, which nothing stored has yet"
    );
}

fn files(names: &[&str]) -> Vec<SourceFile> {
    let file = |name: &&str| SourceFile {
        name: format!("{name}.yaml"),
        text: format!("type: {name}\nschema: {{ type: object }}\n"),
    };
    names.iter().map(file).collect()
}

#[test]
fn of_types() {
    let found = against(&files(&["books", "notes"]), &files(&["notes", "plays"])).unwrap();
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "books.yaml:1:1: breaks: found no declaration of `books` any more: what is stored of it stays in the table, and nothing reads, lists or deletes it\n    Declare it `deprecated` first, and take it away when nothing of it is left, or nobody needs what is. Declared again, it serves what was left.",
            "plays.yaml:1:1: compatible: found the new type `plays`",
        ]
    );
}

#[test]
fn what_is_no_declaration_is_not_compared() {
    let mut broken = files(&["notes"]);
    broken[0].text = "type: notes\n".to_owned();
    for (old, new) in [(&broken, &files(&["notes"])), (&files(&["notes"]), &broken)] {
        let complaints = against(old, new).unwrap_err();
        assert!(complaints[0].message.contains("schema"), "{complaints:?}");
    }
}
