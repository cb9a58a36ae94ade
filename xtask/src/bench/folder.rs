//! A folder for what a command needs on the way: gone when it is dropped.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use crate::Result;

pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Result<Self> {
        let path = env::temp_dir().join(format!("healthcare-bench-{}", process::id()));
        let cannot = |error| format!("cannot use {}: {error}", path.display());
        fs::create_dir_all(&path).map_err(cannot)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
