//! The pinned cargo-lambda, installed when it is first needed, and `cargo xtask tools`.
//!
//! It comes prebuilt from PyPI: building it takes many minutes. It gets a folder of its own in the
//! user's cache, so that neither the system nor another version of it is touched.

use std::env;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::group::Group;
use crate::lock::lock;
use crate::stop::unless_stopped;
use crate::{Result, ui};

const NAME: &str = "cargo-lambda";
const VERSION: &str = "1.9.2";

/// Prints the folder that holds nothing but cargo-lambda, alone on stdout.
pub async fn run() -> Result {
    let executable = unless_stopped(cargo_lambda(), false).await?.ok_or("stopped")??;
    let folder = executable.parent().unwrap_or(&executable);
    writeln!(io::stdout(), "{}", folder.display())?;
    Ok(())
}

/// The pinned cargo-lambda, installed first if it is missing.
pub async fn cargo_lambda() -> Result<PathBuf> {
    let cache = cache()?;
    let folder = cache.join(format!("{NAME}-{VERSION}"));
    let executable = folder.join(NAME);
    if !executable.is_file() {
        let cannot =
            |error: io::Error| format!("cannot use the folder {}: {error}", cache.display());
        fs::create_dir_all(&cache).map_err(cannot)?;
        let _lock = lock(&cache.join(format!("{NAME}-{VERSION}.lock"))).await.map_err(cannot)?;
        // Whoever held the lock may have done it.
        if !executable.is_file() {
            install(&folder, &cache.join(format!("{NAME}-{VERSION}.partial"))).await?;
        }
    }
    Ok(executable)
}

fn cache() -> Result<PathBuf> {
    let of_user = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|it| it.is_absolute());
    of_user
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .map(|cache| cache.join("healthcare"))
        .ok_or_else(|| "no home folder: set HOME or XDG_CACHE_HOME".into())
}

/// Works in `partial` and renames at the end: a `folder` that is there is complete.
async fn install(folder: &Path, partial: &Path) -> Result {
    check_python().await?;
    ui::status("Installing", format!("{NAME} {VERSION} from PyPI into {}", folder.display()));
    // Left by an installation that was interrupted: whoever holds the lock is alone.
    remove(partial)?;
    remove(folder)?;

    let environment = partial.join("venv");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&environment);
    if !succeeds(venv).await? {
        return Err("Python made no virtual environment; its own words stand above".into());
    }
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        // What it depends on is a C compiler of 400 MB, which only `cargo lambda build` wants.
        .arg("--no-deps")
        .arg(format!("{NAME}=={VERSION}"));
    if !succeeds(pip).await? {
        let problem = format!("pip could not install {NAME} {VERSION}; its own words stand above");
        return Err(problem.into());
    }

    let alone = partial.join("bin");
    fs::create_dir(&alone)?;
    fs::rename(environment.join("bin").join(NAME), alone.join(NAME))?;
    fs::rename(&alone, folder)?;
    remove(partial)
}

async fn check_python() -> Result {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]).stderr(Stdio::null());
    let problem = match succeeds(python).await {
        Ok(true) => return Ok(()),
        Ok(false) => {
            "Python's venv module is missing: install it (Debian: apt install python3-venv)"
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            "python3 is missing: install Python 3, which fetches cargo-lambda from PyPI"
        }
        Err(error) => return Err(format!("cannot run python3: {error}").into()),
    };
    Err(problem.into())
}

/// Runs a command to its end. What it prints goes to stderr: stdout is for the answer of `tools`.
async fn succeeds(mut command: Command) -> io::Result<bool> {
    command.stdout(io::stderr());
    let status = Group::spawn(command)?.wait().await?;
    Ok(status.success())
}

fn remove(folder: &Path) -> Result {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", folder.display()).into())
        }
        _ => Ok(()),
    }
}
