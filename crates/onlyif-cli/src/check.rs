//! `onlyif check`: the declarations of a folder, without serving them.

use std::path::Path;

use crate::resources;

/// What each type of the folder declares, for a terminal.
///
/// # Errors
/// Every complaint of every file, a line each.
pub fn check(folder: &Path) -> Result<String, String> {
    let declarations = resources::parse(&resources::read(folder)?)?;
    let summaries: Vec<String> = declarations
        .iter()
        .map(|declaration| declaration.summary().trim_end().to_owned())
        .collect();
    Ok(summaries.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_complaint_of_every_file_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("a.yaml"),
            "type: a\nshema: { type: object }\n",
        )
        .unwrap();
        fs::write(
            folder.path().join("b.yaml"),
            "type: c\nschema: { type: object }\n",
        )
        .unwrap();
        let complaints = check(folder.path()).unwrap_err();
        for expected in ["a.yaml:2:", "schema", "b.yaml:1:"] {
            assert!(complaints.contains(expected), "{expected}: {complaints}");
        }
        assert!(complaints.lines().count() >= 2, "{complaints}");
    }

    #[test]
    fn a_sound_folder_is_summarised_type_by_type() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["notes", "books"] {
            fs::write(
                folder.path().join(format!("{name}.yaml")),
                format!("type: {name}\nschema: {{ type: object }}\n"),
            )
            .unwrap();
        }
        let summary = check(folder.path()).unwrap();
        assert!(
            summary.contains("notes") && summary.contains("books"),
            "{summary}"
        );
    }
}
