//! The embedded store: DynamoDB on SQLite, served over HTTP on loopback, so that the real SDK and
//! the real expressions are what runs locally too.
//!
//! Durability: the database is opened in SQLite's WAL mode, and `PRAGMA synchronous` stays at its
//! default, FULL: each commit is synced to the log before it is answered. A killed process loses
//! nothing that was answered, and neither does a machine that loses power.
//! <https://www.sqlite.org/pragma.html#pragma_synchronous>

use std::net::{Ipv4Addr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dynoxide::Database;
use dynoxide::storage::Storage;
use tokio::sync::oneshot;
use tracing::subscriber::NoSubscriber;
use uuid::Uuid;

use super::folder::Folder;

/// How long a running request may hold up the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running store. It has a thread to itself: it works one request at a time, waits for the disk,
/// and should keep nobody waiting who needs nothing of it.
#[derive(Debug)]
pub struct Embedded {
    /// Where it listens.
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Starts a store on what the folder holds, or, without one, on memory.
    ///
    /// # Errors
    /// A sentence: the file is not a store, or no port could be had.
    pub fn start(folder: Option<Folder>) -> Result<Self, String> {
        let database = match &folder {
            Some(folder) => open(folder)?,
            None => in_memory()
                .map_err(|error| format!("The store in memory cannot be made: {error}."))?,
        };
        let no_port = |error: std::io::Error| {
            format!("The embedded store cannot listen on loopback ({error}).")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(no_port)?;
        listener.set_nonblocking(true).map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                // The emulator warns of every condition that does not hold: that is our business.
                let quiet = NoSubscriber::default();
                let ended = tracing::subscriber::with_default(quiet, || serve(listener, database, stopped));
                if let Err(error) = ended {
                    tracing::error!(target: "onlyif::local", "The embedded store has ended: {error}");
                }
                // Only now may another process have it.
                drop(folder);
            })
            .map_err(|error| format!("The embedded store cannot have a thread ({error})."))?;
        Ok(Embedded {
            url: format!("http://127.0.0.1:{port}"),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Ends it, and waits until its files are closed.
    pub async fn stop(mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(());
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// To find the place of the next record of a stream, the emulator looks at all that there ever were;
/// and it keeps them for ever, where DynamoDB does for a day. With these, a place is found by one
/// step, and each record drops those that are a day older.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
const STREAMS: &str = "
    CREATE INDEX IF NOT EXISTS onlyif_stream_place ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE INDEX IF NOT EXISTS onlyif_stream_age ON _stream_records (created_at);
    CREATE TRIGGER IF NOT EXISTS onlyif_stream_trim AFTER INSERT ON _stream_records BEGIN
        DELETE FROM _stream_records WHERE created_at < NEW.created_at - 86400;
    END;
";

/// The database of this name, as the emulator and we want it.
fn prepared(name: &str) -> dynoxide::Result<Database> {
    let storage = Storage::new(name)?;
    storage.conn().execute_batch(STREAMS)?;
    // While one connection is open, what it holds in memory is there for the next.
    Database::new(name)
}

/// A database that nobody else has, and that ends with its connections.
/// <https://www.sqlite.org/inmemorydb.html#sharedmemdb>
fn in_memory() -> dynoxide::Result<Database> {
    let name = Uuid::now_v7();
    prepared(&format!("file:onlyif-{name}?mode=memory&cache=shared"))
}

fn open(folder: &Folder) -> Result<Database, String> {
    let path = folder.store();
    let shown = path.display();
    let text = path.to_str().ok_or_else(|| {
        format!("The name of the data folder ({shown}) is not UTF-8, which SQLite needs.")
    })?;
    let database = prepared(text).map_err(|error| {
        // The emulator's own words are about its features, not about ours.
        tracing::debug!(target: "onlyif::local", "{shown}: {error}");
        format!("{shown} cannot be opened: it cannot be read, or is no store, or a newer version's. Begin anew with --reset, or name another folder with --data DIR.")
    })?;
    // DynamoDB drops expired items some day; here that day is the next start. Nothing depends on
    // it: whether something has expired is compared in every condition.
    if let Err(error) = database.sweep_ttl() {
        tracing::warn!(target: "onlyif::local", "Expired items could not be dropped: {error}");
    }
    Ok(database)
}

fn serve(
    listener: TcpListener,
    database: Database,
    stopped: oneshot::Receiver<()>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    // The runtime takes with it whatever connections are left, and with them the last hold on the
    // files.
    runtime.block_on(async move {
        let listener =
            tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
        let (ending, end) = oneshot::channel::<()>();
        let server = dynoxide::server::serve_with_shutdown(listener, database, async {
            // A store that nobody holds any more ends as well.
            let _ = stopped.await;
            let _ = ending.send(());
        });
        let late = async {
            let _ = end.await;
            tokio::time::sleep(PATIENCE).await;
        };
        tokio::select! {
            ended = server => ended,
            () = late => Ok(()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_listens_until_it_is_stopped_and_then_gives_up_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = Embedded::start(Some(Folder::hold(folder.path()).unwrap())).unwrap();
        let answer = reqwest::get(&store.url).await.unwrap();
        assert!(answer.text().await.unwrap().starts_with("healthy"));
        assert!(Folder::hold(folder.path()).is_err());
        let url = store.url.clone();
        store.stop().await;
        assert!(reqwest::get(&url).await.is_err());
        Folder::hold(folder.path()).unwrap();
    }

    #[tokio::test]
    async fn stores_in_memory_live_side_by_side() {
        let (first, second) = (
            Embedded::start(None).unwrap(),
            Embedded::start(None).unwrap(),
        );
        assert_ne!(first.url, second.url);
        first.stop().await;
        assert!(
            reqwest::get(&second.url)
                .await
                .unwrap()
                .status()
                .is_success()
        );
        second.stop().await;
    }

    #[test]
    fn a_record_of_the_stream_is_found_by_an_index_and_dropped_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let path = path.to_str().unwrap();
        prepared(path).unwrap();
        // Once more: a store that is there has them already.
        prepared(path).unwrap();
        let storage = Storage::new(path).unwrap();
        let text = |sql: &str, column| -> String {
            let row = storage.conn().query_row(sql, [], |row| row.get(column));
            row.unwrap()
        };
        let held_at = |second: u64| {
            storage
                .conn()
                .execute_batch(&format!(
                    "INSERT INTO _stream_records (table_name, event_name, keys_json, sequence_number, shard_id, created_at)
                     VALUES ('t', 'INSERT', '{{}}', {second}, 's', {second})"
                ))
                .unwrap();
            text("SELECT group_concat(created_at) FROM _stream_records", 0)
        };
        assert_eq!(held_at(1), "1");
        assert_eq!(held_at(86_401), "1,86401");
        assert_eq!(held_at(86_402), "86401,86402");
        // As the emulator asks.
        let plan = "EXPLAIN QUERY PLAN SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = 't'";
        let plan = text(plan, 3);
        assert!(plan.contains("onlyif_stream_place"), "{plan}");
    }

    #[test]
    fn a_file_that_is_no_store_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let held = Folder::hold(folder.path()).unwrap();
        std::fs::write(held.store(), "not a database, but long enough to be read as the header of one, it is hoped, at least a hundred bytes").unwrap();
        let sentence = Embedded::start(Some(held)).unwrap_err();
        assert!(sentence.contains("--reset"), "{sentence}");
        assert!(
            !sentence.to_lowercase().contains("encryption"),
            "{sentence}"
        );
    }
}
