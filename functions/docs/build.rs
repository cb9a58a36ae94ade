//! Takes what the page needs out of Swagger UI (Apache-2.0), whose release is an archive inside of a crate.

use std::borrow::Cow;
use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, Cursor};
use std::path::Path;

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const FILES: [&str; 3] = ["index.css", "swagger-ui.css", "swagger-ui-bundle.js"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for name in FILES {
        // Below a folder that is called after the version.
        let end = format!("/dist/{name}");
        let path = archive.file_names().flatten().find(|path| path.ends_with(&end));
        let path = path.map(Cow::into_owned).ok_or_else(|| format!("Swagger UI has no {name}"))?;
        let mut file = File::create(Path::new(&target).join(name))?;
        io::copy(&mut archive.by_name(&path)?, &mut file)?;
    }
    Ok(())
}
