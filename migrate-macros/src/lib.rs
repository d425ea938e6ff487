//! The macro of `migrate-core`, which re-exports it as `embed_migrations!`. Use that one: this
//! crate has no interface of its own.
//!
//! It is a thin shell: what a folder is and what can be wrong with it is known by
//! `migrate-source`, and its module `arguments` reads the arguments. Here the folder is found
//! (`place`), and what it holds becomes constants (`emit`).

mod emit;
mod place;
#[cfg(feature = "verify")]
mod verify;

use migrate_source::Finding;
use migrate_source::arguments::Args;
use migrate_source::folder::{Folder, Problem, disk};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::emit::Known;
use crate::place::{Caller, Outside, Place};

/// Embeds a folder of migrations. Its first argument is the path of `migrate_core`, in brackets.
#[doc(hidden)]
#[proc_macro]
pub fn embed(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match syn::parse::<Args>(input) {
        Ok(args) => expand(&args).into(),
        Err(error) => arguments(&error).into(),
    }
}

fn expand(args: &Args) -> TokenStream {
    if let Some(fault) = &args.fault {
        return instead_of_set(args, &arguments(fault));
    }
    let span = args.folder.span();
    let caller = Caller::of(span);
    embedded(args, &caller).unwrap_or_else(|messages| {
        let shown = messages.iter().filter(|_| !caller.is_editor());
        instead_of_set(args, &shown.map(|text| compile_error(span, text)).collect())
    })
}

/// The folder as items, or everything that is wrong with it.
fn embedded(args: &Args, caller: &Caller) -> Result<TokenStream, Vec<String>> {
    let outside = match args.options.allow.contains(&Problem::OutsidePackage) {
        true => Outside::Allowed,
        false => Outside::Refused,
    };
    let place = Place::find(&args.folder.value(), caller, outside)
        .map_err(|finding| vec![finding.render("")])?;
    let listing = disk::list(&place.folder).map_err(|error| {
        vec![format!(
            "the folder `{}` cannot be read: {error}",
            place.shown
        )]
    })?;
    let folder = listing.read(&args.options);
    let (more, known) = match caller.is_editor() {
        // Editors expand anew at every key and keep what they once reported.
        true => Default::default(),
        false => run(args, &place, &folder).map_err(|error| vec![error])?,
    };
    let mut findings: Vec<_> = folder.findings.iter().cloned().chain(more).collect();
    #[cfg(feature = "postgres-syntax")]
    if !caller.is_editor() {
        findings.extend(migrate_syntax::syntax_errors(&folder, &args.options));
    }
    Finding::sort(&mut findings);
    if findings.is_empty() || caller.is_editor() {
        let emit = emit::Emit::new(args, &place, caller.is_editor(), &known);
        return Ok(emit.folder(&listing.files, &folder));
    }
    Err(findings
        .iter()
        .map(|finding| finding.render(&place.shown))
        .collect())
}

/// Runs the migrations, where that can be done: what is wrong, and what is known since.
#[cfg(feature = "verify")]
fn run(args: &Args, place: &Place, folder: &Folder) -> Result<(Vec<Finding>, Known), String> {
    match args.options.database {
        migrate_source::Database::Sqlite => verify::run(folder, &args.options, &place.shown),
        _ => Ok(Default::default()),
    }
}

#[cfg(not(feature = "verify"))]
fn run(_: &Args, _: &Place, _: &Folder) -> Result<(Vec<Finding>, Known), String> {
    Ok(Default::default())
}

/// What is wrong with the arguments.
fn arguments(fault: &syn::Error) -> TokenStream {
    let faults = fault.clone().into_iter();
    faults
        .map(|fault| compile_error(fault.span(), &fault.to_string()))
        .collect()
}

/// Compile errors, and an empty set, so that its name at least is there.
fn instead_of_set(args: &Args, errors: &TokenStream) -> TokenStream {
    let set = emit::set(args, &[]);
    quote_spanned!(args.folder.span()=> #errors #set)
}

/// All tokens have the span of the literal, so that no note about macros follows the message.
fn compile_error(span: Span, message: &str) -> TokenStream {
    let message = place::located(message, span);
    quote_spanned!(span=> ::core::compile_error! { #message })
}
