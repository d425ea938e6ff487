//! Throw-away packages: what a user of the library has, built by cargo as it is at the user's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A package in a folder of its own. All of them share what cargo compiles.
#[derive(Debug)]
pub struct Package {
    name: String,
    dir: PathBuf,
    target: PathBuf,
}

impl Package {
    /// The package `name` below `tmp`, empty but for a `Cargo.toml`, in which `migrate-core` has
    /// `features`. No two packages of a test run have the same name.
    ///
    /// # Panics
    ///
    /// When its folder cannot be made.
    #[must_use]
    pub fn new(tmp: &str, name: &str, features: &[&str]) -> Package {
        let tmp = Path::new(tmp);
        let dir = tmp.join("packages").join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).unwrap();
        }
        fs::create_dir_all(&dir).unwrap();
        let package = Package {
            name: name.to_owned(),
            dir,
            target: tmp.join("packages-target"),
        };
        let dependency = dependency(features);
        package.file(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                 [dependencies]\nmigrate-core = {dependency}\n\n{SETTINGS}"
            ),
        );
        // The versions of this repository, so that nothing is looked for on the network.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, package.dir.join("Cargo.lock")).unwrap();
        package
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a file of it.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn file(&self, path: &str, text: &str) -> &Package {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Puts `new` in the place of `old`, wherever that is in a file of it.
    ///
    /// # Panics
    ///
    /// When it is nowhere.
    #[track_caller]
    pub fn edit(&self, path: &str, old: &str, new: &str) -> &Package {
        let text = fs::read_to_string(self.dir.join(path)).unwrap();
        assert!(text.contains(old), "{text}");
        self.file(path, &text.replace(old, new))
    }

    /// A build script that makes new files in `migrations` known.
    pub fn build_script(&self) -> &Package {
        self.file(
            "build.rs",
            "fn main() { println!(\"cargo::rerun-if-changed=migrations\"); }\n",
        )
    }

    /// What cargo says.
    ///
    /// # Panics
    ///
    /// When cargo cannot be started.
    #[must_use]
    pub fn cargo(&self, arguments: &[&str]) -> Said {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = self.command(&cargo).args(arguments).output().unwrap();
        Said::of(&output)
    }

    /// A program that builds this package. It is given neither the network nor anything of the build
    /// that runs the tests.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            let ours = name.starts_with("CARGO") && name != "CARGO_HOME";
            if ours || ["OUT_DIR", "RUSTFLAGS", "RUSTDOCFLAGS"].contains(&&*name) {
                command.env_remove(&*name);
            }
        }
        command
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_INCREMENTAL", "0");
        command
    }

    /// The program of this package, as it was built with `profile`.
    #[must_use]
    pub fn program(&self, profile: &str) -> PathBuf {
        let program = self.target.join(profile).join(&self.name);
        program.with_extension(env::consts::EXE_EXTENSION)
    }

    /// What the program of this package, built with `profile`, says when it runs.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, profile: &str, arguments: &[&str]) -> Said {
        let mut program = Command::new(self.program(profile));
        let output = program.args(arguments).current_dir(&self.dir).output();
        Said::of(&output.unwrap())
    }
}

/// `migrate-core` of this repository as a dependency, with `features` only.
#[must_use]
pub fn dependency(features: &[&str]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-core");
    format!("{{ path = {path:?}, default-features = false, features = {features:?} }}")
}

/// What makes a package a workspace of its own. SQLite is not worth optimising for a test.
const SETTINGS: &str = "\
[workspace]
members = []

[profile.dev]
debug = 0

[profile.release.package.libsqlite3-sys]
opt-level = 0
";

/// What a program said.
#[derive(Debug)]
pub struct Said {
    /// Whether it ended well.
    pub success: bool,
    /// Its output.
    pub out: String,
    /// Its messages.
    pub err: String,
}

impl Said {
    fn of(output: &Output) -> Said {
        Said {
            success: output.status.success(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, when it ended well.
    ///
    /// # Panics
    ///
    /// When it did not.
    #[track_caller]
    pub fn well(self) -> Said {
        assert!(self.success, "{}\n{}", self.out, self.err);
        self
    }

    /// The same, when it failed.
    ///
    /// # Panics
    ///
    /// When it did not.
    #[track_caller]
    pub fn badly(self) -> Said {
        assert!(!self.success, "{}\n{}", self.out, self.err);
        self
    }
}
