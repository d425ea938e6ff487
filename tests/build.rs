//! What this machine has. A test that needs what it lacks is reported as ignored, never as passed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

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
    condition("have_rust_analyzer", have_rust_analyzer());
    condition("have_pg_dump_15", have_pg_dump_15());
    condition("have_postgres", is_set("TEST_POSTGRES_URL"));
    condition("have_postgres_standby", is_set("TEST_POSTGRES_STANDBY_URL"));
    condition("have_pgbouncer", have_pgbouncer());
    condition("have_postgres_restart", is_set("TEST_POSTGRES_RESTART"));
}

fn condition(name: &str, holds: bool) {
    println!("cargo::rustc-check-cfg=cfg({name})");
    if holds {
        println!("cargo::rustc-cfg={name}");
    }
}

/// Whether a variable names a server, or what is to be done with one; `scripts/with-postgres` sets them.
fn is_set(variable: &str) -> bool {
    println!("cargo::rerun-if-env-changed={variable}");
    env::var_os(variable).is_some_and(|value| !value.is_empty())
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

/// Whether there is a pooler, and a server to put it before.
fn have_pgbouncer() -> bool {
    watch("pgbouncer");
    is_set("TEST_POSTGRES_URL") && succeeds(Command::new("pgbouncer").arg("--version"))
}

fn have_git() -> bool {
    watch("git");
    succeeds(Command::new("git").arg("--version"))
}

/// Whether schemas can be told as the histories of real projects have them.
fn have_pg_dump_15() -> bool {
    watch("pg_dump");
    let version = Command::new("pg_dump").arg("--version").output();
    version.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(" 15."))
}

/// Whether Vim is there with all that reads what compilers print; a small one is not enough.
fn have_vim() -> bool {
    watch("vim");
    let mut command = Command::new("vim");
    command.args(["-Nu", "NONE", "-i", "NONE", "-n", "-es"]);
    succeeds(command.args(["-c", "compiler cargo", "-c", "cgetexpr []", "-c", "qall!"]))
}

/// Whether rust-analyzer is there, and what it needs: the program in which it runs macros, which comes
/// with the compiler, and the source of the standard library.
fn have_rust_analyzer() -> bool {
    watch("rust-analyzer");
    println!("cargo::rerun-if-env-changed=RUST_SRC_PATH");
    let path = env::var_os("PATH").unwrap_or_default();
    // rustup puts one on the path that only says how to get the real one.
    let mut programs = env::split_paths(&path).map(|folder| folder.join("rust-analyzer"));
    let program = programs.find(|program| succeeds(Command::new(program).arg("--version")));
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Command::new(rustc).args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let sysroot = PathBuf::from(sysroot.unwrap_or_default().trim_end());
    let mut servers = ["libexec", "lib"].iter().map(|dir| sysroot.join(dir));
    let server = servers.find(|dir| dir.join("rust-analyzer-proc-macro-srv").is_file());
    // Where Debian has it, the newest last.
    let debian = fs::read_dir("/usr/src").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path().join("library")).collect();
    debian.sort();
    let sources = env::var_os("RUST_SRC_PATH").map(PathBuf::from).into_iter();
    let mut sources = sources
        .chain([sysroot.join("lib/rustlib/src/rust/library")])
        .chain(debian.into_iter().rev());
    let source = sources.find(|source| source.join("core/src/lib.rs").is_file());
    let (Some(program), Some(_), Some(source)) = (program, server, source) else {
        return false;
    };
    println!("cargo::rustc-env=RUST_ANALYZER={}", program.display());
    println!("cargo::rustc-env=RUST_SRC_PATH={}", source.display());
    cfg!(unix)
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
