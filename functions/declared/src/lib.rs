//! The declarations of `resources/`, compiled into every function: what is deployed is what was checked.
//!
//! A bad declaration fails the build: `build.rs` prints each complaint as `FILE:LINE:COLUMN: MESSAGE`.
//!
//! With them, what every function begins with: its settings and its table, from the environment.
//!
//! **Invariant**: no file is read at run time.

use std::sync::Arc;

use onlyif::declaration::{Declarations, SourceFile};
use onlyif_dynamodb::Table;
use onlyif_http::{App, Settings, cold_start};

include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The declarations: `build.rs` has checked them, so that each is read when its type is first asked for.
pub fn declarations() -> Declarations {
    Declarations::checked(sources())
}

fn sources() -> impl Iterator<Item = SourceFile> {
    SOURCES.iter().map(|(name, text)| SourceFile {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    })
}

/// What a function holds from its cold start on: logging is set up, the settings and declarations
/// are read, and the first connection to the table is made.
///
/// # Errors
/// A setting that is missing or cannot be read, by its name.
pub async fn app() -> Result<App<Table>, lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    cold_start::log(variable);
    let settings = Settings::read(variable)?;
    let store = Table::connect(&onlyif_dynamodb::Settings::from_env()?)?;
    store.warm_up().await;
    Ok(App {
        declarations: Arc::new(declarations()),
        store,
        settings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_type_by_type_is_what_was_checked_together() {
        let together = Declarations::parse(&sources().collect::<Vec<_>>()).unwrap();
        let one_by_one = declarations();
        for declaration in together.iter() {
            let again = one_by_one.get(&declaration.name).unwrap();
            assert_eq!(format!("{again:?}"), format!("{declaration:?}"));
        }
        assert_eq!(together.iter().count(), one_by_one.iter().count());
        assert!(one_by_one.get("nothings").is_none());
    }

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
