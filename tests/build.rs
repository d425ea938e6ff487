//! What this machine has. A test that needs what it lacks is reported as ignored, never as passed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-env-changed=PATH");
    condition("have_shared", have_shared());
    condition("have_clippy", have_clippy());
    condition("have_strace", have_strace());
    condition("have_mount", have_mount());
    condition("have_git", have_git());
    condition("have_vim", have_vim());
}

fn condition(name: &str, holds: bool) {
    println!("cargo::rustc-check-cfg=cfg({name})");
    if holds {
        println!("cargo::rustc-cfg={name}");
    }
}

/// Whether the folders of real projects are there.
fn have_shared() -> bool {
    println!("cargo::rerun-if-env-changed=MIGRATE_SHARED");
    let shared = env::var("MIGRATE_SHARED").unwrap_or_else(|_| "../../shared".to_owned());
    let index = Path::new(&shared).join("corpora/index.json");
    if !index.exists() {
        return false;
    }
    println!("cargo::rerun-if-changed={}", index.display());
    true
}

fn have_clippy() -> bool {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    succeeds(Command::new(cargo).args(["clippy", "--version"]))
}

/// Whether system calls can be watched: a container may forbid what `strace` needs.
fn have_strace() -> bool {
    watch("strace");
    succeeds(Command::new("strace").args(["-f", "-o", "/dev/null", "-e", "trace=file", "true"]))
}

/// Whether a small file system can be mounted, in a namespace of its own.
fn have_mount() -> bool {
    watch("unshare");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount"]);
    succeeds(command.args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]))
}

fn have_git() -> bool {
    watch("git");
    succeeds(Command::new("git").arg("--version"))
}

/// Whether Vim is there with all that reads what compilers print; a small one is not enough.
fn have_vim() -> bool {
    watch("vim");
    let mut command = Command::new("vim");
    command.args(["-Nu", "NONE", "-i", "NONE", "-n", "-es"]);
    succeeds(command.args(["-c", "compiler cargo", "-c", "cgetexpr []", "-c", "qall!"]))
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Makes Cargo ask again when the program changes, or comes.
fn watch(program: &str) {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).filter(|p| p.is_dir()).collect();
    let mut programs = folders.iter().map(|folder| folder.join(program));
    let watched = match programs.find(|program| program.is_file()) {
        Some(program) => vec![program],
        None => folders,
    };
    for path in watched {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}
