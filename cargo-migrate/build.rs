//! Finds out which tests this machine can run, so that the others are ignored with their reason.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rustc-check-cfg=cfg(have_git)");
    if Command::new("git").arg("--version").output().is_ok() {
        println!("cargo::rustc-cfg=have_git");
    }
}
