//! What the parser says, in the words of PostgreSQL and its users.

use migrate_source::sql::{Token, TokenKind};

/// Where an error is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Near<'t, 'a> {
    Token(&'t Token<'a>),
    /// Behind the last token.
    End,
}

/// The message for what the parser says, and what helps.
pub(crate) fn worded(said: &str, near: Near<'_, '_>) -> (String, Vec<String>) {
    let lower = said.to_lowercase();
    // What is said in several sentences is about the parser.
    let of_form = said.replace("...", "").contains(". ")
        || ["expected", "unexpected", "missing", "trailing junk"]
            .iter()
            .any(|start| lower.starts_with(start));
    if !of_form {
        let help = "correct it: PostgreSQL would refuse the whole script";
        return (sentence(said), vec![help.to_owned()]);
    }
    let message = match near {
        Near::Token(token) => format!("syntax error at or near \"{}\"", short(token.text)),
        Near::End => "syntax error at end of input".to_owned(),
    };
    let expected = expected(said);
    let mut help = Vec::new();
    if let Some(expected) = &expected {
        help.push(format!("expected here, for instance: {expected}"));
    }
    if let Near::Token(token) = near {
        help.extend(quoted(token, expected.as_deref()));
    }
    if help.is_empty() {
        help.push("correct it: PostgreSQL would refuse the whole script".to_owned());
    }
    (message, help)
}

/// What helps if a token was meant as a name.
fn quoted(token: &Token<'_>, expected: Option<&str>) -> Option<String> {
    if token.is_punctuation('`') {
        return Some("names are quoted by `\"`".to_owned());
    }
    let expects_name = ["name", "name of a table", "role"]
        .iter()
        .any(|name| expected.is_some_and(|expected| expected.ends_with(name)));
    // A list of columns may end where a name is refused.
    let may_expect_name = expected.is_none_or(|expected| expected == "`)`");
    let likely = may_expect_name && NAMES.iter().any(|name| token.is_keyword(name));
    let meant = token.kind == TokenKind::Word && (expects_name || likely);
    meant.then(|| {
        let name = token.text.to_lowercase();
        format!(
            "if `{}` is meant as a name, quote it: `\"{name}\"`",
            token.text
        )
    })
}

/// Reserved words that are often taken for names.
const NAMES: &[&str] = &[
    "all",
    "check",
    "column",
    "default",
    "desc",
    "end",
    "from",
    "group",
    "limit",
    "offset",
    "order",
    "primary",
    "references",
    "table",
    "to",
    "user",
    "when",
];

/// What is expected, as an author knows it; none if that says too little.
fn expected(said: &str) -> Option<String> {
    let (start, rest) = said.split_at_checked("expected ".len())?;
    if !start.eq_ignore_ascii_case("expected ") {
        return None;
    }
    let cut = [", got ", ", found ", " but found "];
    let end = cut.iter().filter_map(|cut| rest.find(cut)).min();
    let rest = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
    if let Some(keyword) = rest.strip_suffix("_KW") {
        return Some(format!("`{keyword}`"));
    }
    let is_kind = rest
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let known = match rest {
        "L_PAREN" => "`(`",
        "R_PAREN" => "`)`",
        "L_BRACK" => "`[`",
        "R_BRACK" => "`]`",
        "COMMA" => "`,`",
        "SEMICOLON" => "`;`",
        "DOT" => "`.`",
        "EQ" => "`=`",
        "FAT_ARROW" => "`=>`",
        "IDENT" | "path name" | "identifier" => "name",
        "STRING" => "string",
        "expr" | "an expression" | "expression" => "expression",
        "select stmt" => "`SELECT` or `VALUES`",
        "from item" | "from_item" | "table reference" => "name of a table",
        _ if rest.ends_with("relation name") => "name of a table",
        "command" => return None,
        _ if is_kind && rest.contains('_') => return None,
        other => other,
    };
    Some(known.to_owned())
}

/// As messages begin and end here.
fn sentence(said: &str) -> String {
    let said = said.trim_end_matches(['.', '!']);
    let mut characters = said.chars();
    let first = characters.next().unwrap_or_default();
    // A keyword stays as it is.
    match characters.clone().next() {
        Some(second) if second.is_lowercase() => {
            format!("{}{}", first.to_lowercase(), characters.as_str())
        }
        _ => said.to_owned(),
    }
}

/// A token as one line shows it.
fn short(token: &str) -> String {
    const MOST: usize = 40;
    let line = token.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(MOST).collect();
    match cut.len() < token.len() {
        true => format!("{cut}…"),
        false => cut,
    }
}
