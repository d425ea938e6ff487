//! The macro of `migrate-core`, which re-exports it as `embed_migrations!`. Use that one: this
//! crate has no interface of its own.
//!
//! It is a thin shell: what a folder is and what can be wrong with it is known by
//! `migrate-source`. Here the arguments are read ([`args`]), the folder is found ([`place`]), and
//! what it holds becomes constants ([`emit`]).

mod args;
mod emit;
mod place;

use migrate_source::folder::{Finding, Options, disk};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::args::Args;
use crate::place::Place;

/// Embeds a folder of migrations. Its first argument is the path of `migrate_core`, in brackets.
#[doc(hidden)]
#[proc_macro]
pub fn embed(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match syn::parse::<Args>(input) {
        Ok(args) => expand(&args).into(),
        Err(error) => error.to_compile_error().into(),
    }
}

fn expand(args: &Args) -> TokenStream {
    let place = match Place::find(args) {
        Ok(place) => place,
        Err(finding) => return without_folder(args, &[finding.render("")]),
    };
    let listing = match disk::list(&place.folder) {
        Ok(listing) => listing,
        Err(error) => {
            let message = format!("the folder `{}` cannot be read: {error}", place.shown);
            return without_folder(args, &[message]);
        }
    };
    let mut options = Options::new(args.database);
    options.allow = args.allow.clone();
    options.trust_through = args.trust_through;
    let folder = listing.read(&options);
    let is_usable = folder.findings.is_empty() || place.in_editor();
    if is_usable {
        emit::folder(args, &place, &listing.files, &folder)
    } else {
        let findings = folder
            .findings
            .iter()
            .map(|finding| finding.render(&place.shown));
        without_folder(args, &findings.collect::<Vec<_>>())
    }
}

/// One compile error for each message, and an empty set, so that its name at least is there.
fn without_folder(args: &Args, messages: &[String]) -> TokenStream {
    let span = args.folder.span();
    let empty = emit::folder_items(args, &[]);
    let errors = messages.iter().map(|message| compile_error(span, message));
    quote_spanned!(span=> #(#errors)* #empty)
}

/// All tokens have the span of the literal, so that no note about macros follows the message.
fn compile_error(span: Span, message: &str) -> TokenStream {
    quote_spanned!(span=> ::core::compile_error! { #message })
}

/// A finding is as large as a message has to be; it is made once, when a build fails.
type Found<T> = Result<T, Box<Finding>>;
