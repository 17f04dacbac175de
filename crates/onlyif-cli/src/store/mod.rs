//! The store behind the local server: the embedded one, or any DynamoDB endpoint.
//!
//! - [`embedded`]: DynamoDB on SQLite, in this process
//! - [`folder`]: where it keeps its files

pub mod embedded;
pub mod folder;

use std::path::PathBuf;

use onlyif::store::Failure;
use onlyif_dynamodb::{Credentials, Definition, Settings, Table};

use self::embedded::Embedded;
use self::folder::Folder;
use crate::serve::{Data, Options};

/// A store that is open.
#[derive(Debug)]
pub struct Opened {
    /// Its table.
    pub table: Table,
    /// Where that is.
    pub settings: Settings,
    /// The embedded store, where it is that one: its owner stops it.
    pub embedded: Option<Embedded>,
}

/// Opens the store that the options name, with the table made where it is missing.
///
/// # Errors
/// A sentence: what cannot be opened or reached, and what to do.
pub async fn open(options: &Options, definition: &Definition) -> Result<Opened, String> {
    let embedded = match &options.store {
        Some(_) => None,
        None => Some(embedded(options)?),
    };
    let settings = match (&embedded, &options.store) {
        (Some(embedded), _) => Settings::emulated(&options.table, &embedded.url),
        (None, url) => elsewhere(&options.table, url.as_deref().unwrap_or_default())?,
    };
    let table = Table::connect(&settings).map_err(|sentence| format!("--store: {sentence}."))?;
    table.create_if_missing(definition).await.map_err(|failure| {
        let store = options.store.as_deref().unwrap_or("in this process");
        match failure {
            Failure::Unavailable { .. } | Failure::OutOfTime => {
                format!("The store {store} does not answer. Is it running, and is its address right?")
            }
            Failure::Defect => format!(
                "The store {store} did not make the table `{}`. Is it DynamoDB, and may these credentials make tables?",
                options.table
            ),
        }
    })?;
    Ok(Opened {
        table,
        settings,
        embedded,
    })
}

fn embedded(options: &Options) -> Result<Embedded, String> {
    let folder = match &options.data {
        Data::Memory => None,
        Data::Folder(path) => {
            let folder = Folder::hold(path)?;
            if options.reset {
                folder.reset()?;
            }
            Some(folder)
        }
    };
    Embedded::start(folder)
}

/// The address of a DynamoDB endpoint, if it can be one.
///
/// # Errors
/// A sentence that shows one.
pub fn endpoint(text: &str) -> Result<String, String> {
    let authority = text
        .parse::<http::Uri>()
        .ok()
        .and_then(|uri| uri.into_parts().authority);
    let web = text.starts_with("http://") || text.starts_with("https://");
    if authority.is_some() && web {
        return Ok(text.to_owned());
    }
    Err(
        "It should be the address of a DynamoDB endpoint, such as http://127.0.0.1:8000."
            .to_owned(),
    )
}

/// An endpoint of someone else's, with the environment's credentials; an emulator takes any.
fn elsewhere(table: &str, url: &str) -> Result<Settings, String> {
    let url =
        endpoint(url).map_err(|sentence| format!("`{url}` cannot be the store. {sentence}"))?;
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut settings = Settings::emulated(table, url);
    settings.trusted = given("AWS_CA_BUNDLE").map(PathBuf::from);
    if let Some(region) = given("AWS_REGION") {
        settings.region = region;
    }
    if let (Some(access_key_id), Some(secret_access_key)) =
        (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY"))
    {
        settings.credentials = Credentials {
            access_key_id,
            secret_access_key,
            session_token: given("AWS_SESSION_TOKEN"),
        };
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{STORAGE, definition};

    fn options(store: &str) -> Options {
        Options {
            store: Some(store.to_owned()),
            ..Options::default()
        }
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_is_told_in_a_sentence() {
        let definition = definition(STORAGE).unwrap();
        // A port that was free a moment ago: nobody listens there.
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let cases = [
            ("127.0.0.1:8000".to_owned(), "cannot be the store"),
            ("ftp://127.0.0.1".to_owned(), "cannot be the store"),
            (String::new(), "cannot be the store"),
            (format!("http://{free}"), "does not answer"),
        ];
        for (store, expected) in cases {
            let sentence = open(&options(&store), &definition).await.unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }

    #[tokio::test]
    async fn a_table_that_is_there_is_used_as_it_is() {
        let definition = definition(STORAGE).unwrap();
        let embedded = Embedded::start(None).unwrap();
        for _ in 0..2 {
            let opened = open(&options(&embedded.url), &definition).await.unwrap();
            assert!(opened.embedded.is_none());
        }
        embedded.stop().await;
    }
}
