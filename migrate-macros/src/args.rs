//! The arguments of the macro.

use migrate_source::Database;
use migrate_source::folder::{Options, Problem};
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, LitInt, LitStr, Result, Token, bracketed, token};

/// `[$crate] "folder"`, or `[$crate] pub static NAME = "folder"`, and options after it.
pub(crate) struct Args {
    /// The path of `migrate_core`.
    pub(crate) core: TokenStream,
    /// The documentation of the set, if it has its own.
    pub(crate) docs: TokenStream,
    pub(crate) visibility: TokenStream,
    pub(crate) name: Ident,
    pub(crate) folder: LitStr,
    pub(crate) options: Options,
    /// What is wrong with the options. The set can be defined nevertheless, so that its uses are
    /// not reported as well.
    pub(crate) fault: Option<Error>,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Args> {
        let core;
        bracketed!(core in input);
        let core = core.parse()?;
        let docs = docs(input)?;
        let (visibility, name) = if input.peek(Token![pub]) || input.peek(Token![static]) {
            let visibility = visibility(input)?;
            input.parse::<Token![static]>()?;
            let name = input.parse()?;
            input.parse::<Token![=]>()?;
            (visibility, name)
        } else {
            (quote!(pub), format_ident!("MIGRATIONS"))
        };
        let folder = folder(input)?;
        let mut options = Options::new(Database::Sqlite);
        let fault = read_options(&mut options, input).err();
        Ok(Args {
            core,
            docs,
            visibility,
            name,
            folder,
            options,
            fault,
        })
    }
}

/// Documentation comments, which are `#[doc = "…"]` by now.
fn docs(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut docs = TokenStream::new();
    while input.peek(Token![#]) {
        let pound: Token![#] = input.parse()?;
        let group: TokenTree = input.parse()?;
        if !group.to_string().starts_with("[doc") {
            let message = "only documentation can stand here";
            return Err(Error::new(group.span(), message));
        }
        pound.to_tokens(&mut docs);
        group.to_tokens(&mut docs);
    }
    Ok(docs)
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
    let message = "the folder of the migrations is missing, or is not a string literal";
    let usage = "`embed_migrations!(\"migrations\")`, relative to the package's Cargo.toml";
    let wrong = |error: Error| Error::new(error.span(), with_help(message, usage));
    let folder: LitStr = input.parse().map_err(wrong)?;
    if folder.value().is_empty() {
        return Err(Error::new(
            folder.span(),
            with_help("the path of the folder is empty", usage),
        ));
    }
    Ok(folder)
}

/// Reads all options; what is wrong with them comes back together.
fn read_options(options: &mut Options, input: ParseStream<'_>) -> Result<()> {
    let mut fault: Option<Error> = None;
    let mut seen = Vec::new();
    while !input.is_empty() {
        if let Err(error) = read_option(options, &mut seen, input) {
            match &mut fault {
                Some(fault) => fault.combine(error),
                None => fault = Some(error),
            }
            while !input.is_empty() && !input.peek(Token![,]) {
                input.parse::<TokenTree>()?;
            }
        }
    }
    fault.map_or(Ok(()), Err)
}

fn read_option(options: &mut Options, seen: &mut Vec<Ident>, input: ParseStream<'_>) -> Result<()> {
    input.parse::<Token![,]>()?;
    if input.is_empty() {
        return Ok(());
    }
    let option: Ident = input.parse()?;
    if seen.contains(&option) {
        let message = format!("the option `{option}` is given twice");
        return Err(Error::new(option.span(), message));
    }
    seen.push(option.clone());
    let written = |usage: &'static str| {
        move |error: Error| Error::new(error.span(), with_help(&error.to_string(), usage))
    };
    match option.to_string().as_str() {
        "database" => options.database = database(input).map_err(written(DATABASE))?,
        "allow" => {
            let names = names(input).map_err(written(ALLOW))?;
            for name in names {
                options.allow.insert(problem(&name)?);
            }
        }
        "trust_through" => options.trust_through = version(input).map_err(written(TRUST))?,
        _ => {
            let message = format!("there is no option `{option}`");
            let known = "the options are `database`, `allow` and `trust_through`";
            return Err(Error::new(option.span(), with_help(&message, known)));
        }
    }
    Ok(())
}

const DATABASE: &str = "write `database = \"sqlite\"` or `database = \"postgres\"`";
const ALLOW: &str = "write the names of problems: `allow(gap, empty_down)`";
const TRUST: &str = "write the last version that is in production: `trust_through = 57`";

fn database(input: ParseStream<'_>) -> Result<Database> {
    input.parse::<Token![=]>()?;
    let name: LitStr = input.parse()?;
    Database::from_name(&name.value()).ok_or_else(|| {
        let message = format!("there is no database {:?}", name.value());
        Error::new(name.span(), message)
    })
}

fn version(input: ParseStream<'_>) -> Result<i64> {
    input.parse::<Token![=]>()?;
    input.parse::<LitInt>()?.base10_parse()
}

fn names(input: ParseStream<'_>) -> Result<Vec<Ident>> {
    if !input.peek(token::Paren) {
        return Err(input.error("expected parentheses"));
    }
    // Read for itself: what is left over of a part of `input` would hide every other fault.
    let group: Group = input.parse()?;
    let names = Punctuated::<Ident, Token![,]>::parse_terminated.parse2(group.stream())?;
    Ok(names.into_iter().collect())
}

fn problem(name: &Ident) -> Result<Problem> {
    let (message, help) = match Problem::from_name(&name.to_string()) {
        Some(problem) if problem.can_be_allowed() => return Ok(problem),
        Some(problem) if problem.can_be_trusted() => (
            format!("`{name}` cannot be allowed"),
            "`trust_through = 57` takes it in the migrations up to version 57".to_owned(),
        ),
        Some(_) => (
            format!("`{name}` cannot be allowed"),
            format!("these can: {}", allowed()),
        ),
        None => (
            format!("there is no problem `{name}`"),
            format!("these can be allowed: {}", allowed()),
        ),
    };
    Err(Error::new(name.span(), with_help(&message, &help)))
}

fn allowed() -> String {
    let allowed = Problem::ALL.iter().filter(|p| p.can_be_allowed());
    let names: Vec<&str> = allowed.map(|problem| problem.name()).collect();
    names.join(", ")
}

fn with_help(message: &str, help: &str) -> String {
    format!("{message}\n  = help: {help}")
}
