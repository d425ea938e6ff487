//! Finds out which tests this machine can run, so that the others are ignored with their reason.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rustc-check-cfg=cfg(have_git)");
    if Command::new("git").arg("--version").output().is_ok() {
        println!("cargo::rustc-cfg=have_git");
    }
    println!("cargo::rerun-if-env-changed=TEST_POSTGRES_URL");
    println!("cargo::rustc-check-cfg=cfg(have_postgres)");
    if env::var_os("TEST_POSTGRES_URL").is_some_and(|url| !url.is_empty()) {
        println!("cargo::rustc-cfg=have_postgres");
    }
}
