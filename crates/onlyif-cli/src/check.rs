//! `onlyif check`: the declarations of a folder, without serving them.

use std::fs;
use std::path::Path;

use onlyif::declaration::SourceFile;
use onlyif::declaration::upgrade::{self, Finding, Weight};

use crate::resources;

/// How a check is told which folder.
const CHECKED: &str = "onlyif check DIR";

/// What each type of the folder declares, for a terminal.
///
/// # Errors
/// Every complaint of every file, a line each.
pub fn check(folder: &Path) -> Result<String, String> {
    let declarations = resources::parse(&resources::named_by(CHECKED, folder)?)?;
    let summaries: Vec<String> = declarations
        .iter()
        .map(|declaration| declaration.summary().trim_end().to_owned())
        .collect();
    Ok(summaries.join("\n\n"))
}

/// What a change from the declarations in `old` to those of the folder means for what is stored, for a
/// terminal. `old` is a folder too, or one file, which stands in the place of the one of its name.
///
/// # Errors
/// The same, where the change breaks what is stored; every complaint of every file, where some cannot
/// be read.
pub fn against(folder: &Path, old: &Path) -> Result<String, String> {
    let new = resources::named_by(CHECKED, folder)?;
    let old = match old.is_file() {
        true => replaced(&new, old)?,
        false => resources::named_by("--against DIR", old)?,
    };
    let findings =
        upgrade::against(&old, &new).map_err(|complaints| resources::lines(&complaints))?;
    let report = format!("{}{}", resources::lines(&findings), summed_up(&findings));
    match count(&findings, Weight::Breaks) {
        0 => Ok(report),
        _ => Err(report),
    }
}

fn replaced(files: &[SourceFile], by: &Path) -> Result<Vec<SourceFile>, String> {
    let shown = by.display();
    let text =
        fs::read_to_string(by).map_err(|error| format!("{shown} cannot be read ({error})."))?;
    let others = files
        .iter()
        .filter(|file| Path::new(&file.name).file_name() != by.file_name());
    let mut files: Vec<SourceFile> = others.cloned().collect();
    files.push(SourceFile {
        name: shown.to_string(),
        text,
    });
    Ok(files)
}

fn count(findings: &[Finding], weight: Weight) -> usize {
    findings
        .iter()
        .filter(|finding| finding.weight == weight)
        .count()
}

/// The last line.
fn summed_up(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "Nothing has changed that concerns what is stored.".to_owned();
    }
    let [breaks, may, compatible] = [Weight::Breaks, Weight::MayBreak, Weight::Compatible]
        .map(|weight| count(findings, weight));
    format!(
        "\nChanges that break what is stored: {breaks}; that may: {may}; compatible: {compatible}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
