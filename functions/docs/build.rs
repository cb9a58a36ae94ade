//! Takes what the page needs out of Swagger UI (Apache-2.0), whose release is an archive inside of a crate.

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::fs::File;
use std::io;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::ZipArchive;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

const FILES: [&str; 3] = ["index.css", "swagger-ui.css", "swagger-ui-bundle.js"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let archive = ZipArchive::from_slice(SWAGGER_UI_VENDORED)?;
    // Below a folder that is called after the version.
    let mut missing: BTreeSet<String> = FILES.map(|name| format!("/dist/{name}")).into();
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry()? {
        let path = entry.file_path().try_normalize()?;
        let Some(end) = missing.iter().find(|end| path.as_ref().ends_with(*end)).cloned() else {
            continue;
        };
        let name = end.rsplit('/').next().unwrap_or_default();
        let entry = archive.get_entry(entry.wayfinder())?;
        let content = DeflateDecoder::new(entry.data());
        let mut file = File::create(Path::new(&target).join(name))?;
        io::copy(&mut entry.verifying_reader(content), &mut file)?;
        missing.remove(&end);
    }
    if !missing.is_empty() {
        return Err(format!("Swagger UI has no {missing:?}").into());
    }
    Ok(())
}
