//! `tools/bench/figures.json`: the recorded figures of the functions.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use ops::Result;
use repo::root::repository;
use serde::{Deserialize, Serialize};

use super::rows::{Figures, Rows};
use super::toolchain::Toolchain;

/// The advice for figures that are missing or out of date.
pub const SAVE: &str = "`cargo benchmark functions --save` writes them";

#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded {
    pub toolchain: Toolchain,
    pub functions: BTreeMap<String, Figures>,
}

impl Recorded {
    /// Reads the file; returns `None` if it does not exist.
    pub fn load() -> Result<Option<Self>> {
        let path = path();
        match fs::read_to_string(&path) {
            Ok(text) => {
                let wrong = |error| format!("{} is not readable: {error}; {SAVE}", path.display());
                Ok(Some(serde_json::from_str(&text).map_err(wrong)?))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read {}: {error}", path.display()).into()),
        }
    }

    pub fn save(&self) -> Result {
        let path = path();
        let text = serde_json::to_string_pretty(self)? + "\n";
        let cannot = |error| format!("cannot write {}: {error}", path.display());
        Ok(fs::write(&path, text).map_err(cannot)?)
    }

    /// Returns the earlier figures, updated by the new ones. Figures that were not measured again stay, unless other
    /// tools make them incomparable.
    pub fn updated(earlier: Option<Self>, now: Toolchain, rows: &Rows) -> Self {
        let mut functions = BTreeMap::new();
        let mut valgrind = now.valgrind.clone();
        if let Some(earlier) = earlier {
            functions = earlier.functions;
            for figures in functions.values_mut() {
                if !earlier.toolchain.builds_as(&now) {
                    figures.forget_sizes();
                }
                if !earlier.toolchain.counts_as(&now) {
                    figures.forget_instructions();
                }
            }
            valgrind = valgrind.or(earlier.toolchain.valgrind);
        }
        for (name, row) in rows.kept() {
            let figures: &mut Figures = functions.entry(name.to_owned()).or_default();
            figures.update(&row.figures);
        }
        Self { toolchain: Toolchain { valgrind, ..now }, functions }
    }
}

fn path() -> PathBuf {
    repository().join("tools/bench/figures.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain(rustc: &str, valgrind: Option<&str>) -> Toolchain {
        let [processor, libc] = ["x86_64", "2.41"].map(str::to_owned);
        let valgrind = valgrind.map(str::to_owned);
        Toolchain { rustc: rustc.to_owned(), processor, libc, valgrind }
    }

    fn rows(set: impl FnOnce(&mut Figures)) -> Rows {
        let mut rows = Rows::default();
        set(&mut rows.of("health").figures);
        rows
    }

    #[test]
    fn unmeasured_figures_stay() {
        let with_valgrind = toolchain("1.95", Some("3.24"));
        let counted = rows(|it| (it.start_instructions, it.zip_bytes) = (Some(7), Some(1)));
        let recorded = Recorded::updated(None, with_valgrind.clone(), &counted);
        let weighed = rows(|it| it.zip_bytes = Some(2));
        let recorded = Recorded::updated(Some(recorded), toolchain("1.95", None), &weighed);
        assert_eq!(recorded.toolchain, with_valgrind);
        let health = &recorded.functions["health"];
        assert_eq!((health.start_instructions, health.zip_bytes), (Some(7), Some(2)));
    }

    #[test]
    fn figures_of_another_compiler_are_dropped() {
        let counted = rows(|it| {
            (it.start_instructions, it.zip_bytes, it.read_units) = (Some(7), Some(1), Some(0.5));
        });
        let recorded = Recorded::updated(None, toolchain("1.95", Some("3.24")), &counted);
        let now = toolchain("1.96", Some("3.24"));
        let recorded = Recorded::updated(Some(recorded), now, &rows(|_| {}));
        let expected = Figures { read_units: Some(0.5), ..Figures::default() };
        assert_eq!(recorded.functions["health"], expected);
    }
}
