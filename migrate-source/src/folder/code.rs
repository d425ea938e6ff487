//! What can be known of a code migration without compiling it.
//!
//! Only items at the top level of the file count, and only their heads are read: the compiler
//! judges the rest when it compiles the file. What a macro would expand to is not seen.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Code, Finding, Problem};
use crate::Database;
use crate::place::Place;

/// Reads the Rust file at `path`.
pub(super) fn read(
    path: &str,
    text: &str,
    database: Database,
    findings: &mut Vec<Finding>,
) -> Code {
    let mut code = Code {
        path: path.to_owned(),
        is_async: false,
        has_down: false,
        has_check: false,
        has_description: false,
        revision: None,
        changes_schema: None,
    };
    let Ok(tokens) = TokenStream::from_str(text) else {
        let finding = Finding::new(Problem::NotRust, "this file is not Rust")
            .at(Place::file(path))
            .help("look for a string, a comment or a bracket that is not closed");
        findings.push(finding);
        return code;
    };
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if has_inner_attribute(&tokens) {
        findings.push(inner_attribute(path, text));
    }
    let (mut up, mut others) = (None, Vec::new());
    for item in items(&tokens) {
        let mut is_literal = true;
        match (item.keyword, item.name.as_str()) {
            ("fn", "up") => {
                up = Some(item);
                continue;
            }
            ("fn", "down") => code.has_down = true,
            ("fn", "check") => code.has_check = true,
            ("const", "DESCRIPTION") => code.has_description = true,
            ("const", "REVISION") => match integer(item.value) {
                Some(revision) => code.revision = Some(revision),
                None => is_literal = false,
            },
            ("const", "CHANGES_SCHEMA") => match boolean(item.value) {
                Some(changes) => code.changes_schema = Some(changes),
                None => is_literal = false,
            },
            _ => continue,
        }
        if !is_literal {
            findings.push(not_literal(path, text, &item));
        }
        if !item.public {
            findings.push(not_public(path, text, &item));
        }
        if item.keyword == "fn" {
            others.push(item);
        }
    }
    code.is_async = up.as_ref().is_some_and(|up| up.is_async);
    let functions = up.iter().chain(&others);
    findings.extend(functions.filter_map(|function| {
        let is_other = up.is_some() && function.is_async != code.is_async;
        match database {
            Database::Sqlite => function.is_async.then(|| no_driver(path, text, function)),
            _ => is_other.then(|| partly_async(path, text, function)),
        }
    }));
    if up.as_ref().is_none_or(|up| !up.public) {
        findings.push(missing_up(path, text, up.as_ref()));
    }
    code
}

/// The head of a function or a constant.
struct Item<'a> {
    keyword: &'static str,
    name: String,
    public: bool,
    is_async: bool,
    /// What a constant is set to.
    value: &'a [TokenTree],
}

/// The functions and constants at the top level. The bodies of other items are groups, so that
/// nothing inside them is taken for one.
fn items(tokens: &[TokenTree]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let (mut public, mut is_async) = (false, false);
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                (public, is_async) = (false, false);
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                (public, is_async) = (false, false);
            }
            TokenTree::Ident(word) => match (word.to_string().as_str(), next) {
                ("pub", next) => public = !is_self(next),
                ("async", _) => is_async = true,
                ("fn", Some(TokenTree::Ident(name))) => {
                    let name = name.to_string();
                    items.push(Item {
                        keyword: "fn",
                        name,
                        public,
                        is_async,
                        value: &[],
                    });
                }
                ("const", Some(TokenTree::Ident(name))) => {
                    let name = name.to_string();
                    let value = value(&tokens[at..]);
                    items.push(Item {
                        keyword: "const",
                        name,
                        public,
                        is_async,
                        value,
                    });
                }
                _ => {}
            },
            _ => {}
        }
    }
    items
}

/// Whether what follows a `pub` is the `(self)` that takes it back.
fn is_self(next: Option<&TokenTree>) -> bool {
    matches!(next, Some(TokenTree::Group(group)) if group.stream().to_string() == "self")
}

/// What stands between the first `=` and the `;` behind it.
fn value(tokens: &[TokenTree]) -> &[TokenTree] {
    let is = |token: &TokenTree, c: char| matches!(token, TokenTree::Punct(p) if p.as_char() == c);
    let end = tokens
        .iter()
        .position(|token| is(token, ';'))
        .unwrap_or(tokens.len());
    let start = tokens[..end].iter().position(|token| is(token, '='));
    start.map_or(&[], |start| &tokens[start + 1..end])
}

fn integer(value: &[TokenTree]) -> Option<u32> {
    let [TokenTree::Literal(literal)] = value else {
        return None;
    };
    let text = literal.to_string().replace('_', "");
    let digits = text.strip_suffix("u32").unwrap_or(&text);
    let radixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    let prefixed = radixes
        .iter()
        .find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix)));
    let (digits, radix) = prefixed.unwrap_or((digits, 10));
    u32::from_str_radix(digits, radix).ok()
}

fn boolean(value: &[TokenTree]) -> Option<bool> {
    let [TokenTree::Ident(word)] = value else {
        return None;
    };
    word.to_string().parse().ok()
}

/// Whether the file begins with `#![…]`, which is also what a `//!` comment is to the compiler.
fn has_inner_attribute(tokens: &[TokenTree]) -> bool {
    let is = |at: usize, c: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == c);
    is(0, '#') && is(1, '!')
}

fn inner_attribute(path: &str, text: &str) -> Finding {
    let start = ["//!", "/*!", "#!"]
        .iter()
        .filter_map(|start| text.find(start))
        .min();
    let offset = start.unwrap_or(0);
    let width = text[offset..].lines().next().map_or(0, str::len);
    Finding::new(
        Problem::InnerAttribute,
        "a code migration becomes a module, which cannot begin with this",
    )
    .at(Place::at(path, text, 1, offset, width))
    .help("begin comments with `//`, and put attributes on the items: `#[allow(…)]`")
}

fn not_public(path: &str, text: &str, item: &Item<'_>) -> Finding {
    let Item { keyword, name, .. } = item;
    Finding::new(
        Problem::NotPublic,
        format!("`{keyword} {name}` is not `pub`"),
    )
    .at(place(path, text, item))
    .help(format!(
        "write `pub {keyword} {name}`, or give it another name"
    ))
}

fn not_literal(path: &str, text: &str, item: &Item<'_>) -> Finding {
    let name = &item.name;
    let value = if name == "REVISION" {
        "u32 = 1"
    } else {
        "bool = true"
    };
    Finding::new(
        Problem::ConstantNotLiteral,
        format!("the value of `{name}` is not a literal"),
    )
    .at(place(path, text, item))
    .help(format!(
        "it is read before the file is compiled: `pub const {name}: {value};`"
    ))
}

fn no_driver(path: &str, text: &str, function: &Item<'_>) -> Finding {
    let name = &function.name;
    Finding::new(
        Problem::AsyncWithoutDriver,
        format!("`async fn {name}` cannot run on SQLite, whose driver is not asynchronous"),
    )
    .at(place(path, text, function))
    .help(format!("write `pub fn {name}`"))
    .help("or name the database that it is for: `database = \"postgres\"`")
}

fn partly_async(path: &str, text: &str, function: &Item<'_>) -> Finding {
    let name = &function.name;
    let (is, up, cure) = match function.is_async {
        true => ("`async`", "not", "pub fn"),
        false => ("not `async`", "`async`", "pub async fn"),
    };
    Finding::new(
        Problem::PartlyAsync,
        format!("`fn {name}` is {is}, but `fn up` is {up}"),
    )
    .at(place(path, text, function))
    .help(format!(
        "one connection runs them all: write `{cure} {name}`, or `up` otherwise"
    ))
}

fn missing_up(path: &str, text: &str, private: Option<&Item<'_>>) -> Finding {
    match private {
        Some(up) => Finding::new(Problem::MissingUp, "`fn up` is not `pub`")
            .at(place(path, text, up))
            .help("write `pub fn up`"),
        None => Finding::new(Problem::MissingUp, "there is no `pub fn up` in this file")
            .at(Place::file(path))
            .help("write `pub fn up(db: …) -> Result<…>` at the top level of the file"),
    }
}

/// Where `item` stands. Tokens carry no positions here, so its words are looked for in the text.
fn place(path: &str, text: &str, item: &Item<'_>) -> Place {
    let begins = |at: usize| text[..at].trim_end().ends_with(item.keyword);
    let ends = |at: usize| !text[at..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let offset = text
        .match_indices(&item.name)
        .map(|(at, _)| at)
        .find(|at| begins(*at) && ends(at + item.name.len()));
    offset.map_or_else(
        || Place::file(path),
        |offset| Place::at(path, text, 1, offset, item.name.len()),
    )
}
