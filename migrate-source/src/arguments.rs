//! The arguments of the macro `embed_migrations!`, for it and for tools that read what a package
//! says there.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, LitInt, LitStr, Result, Token, bracketed, token};

use crate::{Database, Options, Problem};

/// `[$crate] "folder"`, or `[$crate] pub static NAME = "folder"`, and options after it.
///
/// ```
/// use migrate_source::arguments::Args;
///
/// let args: Args = syn::parse_str(r#"[migrate_core] "migrations", trust_through = 57"#)?;
/// assert_eq!(args.name, "MIGRATIONS");
/// assert_eq!(args.folder.value(), "migrations");
/// assert_eq!(args.options.trust_through, 57);
/// # Ok::<(), syn::Error>(())
/// ```
#[non_exhaustive]
pub struct Args {
    /// The path of `migrate_core`.
    pub core: TokenStream,
    /// The documentation of the set, if it has its own.
    pub docs: TokenStream,
    /// The visibility of the set.
    pub visibility: TokenStream,
    /// Its name, `MIGRATIONS` unless it has its own.
    pub name: Ident,
    /// Its folder, relative to that of the package's `Cargo.toml`.
    pub folder: LitStr,
    /// How the folder is read.
    pub options: Options,
    /// What is wrong with the options. The set can be defined nevertheless, so that its uses are
    /// not reported as well.
    pub fault: Option<Error>,
}

impl Args {
    /// Reads options that stand alone, as they stand behind the folder:
    /// `database = "postgres", trust_through = 57`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn options(text: &str) -> Result<Options> {
        let read = |input: ParseStream<'_>| {
            let mut options = Options::new(Database::Sqlite);
            read_options(&mut options, input).map(|()| options)
        };
        read.parse_str(&format!(", {text}"))
    }
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Args> {
        let core;
        bracketed!(core in input);
        let core = core.parse()?;
        let docs = docs(input)?;
        let named = input.peek(Token![pub]) || input.peek(Token![static]);
        let (visibility, name) = match named {
            true => {
                let visibility = visibility(input)?;
                input.parse::<Token![static]>()?;
                let name = input.parse()?;
                input.parse::<Token![=]>()?;
                (visibility, Some(name))
            }
            false => (quote!(pub), None),
        };
        let folder = folder(input)?;
        let name = name.unwrap_or_else(|| Ident::new("MIGRATIONS", folder.span()));
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
    let wrong = |span, message| {
        let usage = "write `embed_migrations!(\"migrations\")`; the path is relative to the folder \
                     of the package's Cargo.toml";
        Error::new(span, with_help(message, usage))
    };
    let missing = "the folder of the migrations is missing, or is not a string literal";
    let folder: LitStr = input
        .parse()
        .map_err(|error: Error| wrong(error.span(), missing))?;
    match folder.value().is_empty() {
        true => Err(wrong(folder.span(), "the path of the folder is empty")),
        false => Ok(folder),
    }
}

/// Reads all options; what is wrong with them comes back together.
fn read_options(options: &mut Options, input: ParseStream<'_>) -> Result<()> {
    let mut faults = Faults::default();
    let mut seen = Vec::new();
    while !input.is_empty() {
        if let Err(error) = read_option(options, &mut seen, input) {
            faults.add(error);
            while !input.is_empty() && !input.peek(Token![,]) {
                input.parse::<TokenTree>()?;
            }
        }
    }
    faults.into_result()
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
            let mut faults = Faults::default();
            for name in names(input).map_err(written(ALLOW))? {
                match problem(&name) {
                    Ok(problem) => _ = options.allow.insert(problem),
                    Err(error) => faults.add(error),
                }
            }
            faults.into_result()?;
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
    let version: LitInt = input.parse()?;
    match version.base10_parse()? {
        parsed @ 1.. => Ok(parsed),
        _ => Err(Error::new(version.span(), "versions begin at 1")),
    }
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
    let known = Problem::from_name(&name.to_string());
    let message = match known {
        Some(problem) if problem.can_be_allowed() => return Ok(problem),
        Some(_) => format!("`{name}` cannot be allowed"),
        None => format!("there is no problem `{name}`"),
    };
    let help = match known {
        Some(problem) if problem.can_be_trusted() => {
            "`trust_through = 57` takes it in the migrations up to version 57".to_owned()
        }
        _ => {
            let allowed = Problem::ALL.iter().filter(|p| p.can_be_allowed());
            let names: Vec<&str> = allowed.map(|problem| problem.name()).collect();
            format!("these can be allowed: {}", names.join(", "))
        }
    };
    Err(Error::new(name.span(), with_help(&message, &help)))
}

/// What is wrong, gathered.
#[derive(Default)]
struct Faults(Option<Error>);

impl Faults {
    fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(faults) => faults.combine(error),
            None => self.0 = Some(error),
        }
    }

    fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

fn with_help(message: &str, help: &str) -> String {
    format!("{message}\n  = help: {help}")
}

#[cfg(test)]
mod tests {
    use super::Args;

    /// Reads arguments as the macro gets them: what they mean, then what is wrong with them, each
    /// message without its help.
    #[track_caller]
    fn check(arguments: &str, meaning: &str, wrong: &[&str]) {
        let args = syn::parse_str::<Args>(&format!("[$crate] {arguments}"));
        let (read, faults) = match args {
            Ok(args) => (shown(&args), args.fault),
            Err(error) => (String::new(), Some(error)),
        };
        let faults = faults.into_iter().flatten().map(|fault| fault.to_string());
        let faults: Vec<String> = faults
            .map(|text| text.lines().next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(
            (read.as_str(), faults),
            (meaning, wrong.iter().map(|w| (*w).to_owned()).collect())
        );
    }

    fn shown(args: &Args) -> String {
        let allow: Vec<&str> = args.options.allow.iter().map(|p| p.name()).collect();
        format!(
            "{}{} {} = {}, {}, {allow:?}, {}",
            args.docs,
            args.visibility,
            args.name,
            args.folder.value(),
            args.options.database,
            args.options.trust_through
        )
    }

    #[test]
    fn names() {
        for (arguments, meaning) in [
            (r#""m""#, "pub MIGRATIONS = m, sqlite, [], 0"),
            (r#""m","#, "pub MIGRATIONS = m, sqlite, [], 0"),
            (r##"r#"m"#"##, "pub MIGRATIONS = m, sqlite, [], 0"),
            (r#"static A = "m""#, " A = m, sqlite, [], 0"),
            (r#"pub static A = "m""#, "pub A = m, sqlite, [], 0"),
            (
                r#"pub(crate) static A = "m""#,
                "pub (crate) A = m, sqlite, [], 0",
            ),
            (
                r#"pub(in a::b) static A = "m""#,
                "pub (in a :: b) A = m, sqlite, [], 0",
            ),
            (r#"static r#type = "m""#, " r#type = m, sqlite, [], 0"),
            (
                r#"#[doc = "x"] static A = "m""#,
                r#"# [doc = "x"] A = m, sqlite, [], 0"#,
            ),
        ] {
            check(arguments, meaning, &[]);
        }
    }

    #[test]
    fn options() {
        for (options, meaning) in [
            (r#"database = "postgres""#, "postgres, [], 0"),
            ("trust_through = 20_240_131", "sqlite, [], 20240131"),
            ("allow()", "sqlite, [], 0"),
            ("allow(gap, empty_up,)", r#"sqlite, ["gap", "empty_up"], 0"#),
            (
                r#"allow(gap), trust_through = 7, database = "sqlite","#,
                r#"sqlite, ["gap"], 7"#,
            ),
        ] {
            let meaning = format!("pub MIGRATIONS = m, {meaning}");
            check(&format!(r#""m", {options}"#), &meaning, &[]);
        }
    }

    #[test]
    fn nothing_can_be_defined() {
        let folder = "the folder of the migrations is missing, or is not a string literal";
        for (arguments, wrong) in [
            ("", folder),
            ("m", folder),
            ("17", folder),
            (r#"concat!("m")"#, folder),
            ("static A =", folder),
            (r#""""#, "the path of the folder is empty"),
            ("pub A = \"m\"", "expected `static`"),
            ("static = \"m\"", "expected identifier"),
            (
                "#[cfg(x)] static A = \"m\"",
                "only documentation can stand here",
            ),
        ] {
            check(arguments, "", &[wrong]);
        }
    }

    #[test]
    fn wrong_options() {
        for (options, wrong) in [
            (r#""m" trust_through = 7"#, &["expected `,`"][..]),
            (r#""m",, allow(gap)"#, &["expected identifier"]),
            (
                r#""m", alow(gap), allow(gap)"#,
                &["there is no option `alow`"],
            ),
            (
                r#""m", allow(gap), allow(gap)"#,
                &["the option `allow` is given twice"],
            ),
            (
                r#""m", allow(gap) = 3, allow(gap)"#,
                &["expected `,`", "the option `allow` is given twice"],
            ),
            (
                r#""m", allow, trust_through"#,
                &["expected parentheses", "expected `=`"],
            ),
            (r#""m", allow("gap")"#, &["expected identifier"]),
            (r#""m", allow[gap]"#, &["expected parentheses"]),
            (
                r#""m", allow(gaps, not_utf8, misplaced_marker)"#,
                &[
                    "there is no problem `gaps`",
                    "`not_utf8` cannot be allowed",
                    "`misplaced_marker` cannot be allowed",
                ],
            ),
            (
                r#""m", database = "oracle""#,
                &["there is no database \"oracle\""],
            ),
            (r#""m", database = sqlite"#, &["expected string literal"]),
            (r#""m", trust_through = -1"#, &["versions begin at 1"]),
            (
                r#""m", trust_through = 9223372036854775808"#,
                &["number too large to fit in target type"],
            ),
        ] {
            let allowed = match options.contains("allow(gap)") {
                true => r#"["gap"]"#,
                false => "[]",
            };
            check(
                options,
                &format!("pub MIGRATIONS = m, sqlite, {allowed}, 0"),
                wrong,
            );
        }
    }
}
