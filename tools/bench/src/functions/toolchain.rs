//! The tools and the processor, which figures depend on besides the code.

use std::env::consts::ARCH;
use std::fmt::{self, Display, Formatter};
use std::fs;

use ops::Result;
use serde::{Deserialize, Serialize};

use super::callgrind::Callgrind;
use crate::machine::first_line;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// Affects sizes and instructions.
    pub rustc: String,
    /// Affects instructions only, as all further fields do: cryptography and `memcpy` use the processor's extensions.
    pub processor: String,
    pub libc: String,
    pub valgrind: Option<String>,
}

impl Display for Toolchain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { rustc, processor, libc, valgrind } = self;
        write!(f, "{rustc}, {processor}, {libc}, {}", valgrind.as_deref().unwrap_or("no valgrind"))
    }
}

impl Toolchain {
    pub fn this(callgrind: Option<&Callgrind>) -> Result<Self> {
        let wide = fs::read_to_string("/proc/cpuinfo").is_ok_and(|it| it.contains(" avx2 "));
        Ok(Self {
            rustc: first_line("rustc", &["--version"])?,
            processor: if wide { format!("{ARCH} avx2") } else { ARCH.to_owned() },
            // A system without `ldd` has no callgrind either.
            libc: first_line("ldd", &["--version"]).unwrap_or_default(),
            valgrind: callgrind.map(Callgrind::version).transpose()?,
        })
    }

    /// Whether sizes are comparable.
    pub fn builds_as(&self, other: &Self) -> bool {
        self.rustc == other.rustc
    }

    /// Whether counts of instructions are comparable. Without valgrind there are no counts.
    pub fn counts_as(&self, other: &Self) -> bool {
        let with = |toolchain: &Self| toolchain.valgrind.clone();
        let valgrind = with(self).zip(with(other)).is_none_or(|(one, other)| one == other);
        let same = |of: fn(&Self) -> &str| of(self) == of(other);
        self.builds_as(other) && same(|it| &it.processor) && same(|it| &it.libc) && valgrind
    }
}
