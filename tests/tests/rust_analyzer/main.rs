//! What one sees in an editor: rust-analyzer itself, driven as an editor drives it.
#![cfg(unix)]

#[cfg(have_rust_analyzer)]
mod server;
#[cfg(have_rust_analyzer)]
mod session;

/// The protocol that rust-analyzer speaks with the program in which it runs macros, as it is.
#[test]
#[cfg_attr(
    not(have_rust_analyzer),
    ignore = "rust-analyzer is not there, or not the source of the standard library"
)]
fn nothing_is_stale_and_code_resolves() {
    #[cfg(have_rust_analyzer)]
    session::session("rust-analyzer", false);
}

/// The one that is to come, in which macros are told the names of files. Versions that do not have it
/// speak the other.
#[test]
#[cfg_attr(
    not(have_rust_analyzer),
    ignore = "rust-analyzer is not there, or not the source of the standard library"
)]
fn nothing_is_stale_and_code_resolves_with_the_next_protocol() {
    #[cfg(have_rust_analyzer)]
    session::session("rust-analyzer-next", true);
}
