//! The arguments of the macro.

use std::collections::BTreeSet;

use migrate_source::Database;
use migrate_source::folder::Problem;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::parse::{Parse, ParseStream};
use syn::{Error, LitInt, LitStr, Result, Token, bracketed, parenthesized, token};

/// `[$crate] "folder"`, or `[$crate] pub static NAME = "folder"`, and options after it.
pub(crate) struct Args {
    /// The path of `migrate_core`.
    pub(crate) core: TokenStream,
    pub(crate) visibility: TokenStream,
    pub(crate) name: Ident,
    pub(crate) folder: LitStr,
    pub(crate) database: Database,
    pub(crate) allow: BTreeSet<Problem>,
    pub(crate) trust_through: i64,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Args> {
        let core;
        bracketed!(core in input);
        let core = core.parse()?;
        let (visibility, name) = if input.peek(Token![pub]) || input.peek(Token![static]) {
            let visibility = visibility(input)?;
            input.parse::<Token![static]>()?;
            let name = input.parse()?;
            input.parse::<Token![=]>()?;
            (visibility, name)
        } else {
            (quote::quote!(pub), format_ident!("MIGRATIONS"))
        };
        let mut args = Args {
            core,
            visibility,
            name,
            folder: folder(input)?,
            database: Database::Sqlite,
            allow: BTreeSet::new(),
            trust_through: 0,
        };
        let mut seen = BTreeSet::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let option: Ident = input.parse()?;
            if !seen.insert(option.to_string()) {
                return Err(Error::new(
                    option.span(),
                    format!("`{option}` is given twice"),
                ));
            }
            args.option(&option, input)?;
        }
        Ok(args)
    }
}

impl Args {
    fn option(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        if option == "database" {
            input.parse::<Token![=]>()?;
            let name: LitStr = input.parse()?;
            self.database = Database::from_name(&name.value()).ok_or_else(|| {
                let known = Database::ALL
                    .iter()
                    .map(|database| format!("\"{database}\""));
                let known = known.collect::<Vec<_>>().join(" or ");
                Error::new(
                    name.span(),
                    format!("there is no such database: it is {known}"),
                )
            })?;
        } else if option == "trust_through" {
            input.parse::<Token![=]>()?;
            let version: LitInt = input.parse()?;
            self.trust_through = version.base10_parse()?;
        } else if option == "allow" {
            let names;
            parenthesized!(names in input);
            for name in names.parse_terminated(Ident::parse, Token![,])? {
                self.allow.insert(problem(&name)?);
            }
        } else {
            return Err(Error::new(
                option.span(),
                format!(
                    "there is no option `{option}`: there are `database`, `allow` and `trust_through`"
                ),
            ));
        }
        Ok(())
    }
}

fn visibility(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut visibility = TokenStream::new();
    if input.peek(Token![pub]) {
        input.parse::<Token![pub]>()?.to_tokens(&mut visibility);
        if input.peek(token::Paren) {
            input.parse::<TokenTree>()?.to_tokens(&mut visibility);
        }
    }
    Ok(visibility)
}

fn folder(input: ParseStream<'_>) -> Result<LitStr> {
    let usage = "the folder is a string, relative to the package's Cargo.toml: \
                 `embed_migrations!(\"migrations\")`";
    if input.is_empty() {
        return Err(input.error(usage));
    }
    input
        .parse()
        .map_err(|error: Error| Error::new(error.span(), usage))
}

fn problem(name: &Ident) -> Result<Problem> {
    let allowed = |p: &&Problem| p.can_be_allowed();
    match Problem::from_name(&name.to_string()) {
        Some(problem) if problem.can_be_allowed() => Ok(problem),
        Some(_) => Err(Error::new(
            name.span(),
            format!("`{name}` cannot be allowed"),
        )),
        None => {
            let names: Vec<&str> = Problem::ALL
                .iter()
                .filter(allowed)
                .map(|p| p.name())
                .collect();
            let message = format!(
                "there is no problem `{name}`; these can be allowed: {}",
                names.join(", ")
            );
            Err(Error::new(name.span(), message))
        }
    }
}
