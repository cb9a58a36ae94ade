//! The size of a function's binary and of its package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ops::Result;

use super::rows::Figures;
use super::test_bed::TestBed;

/// The name that Lambda requires of the binary.
const BOOTSTRAP: &str = "bootstrap";

pub fn measure(bed: &TestBed, executable: &Path, figures: &mut Figures) -> Result {
    let bootstrap = bed.file(BOOTSTRAP);
    figures.bootstrap_bytes = Some(fs::copy(executable, &bootstrap)?);
    figures.zip_bytes = Some(fs::metadata(zipped(&bootstrap)?)?.len());
    Ok(())
}

/// Creates a package as `sam deploy` does: with Python's own zipfile and its default settings.
fn zipped(file: &Path) -> Result<PathBuf> {
    let zip = file.with_extension("zip");
    let mut python = Command::new("python3");
    python.args(["-m", "zipfile", "-c"]).arg(&zip).arg(file);
    if python.status()?.success() {
        Ok(zip)
    } else {
        Err(format!("Python cannot create a package of {}", file.display()).into())
    }
}

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;

    #[test]
    fn package_is_smaller_than_its_binary() {
        let folder = tempdir().unwrap();
        let file = folder.path().join(BOOTSTRAP);
        fs::write(&file, [7; 100_000]).unwrap();
        assert!(fs::metadata(zipped(&file).unwrap()).unwrap().len() < 1_000);
    }
}
