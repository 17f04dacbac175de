//! Checks the declarations, so that a bad one fails the build, and writes them into the crate.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::{env, fs};

use onlyif::declaration::{Declarations, SourceFile};

/// The variable that names another folder than `resources/`, from the workspace's own: the tests deploy
/// types of theirs.
const FOLDER: &str = "ONLYIF_RESOURCES";

fn main() {
    if let Err(message) = embed() {
        eprintln!("{message}");
        exit(1);
    }
}

fn embed() -> Result<(), String> {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let folder = match env::var_os(FOLDER) {
        Some(folder) => here.join("../..").join(folder),
        None => here.join("../../resources"),
    };
    println!("cargo::rerun-if-env-changed={FOLDER}");
    println!("cargo::rerun-if-changed={}", folder.display());
    let paths = declarations_in(&folder)?;
    let mut files = Vec::new();
    for path in &paths {
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(path).map_err(|error| unread(path, &error))?;
        let name = format!("resources/{}", file_name(path));
        files.push(SourceFile { name, text });
    }
    Declarations::parse(&files).map_err(|complaints| {
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let out = PathBuf::from(variable("OUT_DIR")?).join("sources.rs");
    fs::write(&out, sources(&paths)?).map_err(|error| unread(&out, &error))
}

/// The declarations of a folder, by name.
fn declarations_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| unread(folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unread(folder, &error))?.path();
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The constant that the library includes.
fn sources(paths: &[PathBuf]) -> Result<String, String> {
    let mut code = String::from(
        "/// Each declaration's file and text, by file.\npub const SOURCES: &[(&str, &str)] = &[\n",
    );
    for path in paths {
        let absolute = fs::canonicalize(path).map_err(|error| unread(path, &error))?;
        let name = format!("resources/{}", file_name(path));
        // Writing to a string cannot fail.
        let _ = writeln!(
            code,
            "    ({name:?}, include_str!({:?})),",
            absolute.display().to_string()
        );
    }
    code.push_str("];\n");
    Ok(code)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: this is run by cargo"))
}

fn unread(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
