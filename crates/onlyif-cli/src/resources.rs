//! The folder with the declarations: one file per type.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use onlyif::declaration::{Declarations, SourceFile};

/// How a server is told which folder.
const SERVED: &str = "--resources DIR";

/// The files of a folder, in order of their names.
///
/// # Errors
/// A sentence: there is no such folder, a file cannot be read, or none is there.
pub fn read(folder: &Path) -> Result<Vec<SourceFile>, String> {
    named_by(SERVED, folder)
}

/// The same of a folder that is named in another way, as whoever is to do so writes it.
///
/// # Errors
/// The same.
pub fn named_by(how: &str, folder: &Path) -> Result<Vec<SourceFile>, String> {
    let shown = folder.display();
    let entries = fs::read_dir(folder).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "There is no folder `{shown}` here, where the declarations should be: one file TYPE.yaml per type. Name another with {how}."
        ),
        ErrorKind::NotADirectory => format!("`{shown}` is not a folder. Name the folder with the declarations with {how}."),
        _ => format!("The folder `{shown}` cannot be read ({error})."),
    })?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| format!("The folder `{shown}` cannot be read ({error})."))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        // Editors keep their own files beside: `.orders.yaml.swp`, `.#orders.yaml`.
        if name.starts_with('.') || !path.is_file() {
            continue;
        }
        match extension {
            "yaml" => {
                let text = fs::read_to_string(&path)
                    .map_err(|error| format!("{} cannot be read ({error}).", path.display()))?;
                files.push(SourceFile {
                    name: path.display().to_string(),
                    text,
                });
            }
            "yml" => {
                let right = path.with_extension("yaml");
                return Err(format!(
                    "{}: a declaration's file ends in .yaml. Call it {}.",
                    path.display(),
                    right.display()
                ));
            }
            _ => {}
        }
    }
    if files.is_empty() {
        return Err(format!(
            "The folder `{shown}` holds no declaration: one file TYPE.yaml per type."
        ));
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

/// What the files declare.
///
/// # Errors
/// Every complaint of every file, a line each.
pub fn parse(files: &[SourceFile]) -> Result<Declarations, String> {
    Declarations::parse(files).map_err(|complaints| lines(&complaints))
}

/// What there is to say, each on a line of its own.
pub fn lines(said: &[impl ToString]) -> String {
    let lines: Vec<String> = said.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), format!("# {name}\n")).unwrap();
        }
        folder
    }

    #[test]
    fn the_declarations_are_the_files_that_end_in_yaml() {
        let folder = folder(&[
            "orders.yaml",
            "accounts.yaml",
            ".orders.yaml.swp",
            ".hidden.yaml",
            "orders.yaml~",
            "notes.txt",
        ]);
        fs::create_dir(folder.path().join("seed")).unwrap();
        let names: Vec<String> = read(folder.path())
            .unwrap()
            .into_iter()
            .map(|file| file.name.rsplit('/').next().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["accounts.yaml", "orders.yaml"]);
    }

    #[test]
    fn a_folder_that_cannot_serve_is_told_in_a_sentence() {
        let cases = [
            (folder(&[]).path().join("nowhere"), "There is no folder"),
            (folder(&["notes.txt"]).keep(), "holds no declaration"),
            (folder(&["orders.yml"]).keep(), "orders.yaml"),
            (
                folder(&["notes.txt"]).keep().join("notes.txt"),
                "is not a folder",
            ),
        ];
        for (path, expected) in cases {
            let sentence = read(&path).unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }
}
