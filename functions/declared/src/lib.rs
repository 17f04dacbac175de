//! The declarations of `resources/`, compiled into every function: what is deployed is what was checked.
//!
//! A bad declaration fails the build: `build.rs` prints each complaint as `FILE:LINE:COLUMN: MESSAGE`.
//!
//! **Invariant**: nothing is read at run time.

use onlyif::declaration::{Declarations, SourceFile};

include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The declarations, parsed. Once per cold start.
pub fn declarations() -> Declarations {
    let files: Vec<SourceFile> = SOURCES
        .iter()
        .map(|(name, text)| SourceFile {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    match Declarations::parse(&files) {
        Ok(declarations) => declarations,
        // The same parser has read the same text when this crate was built: only a build that mixes
        // two versions of it comes here, and such a function must not start.
        Err(complaints) => {
            for complaint in complaints {
                eprintln!("{complaint}");
            }
            std::process::exit(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_of_the_folder_is_compiled_in() {
        let names: Vec<String> = declarations()
            .iter()
            .map(|each| each.name.clone())
            .collect();
        let files: Vec<String> = SOURCES
            .iter()
            .filter_map(|(name, _)| {
                Some(
                    name.strip_prefix("resources/")?
                        .strip_suffix(".yaml")?
                        .to_owned(),
                )
            })
            .collect();
        assert!(!files.is_empty());
        assert_eq!(names, files);
    }
}
