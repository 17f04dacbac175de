//! Reloading declarations when they are saved. A file that is wrong changes nothing: what was
//! served before goes on, and the complaints are printed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use onlyif::declaration::{Declarations, SourceFile};
use tokio::sync::{mpsc, watch};

use crate::resources;

/// Saving is often several steps (write, rename, set times): it is over when nothing has happened
/// for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Watches a folder for as long as it lives.
pub struct Watch {
    _watcher: RecommendedWatcher,
    reloads: watch::Receiver<u64>,
}

impl Watch {
    /// Begins to watch; `files` is what is being served. Each set of declarations that is sound
    /// goes to `serve`.
    ///
    /// # Errors
    /// A sentence: the folder cannot be watched.
    pub fn start(
        folder: &Path,
        files: Vec<SourceFile>,
        serve: impl Fn(Arc<Declarations>) + Send + 'static,
    ) -> Result<Self, String> {
        let cannot = |error: notify::Error| {
            format!(
                "The folder {} cannot be watched ({error}).",
                folder.display()
            )
        };
        let (noticed, notices) = mpsc::unbounded_channel();
        // The folder is watched, not its files: many editors save by renaming a new file over the
        // old one.
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                let _ = noticed.send(());
            }
        })
        .map_err(cannot)?;
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(cannot)?;
        let (counted, reloads) = watch::channel(0);
        let reloader = Reloader {
            folder: folder.to_owned(),
            files,
            serve,
            counted,
        };
        tokio::spawn(reloader.run(notices));
        Ok(Watch {
            _watcher: watcher,
            reloads,
        })
    }

    /// Counts the times that the folder's files had changed, for the better or the worse.
    pub fn reloads(&self) -> watch::Receiver<u64> {
        self.reloads.clone()
    }
}

struct Reloader<F> {
    folder: PathBuf,
    files: Vec<SourceFile>,
    serve: F,
    counted: watch::Sender<u64>,
}

impl<F: Fn(Arc<Declarations>)> Reloader<F> {
    async fn run(mut self, mut notices: mpsc::UnboundedReceiver<()>) {
        while notices.recv().await.is_some() {
            while let Ok(Some(())) = tokio::time::timeout(QUIET, notices.recv()).await {}
            self.reload();
        }
    }

    fn reload(&mut self) {
        let files = match resources::read(&self.folder) {
            Ok(files) => files,
            Err(sentence) => return self.keep(&sentence),
        };
        if files == self.files {
            return;
        }
        let saved = changed(&self.files, &files);
        self.files = files;
        match resources::parse(&self.files) {
            Ok(declarations) => {
                (self.serve)(Arc::new(declarations));
                tracing::info!(target: "onlyif::local", "Reloaded: {saved}");
                self.counted.send_modify(|count| *count += 1);
            }
            Err(complaints) => self.keep(&complaints),
        }
    }

    fn keep(&mut self, complaints: &str) {
        tracing::error!(
            target: "onlyif::local",
            "{complaints}\nNot reloaded: what was served before still is."
        );
        self.counted.send_modify(|count| *count += 1);
    }
}

/// The names of the files that differ.
fn changed(before: &[SourceFile], after: &[SourceFile]) -> String {
    let gone = before
        .iter()
        .filter(|old| after.iter().all(|new| new.name != old.name));
    let names: Vec<&str> = after
        .iter()
        .filter(|new| !before.contains(new))
        .chain(gone)
        .map(|file| file.name.as_str())
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::Mutex;

    const SOUND: &str =
        "type: notes\nschema: { type: object, properties: { a: { type: string } } }\n";
    const OTHER: &str =
        "type: notes\nschema: { type: object, properties: { b: { type: string } } }\n";
    const BROKEN: &str = "type: notes\nshema: { type: object }\n";

    /// Each save is waited for by the count of reloads; no time is involved.
    #[tokio::test]
    async fn a_save_is_served_and_a_bad_one_keeps_what_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.yaml");
        fs::write(&path, SOUND).unwrap();
        let served = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&served);
        let files = resources::read(folder.path()).unwrap();
        let watch = Watch::start(folder.path(), files, move |declarations| {
            let property = declarations.get("notes").unwrap().schema.source["properties"].clone();
            record
                .lock()
                .unwrap()
                .push(property.as_object().unwrap().keys().next().unwrap().clone());
        })
        .unwrap();
        let mut reloads = watch.reloads();

        fs::write(&path, BROKEN).unwrap();
        reloads.changed().await.unwrap();
        assert!(served.lock().unwrap().is_empty());

        // As editors save: a new file, renamed over the old one.
        let new = folder.path().join(".notes.yaml.tmp");
        fs::write(&new, OTHER).unwrap();
        fs::rename(&new, &path).unwrap();
        reloads.changed().await.unwrap();
        assert_eq!(*served.lock().unwrap(), ["b"]);

        fs::write(
            folder.path().join("more.yaml"),
            SOUND.replace("notes", "more"),
        )
        .unwrap();
        reloads.changed().await.unwrap();
        assert_eq!(*served.lock().unwrap(), ["b", "b"]);
    }

    #[test]
    fn what_has_changed_is_told_by_name() {
        let file = |name: &str, text: &str| SourceFile {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let before = [file("a", "1"), file("b", "1"), file("c", "1")];
        let after = [file("a", "1"), file("b", "2"), file("d", "1")];
        assert_eq!(changed(&before, &after), "b, d, c");
    }
}
