//! The root of the repository. Programs look for it when they run, so that they also work, without another build, after
//! the repository's folder has been moved or renamed.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A file of the root. No folder of a package, and none above it up to the root, has a file of this name.
const MARK: &str = "template.yaml";

/// The program does not run in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no template.yaml in this folder or in one above; run this in the repository")]
pub struct NotInRepository;

/// Returns the root of the repository.
///
/// # Errors
/// The program runs outside of the repository, and cargo did not start it.
pub fn find() -> Result<&'static Path, NotInRepository> {
    static ROOT: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        // `cargo run` and `cargo test` set it to the folder of the program's package.
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        first_root(package.into_iter().chain(env::current_dir()))
    });
    ROOT.as_deref().ok_or(NotInRepository)
}

/// Returns the root of the repository, like [`find`]; outside of the repository, the working folder. Commands that
/// need the repository call [`find`] first, which returns a clear error.
pub fn repository() -> &'static Path {
    find().unwrap_or(Path::new("."))
}

/// Returns the root that is the nearest to the first of these folders; if that is in no repository, to the next.
fn first_root(folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    folders.into_iter().find_map(|folder| {
        let root = folder.ancestors().find(|folder| folder.join(MARK).is_file())?;
        Some(root.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::{self, Command};

    use super::*;

    /// A new folder with the mark and one package. Dropping it removes it.
    struct Checkout(PathBuf);

    impl Checkout {
        fn new(name: &str) -> Self {
            let name = format!("healthcare-root-{name}-{}", process::id());
            let folder = env::temp_dir().join(name);
            fs::create_dir_all(folder.join("tools/repo/src")).unwrap();
            fs::write(folder.join(MARK), "").unwrap();
            Self(folder.canonicalize().unwrap())
        }

        fn package(&self) -> PathBuf {
            self.0.join("tools/repo")
        }
    }

    impl Drop for Checkout {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn root_is_found_from_every_folder_of_the_repository() {
        let checkout = Checkout::new("search");
        for folder in ["", "tools", "tools/repo", "tools/repo/src", "no/such/folder"] {
            let found = first_root([checkout.0.join(folder)]);
            assert_eq!(found.as_ref(), Some(&checkout.0), "{folder}");
        }
        let outside = PathBuf::from("/no/such/folder");
        assert_eq!(first_root([outside.clone()]), None);
        assert_eq!(first_root([outside, checkout.package()]).as_ref(), Some(&checkout.0));
    }

    /// The next test runs this one, as a program of its own, in other checkouts.
    #[test]
    fn root_has_the_template() {
        println!("the root is {}", repository().display());
        assert!(find().unwrap().join(MARK).is_file());
    }

    #[test]
    fn built_program_works_in_another_checkout() {
        let checkout = Checkout::new("moved");
        let this_one = env::current_exe().unwrap();
        let program = || {
            let mut program = Command::new(&this_one);
            program.args(["--exact", "root::tests::root_has_the_template", "--nocapture"]);
            program
        };
        let mut by_cargo = program();
        by_cargo.env("CARGO_MANIFEST_DIR", checkout.package()).current_dir(env::temp_dir());
        let mut by_hand = program();
        by_hand.env_remove("CARGO_MANIFEST_DIR").current_dir(checkout.package());
        for mut program in [by_cargo, by_hand] {
            let output = program.output().unwrap();
            let stdout = String::from_utf8_lossy(&output.stdout);
            let expected = format!("the root is {}\n", checkout.0.display());
            assert!(output.status.success() && stdout.contains(&expected), "{stdout}");
        }
    }
}
