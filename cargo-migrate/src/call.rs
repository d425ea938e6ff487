//! The calls of `embed_migrations!` in a Rust file, read as the compiler's tokens: a call in a
//! comment or a string is none.

use std::ops::Range;
use std::str::FromStr;

use migrate_source::arguments::Args;
use migrate_source::{Options, Place, Problem};
use proc_macro2::{Delimiter, Group, Ident, LexError, Span, TokenStream, TokenTree};

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// The calls, in order.
    pub(crate) calls: Vec<Call>,
    /// The modules in files of their own that are compiled for tests only.
    pub(crate) test_modules: Vec<String>,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    /// Where its folder is named.
    pub(crate) place: Place,
    /// Whether it is part of tests only.
    pub(crate) in_test: bool,
    /// What it says, or what is wrong with it.
    pub(crate) said: Result<Said, Vec<Fault>>,
}

/// What a call says.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The name of its set.
    pub(crate) name: String,
    /// Its folder, relative to that of the package.
    pub(crate) folder: String,
    pub(crate) options: Options,
}

/// One thing that is wrong with the arguments of a call.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) place: Place,
    /// Its kind, if it is about the folder that is named.
    pub(crate) problem: Option<Problem>,
    pub(crate) message: String,
    pub(crate) help: Vec<String>,
}

/// Whether a file may hold a call. Reading its tokens takes longer than this.
pub(crate) fn may_call(text: &str) -> bool {
    text.contains(NAME)
}

/// Reads the calls in `text`, the file that is shown as `path`.
pub(crate) fn read(path: &str, text: &str) -> Result<Calls, Box<Place>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tokens = match text.strip_prefix("#!") {
        // A line for the shell is as long as a comment.
        Some(rest) if !rest.trim_start().starts_with('[') => {
            TokenStream::from_str(&format!("//{rest}"))
        }
        _ => TokenStream::from_str(text),
    };
    let mut reader = Reader {
        path,
        text,
        calls: Calls::default(),
    };
    let tokens = tokens.map_err(|error: LexError| Box::new(reader.place(error.span())))?;
    reader.walk(tokens, false);
    Ok(reader.calls)
}

const NAME: &str = "embed_migrations";

struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    calls: Calls,
}

impl Reader<'_> {
    fn walk(&mut self, tokens: TokenStream, in_test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut in_test = in_test;
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at..] {
                [TokenTree::Punct(pound), TokenTree::Group(group), ..]
                    if pound.as_char() == '#' && is_for_tests(group) =>
                {
                    let end = at + 2 + item(&tokens[at + 2..]);
                    self.test_item(&tokens[at + 2..end]);
                    at = end;
                    continue;
                }
                [
                    TokenTree::Punct(pound),
                    TokenTree::Punct(bang),
                    TokenTree::Group(group),
                    ..,
                ] if pound.as_char() == '#' && bang.as_char() == '!' => {
                    in_test |= is_for_tests(group);
                }
                [
                    TokenTree::Ident(name),
                    TokenTree::Punct(bang),
                    TokenTree::Group(arguments),
                    ..,
                ] if name == NAME && bang.as_char() == '!' && is_ours(&tokens[..at]) => {
                    self.call(name, arguments, in_test);
                    at += 3;
                    continue;
                }
                [TokenTree::Group(group), ..] => self.walk(group.stream(), in_test),
                _ => {}
            }
            at += 1;
        }
    }

    /// An item that is compiled for tests only.
    fn test_item(&mut self, item: &[TokenTree]) {
        let module = item.iter().position(|t| is_word(t, "mod"));
        if let Some([_, TokenTree::Ident(name), TokenTree::Punct(end)]) =
            module.and_then(|at| item.get(at..at + 3))
            && end.as_char() == ';'
        {
            self.calls.test_modules.push(name.to_string());
        }
        self.walk(item.iter().cloned().collect(), true);
    }

    fn call(&mut self, name: &Ident, arguments: &Group, in_test: bool) {
        // In the text of another macro the folder is known only where that one is called.
        if has_dollar(arguments.stream()) {
            return;
        }
        let core: TokenStream = TokenTree::from(Group::new(
            Delimiter::Bracket,
            TokenTree::from(Ident::new("migrate_core", Span::call_site())).into(),
        ))
        .into();
        let parsed = syn::parse2::<Args>(core.into_iter().chain(arguments.stream()).collect());
        let (span, said) = match parsed {
            Ok(Args {
                fault: Some(fault),
                folder,
                ..
            }) => (folder.span(), Err(fault)),
            Ok(args) => (
                args.folder.span(),
                Ok(Said {
                    name: args.name.to_string(),
                    folder: args.folder.value(),
                    options: args.options,
                }),
            ),
            Err(error) => (name.span(), Err(error)),
        };
        let said = said.map_err(|error| self.faults(&error, arguments));
        self.calls.calls.push(Call {
            place: self.place(span),
            in_test,
            said,
        });
    }

    fn faults(&self, error: &syn::Error, arguments: &Group) -> Vec<Fault> {
        let faults = error.into_iter().map(|error| {
            let text = error.to_string();
            let mut lines = text.split("\n  = help: ").map(ToOwned::to_owned);
            // What is missing is missing at the end.
            let span = match error.span().byte_range() {
                range if range.is_empty() => arguments.span_close(),
                _ => error.span(),
            };
            Fault {
                place: self.place(span),
                problem: None,
                message: lines.next().unwrap_or_default(),
                help: lines.collect(),
            }
        });
        faults.collect()
    }

    fn place(&self, span: Span) -> Place {
        let Range { start, end } = span.byte_range();
        Place::at(self.path, self.text, 1, start, end.saturating_sub(start))
    }
}

/// Whether the macro named after `before` is ours, and not one of the libraries that have one of
/// the same name.
fn is_ours(before: &[TokenTree]) -> bool {
    let others = ["diesel_migrations", "refinery", "refinery_macros"];
    match before {
        [
            ..,
            TokenTree::Ident(library),
            TokenTree::Punct(a),
            TokenTree::Punct(b),
        ] if a.as_char() == ':' && b.as_char() == ':' => {
            !others.contains(&library.to_string().as_str())
        }
        _ => true,
    }
}

/// Whether `[…]` of an attribute says that its item is for tests only: `cfg(test)`,
/// `cfg(all(test, …))`, `test`, `tokio::test`.
fn is_for_tests(attribute: &Group) -> bool {
    if attribute.delimiter() != Delimiter::Bracket {
        return false;
    }
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
    match tokens.as_slice() {
        [cfg, TokenTree::Group(condition)] if is_word(cfg, "cfg") => wants_test(condition.stream()),
        [path @ .., last] => {
            let is_path = |t: &TokenTree| {
                matches!(t, TokenTree::Ident(_))
                    || matches!(t, TokenTree::Punct(p) if p.as_char() == ':')
            };
            is_word(last, "test") && path.iter().all(is_path)
        }
        [] => false,
    }
}

/// Whether a condition holds in tests only.
fn wants_test(condition: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = condition.into_iter().collect();
    match tokens.as_slice() {
        [one] => is_word(one, "test"),
        [all, TokenTree::Group(parts)] if is_word(all, "all") => {
            let parts: Vec<TokenTree> = parts.stream().into_iter().collect();
            let comma = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if p.as_char() == ',');
            parts
                .split(comma)
                .any(|part| wants_test(part.iter().cloned().collect()))
        }
        _ => false,
    }
}

/// How many tokens belong to the item at the start of `tokens`.
fn item(tokens: &[TokenTree]) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens
        .iter()
        .position(ends)
        .map_or(tokens.len(), |at| at + 1)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn has_dollar(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '$',
        TokenTree::Group(group) => has_dollar(group.stream()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    /// Reads the calls of a file: each with its place and what it says, those of tests in brackets.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let calls = read("a.rs", text).expect("it is Rust");
        let shown = calls.calls.iter().map(|call| {
            let at = format!("{}:{}", call.place.line, call.place.column);
            let said = match &call.said {
                Ok(said) => format!(
                    "{at} {} = {} {}",
                    said.name, said.folder, said.options.trust_through
                ),
                Err(faults) => {
                    let faults = faults.iter().map(|fault| {
                        let (line, column) = (fault.place.line, fault.place.column);
                        format!("{line}:{column} {}", fault.message)
                    });
                    faults.collect::<Vec<_>>().join(", ")
                }
            };
            match call.in_test {
                true => format!("[{said}]"),
                false => said,
            }
        });
        let modules = calls.test_modules.iter().map(|name| format!("mod {name}"));
        assert_eq!(shown.chain(modules).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn calls() {
        for (text, expected) in [
            (
                r#"migrate_core::embed_migrations!("m");"#,
                "1:33 MIGRATIONS = m 0",
            ),
            (
                "#!/usr/bin/env cargo\n\nembed_migrations! { \"m\", trust_through = 7 }",
                "3:21 MIGRATIONS = m 7",
            ),
            (
                "mod a { fn b() { x::embed_migrations![\n    /// Text.\n    pub(crate) static T = \"m/t\"]; } }",
                "3:27 T = m/t 0",
            ),
            (
                "\u{feff}\r\nlet é = 'é'; embed_migrations!(\"m\")",
                "2:32 MIGRATIONS = m 0",
            ),
        ] {
            check(text, &[expected]);
        }
    }

    #[test]
    fn no_calls() {
        for text in [
            "",
            "// embed_migrations!(\"m\");",
            "/// embed_migrations!(\"m\");\nfn a() {}",
            "const A: &str = \"embed_migrations!(\\\"m\\\")\";",
            "const A: &str = r#\"embed_migrations!(\"m\")\"#;",
            "use migrate_core::embed_migrations;",
            "macro_rules! embed_migrations { ($a:literal) => { 1 } }",
            "macro_rules! a { ($a:literal) => { embed_migrations!($a) } }",
            "refinery::embed_migrations!(\"m\");",
            "diesel_migrations::embed_migrations!();",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn tests() {
        let call = "embed_migrations!(\"m\");";
        for (text, expected) in [
            (
                format!("#[cfg(test)] {call}"),
                &["[1:32 MIGRATIONS = m 0]"][..],
            ),
            (
                format!("#[cfg(test)] mod t {{ {call} }} {call}"),
                &["[1:40 MIGRATIONS = m 0]", "1:66 MIGRATIONS = m 0"],
            ),
            (
                format!("#[cfg(all(unix, test))]\n#[allow(x)]\nfn t() {{ {call} }}"),
                &["[3:28 MIGRATIONS = m 0]"],
            ),
            (
                format!("#[test] fn t() {{ {call} }}"),
                &["[1:36 MIGRATIONS = m 0]"],
            ),
            (
                format!("#[a::test] fn t() {{ {call} }}"),
                &["[1:39 MIGRATIONS = m 0]"],
            ),
            (
                format!("#![cfg(test)] {call}"),
                &["[1:33 MIGRATIONS = m 0]"],
            ),
            (
                format!("#[cfg(not(test))] {call}"),
                &["1:37 MIGRATIONS = m 0"],
            ),
            (
                format!("#[cfg(any(test, unix))] {call}"),
                &["1:43 MIGRATIONS = m 0"],
            ),
            (
                "#[cfg(test)] pub(crate) mod a; mod b;".to_owned(),
                &["mod a"],
            ),
        ] {
            check(&text, expected);
        }
    }

    #[test]
    fn faults() {
        for (text, expected) in [
            (
                "embed_migrations!(\"m\", allow(gaps), trust_through = 0)",
                "1:30 there is no problem `gaps`, 1:53 versions begin at 1",
            ),
            (
                "embed_migrations!()",
                "1:19 the folder of the migrations is missing, or is not a string literal",
            ),
            (
                "embed_migrations!(concat!(\"m\"))",
                "1:19 the folder of the migrations is missing, or is not a string literal",
            ),
        ] {
            check(text, &[expected]);
        }
    }

    #[test]
    fn not_rust() {
        let place = read("a.rs", "fn a() {\n    b('").expect_err("it is no Rust");
        assert_eq!(place.path, "a.rs");
    }
}
