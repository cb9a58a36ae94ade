//! What a function's package weighs.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::rows::Figures;
use crate::Result;

/// What Lambda wants the binary to be called.
const BOOTSTRAP: &str = "bootstrap";

pub fn measure(executable: &Path, figures: &mut Figures) -> Result {
    let bootstrap = fs::read(executable)?;
    figures.bootstrap_bytes = Some(bootstrap.len() as u64);
    figures.zip_bytes = Some(zipped(&bootstrap)?.len() as u64);
    Ok(())
}

/// A package as `cargo lambda build --output-format zip` makes it.
fn zipped(bootstrap: &[u8]) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o755);
    zip.start_file(BOOTSTRAP, options)?;
    zip.write_all(bootstrap)?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_smaller_than_its_binary() {
        assert!(zipped(&[7; 100_000]).unwrap().len() < 1_000);
    }
}
