//! What survives a restart: one JSON file a thing, in a folder a kind.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A folder of things, or nothing at all where the cloud lives in memory.
#[derive(Debug, Clone)]
pub struct Folder(Option<PathBuf>);

/// Keeps a data directory, made if it is not there, from every other process for as long as it lives.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "the lock is held by being open")] File);

impl Claim {
    /// Claims `data_dir`; none if another process has.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn on(data_dir: &Path) -> io::Result<Option<Claim>> {
        fs::create_dir_all(data_dir)?;
        let file = File::create(data_dir.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Claim(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Folder {
    /// The folder `name` below `data_dir`, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(data_dir: Option<&Path>, name: &str) -> io::Result<Folder> {
        let path = data_dir.map(|data_dir| data_dir.join(name));
        path.as_ref().map(fs::create_dir_all).transpose()?;
        Ok(Folder(path))
    }

    /// Everything that was written and not removed, in no order.
    ///
    /// # Errors
    /// A file cannot be read, or holds something else.
    pub fn load<T: DeserializeOwned>(&self) -> io::Result<Vec<T>> {
        let Some(path) = &self.0 else { return Ok(Vec::new()) };
        let files = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
        let written =
            files.filter(|file| !file.as_ref().is_ok_and(|file| file.extension().is_none_or(|kind| kind != "json")));
        written.map(|file| Ok(serde_json::from_slice(&fs::read(file?)?)?)).collect()
    }

    /// Writes one thing, whole or not at all.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write<T: Serialize>(&self, id: &str, thing: &T) -> io::Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        let unfinished = path.join(format!("{id}.unfinished"));
        fs::write(&unfinished, serde_json::to_vec(thing)?)?;
        fs::rename(unfinished, path.join(format!("{id}.json")))
    }

    /// Removes one thing.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove(&self, id: &str) -> io::Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        fs::remove_file(path.join(format!("{id}.json")))
    }
}
