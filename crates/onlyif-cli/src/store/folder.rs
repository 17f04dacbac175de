//! The data folder: one file of SQLite's, held by one process at a time.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The file that holds the table; SQLite adds `-wal` and `-shm` beside it.
const STORE: &str = "store.sqlite3";
const LOCK: &str = "lock";

/// A data folder that this process holds. It is given up when the value is dropped, and when the
/// process ends, however it ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is missing, and takes hold of it.
    ///
    /// # Errors
    /// A sentence: the folder cannot be used, or another process holds it.
    pub fn hold(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        fs::create_dir_all(path).map_err(|error| {
            format!("The data folder {shown} cannot be made ({error}). Name another with --data DIR, or use --memory.")
        })?;
        let unusable = |error: std::io::Error| {
            format!(
                "The data folder {shown} cannot be written to ({error}). Name another with --data DIR, or use --memory."
            )
        };
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(path, &mut lock)),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        // Whose it is, for the sentence that another process will say.
        lock.set_len(0)
            .and_then(|()| write!(lock, "{}", std::process::id()))
            .map_err(unusable)?;
        Ok(Folder {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Deletes what is stored, and nothing else that may lie in the folder.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn reset(&self) -> Result<(), String> {
        for suffix in ["", "-wal", "-shm"] {
            let file = self.path.join(format!("{STORE}{suffix}"));
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(format!("{} cannot be deleted ({error}).", file.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the table is.
    pub fn store(&self) -> PathBuf {
        self.path.join(STORE)
    }
}

fn held(path: &Path, lock: &mut File) -> String {
    let mut process = String::new();
    // What the file says is for a person: the lock is what counts.
    let named = lock.read_to_string(&mut process).is_ok() && !process.is_empty();
    let by = if named {
        format!(" (process {process})")
    } else {
        String::new()
    };
    format!(
        "Another onlyif{by} serves the data in {}. Stop it, give this one a folder of its own with --data DIR, or use --memory.",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_once_and_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("data");
        let first = Folder::hold(&path).unwrap();
        let sentence = Folder::hold(&path).unwrap_err();
        let process = format!("(process {})", std::process::id());
        assert!(sentence.contains(&process), "{sentence}");
        assert!(sentence.contains("--data DIR"), "{sentence}");
        drop(first);
        Folder::hold(&path).unwrap();
    }

    #[test]
    fn a_reset_deletes_the_store_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let held = Folder::hold(folder.path()).unwrap();
        held.reset().unwrap();
        for name in [
            "store.sqlite3",
            "store.sqlite3-wal",
            "store.sqlite3-shm",
            "notes.txt",
        ] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        held.reset().unwrap();
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["lock", "notes.txt"]);
    }

    #[test]
    fn a_path_that_cannot_be_a_folder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let sentence = Folder::hold(&file).unwrap_err();
        assert!(
            sentence.contains("cannot be made") && sentence.contains("--memory"),
            "{sentence}"
        );
    }
}
