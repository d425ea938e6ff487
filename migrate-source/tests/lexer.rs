//! The tokens of SQL text, as each database reads it.

use migrate_source::Database::{self, Postgres, Sqlite};
use migrate_source::sql::{Token, TokenKind, tokens};

/// Checks the tokens of `text`. Each is given as a letter for its kind, a space and its text; the
/// letter is a capital where the token is not closed.
#[track_caller]
fn check(databases: &[Database], text: &str, expected: &[&str]) {
    for &database in databases {
        let found: Vec<String> = tokens(text, database).map(|token| shown(&token)).collect();
        assert_eq!(found, expected, "{database}: {text:?}");
    }
}

fn shown(token: &Token<'_>) -> String {
    let kind = match token.kind {
        TokenKind::Word => 'w',
        TokenKind::QuotedName => 'q',
        TokenKind::String => 's',
        TokenKind::Number => 'n',
        TokenKind::Parameter => 'a',
        TokenKind::Punctuation => 'p',
        TokenKind::LineComment => 'l',
        TokenKind::BlockComment => 'b',
        TokenKind::HashComment => 'h',
        other => panic!("{other:?} has no letter"),
    };
    let kind = if token.closed {
        kind
    } else {
        kind.to_ascii_uppercase()
    };
    format!("{kind} {}", token.text)
}

const BOTH: &[Database] = Database::ALL;

#[test]
fn nothing_but_white_space_has_no_tokens() {
    for text in ["", " ", "\t\r\n\x0c ", "\u{feff}", "\u{feff} \n"] {
        check(BOTH, text, &[]);
    }
}

#[test]
fn words() {
    check(BOTH, "SELECT a_1", &["w SELECT", "w a_1"]);
    check(
        BOTH,
        "größe ñ 名前 _x",
        &["w größe", "w ñ", "w 名前", "w _x"],
    );
    check(BOTH, "a$b$c", &["w a$b$c"]);
    check(BOTH, "a$$b$$", &["w a$$b$$"]);
    check(BOTH, "a.b", &["w a", "p .", "w b"]);
    // A no-break space is a letter to both.
    check(BOTH, "a\u{a0}b", &["w a\u{a0}b"]);
    check(
        &[Sqlite],
        "$a :b @c ?1",
        &["w $a", "p :", "w b", "p @", "w c", "p ?", "n 1"],
    );
}

#[test]
fn white_space() {
    check(
        BOTH,
        "a\tb\nc\rd\x0ce f",
        &["w a", "w b", "w c", "w d", "w e", "w f"],
    );
    check(&[Postgres], "a\x0bb", &["w a", "w b"]);
    check(&[Sqlite], "a\x0bb", &["w a", "p \x0b", "w b"]);
}

#[test]
fn byte_order_marks() {
    check(BOTH, "\u{feff}SELECT", &["w SELECT"]);
    check(
        &[Sqlite],
        "a; \u{feff}b\u{feff}",
        &["w a", "p ;", "w b\u{feff}"],
    );
    check(&[Postgres], "\u{feff}\u{feff}a", &["w \u{feff}a"]);
    let token = tokens("\u{feff} a", Sqlite).next().unwrap();
    assert_eq!((token.offset, token.end()), (4, 5));
}

#[test]
fn every_character_of_punctuation_is_a_token() {
    check(BOTH, "<>=", &["p <", "p >", "p ="]);
    check(
        BOTH,
        "a||b::c->>d",
        &[
            "w a", "p |", "p |", "w b", "p :", "p :", "w c", "p -", "p >", "p >", "w d",
        ],
    );
    check(
        BOTH,
        "\\\0\x07~!%^&",
        &["p \\", "p \0", "p \x07", "p ~", "p !", "p %", "p ^", "p &"],
    );
    check(BOTH, "];", &["p ]", "p ;"]);
}

#[test]
fn numbers() {
    for number in [
        "0", "42", "1_000", "1.5", ".5", "1.", "1.5e-3", "1E+10", "1e5", "0x1F", "0b01",
    ] {
        check(BOTH, number, &[&format!("n {number}")]);
        check(
            BOTH,
            &format!("-{number};"),
            &["p -", &format!("n {number}"), "p ;"],
        );
    }
    check(BOTH, "1-2", &["n 1", "p -", "n 2"]);
    check(BOTH, "1e-x", &["n 1e", "p -", "w x"]);
    check(BOTH, "1e", &["n 1e"]);
    // `e` is a digit here, so that the sign is an operator.
    check(BOTH, "0x1e-3", &["n 0x1e", "p -", "n 3"]);
    check(BOTH, "1e-3-4e+5", &["n 1e-3", "p -", "n 4e+5"]);
    check(BOTH, "12abc 1é", &["n 12abc", "n 1é"]);
    check(BOTH, "a . 5", &["w a", "p .", "n 5"]);
}

#[test]
fn strings() {
    check(BOTH, "'a' ''", &["s 'a'", "s ''"]);
    check(BOTH, "'it''s'", &["s 'it''s'"]);
    check(BOTH, "''''", &["s ''''"]);
    check(BOTH, "'a;--b/*c'", &["s 'a;--b/*c'"]);
    check(BOTH, "'a\r\nb'", &["s 'a\r\nb'"]);
    check(BOTH, r"'a\' b", &[r"s 'a\'", "w b"]);
    check(BOTH, "x'00' X'fF'", &["s x'00'", "s X'fF'"]);
    check(BOTH, "ax'00'", &["w ax", "s '00'"]);
    check(BOTH, "'名'x", &["s '名'", "w x"]);
}

#[test]
fn strings_of_postgres() {
    check(&[Postgres], r"E'a\'b' e'\\'", &[r"s E'a\'b'", r"s e'\\'"]);
    check(&[Postgres], r"E'a''\''''", &[r"s E'a''\''''"]);
    check(&[Postgres], r"E'\é'x", &[r"s E'\é'", "w x"]);
    check(&[Postgres], r"ae'\' b", &["w ae", r"s '\'", "w b"]);
    check(
        &[Postgres],
        "b'01' N'x' n''",
        &["s b'01'", "s N'x'", "s n''"],
    );
    check(
        &[Postgres],
        r"U&'\0041' u&'''' U & 'x'",
        &[r"s U&'\0041'", "s u&''''", "w U", "p &", "s 'x'"],
    );
    check(
        &[Sqlite],
        r"E'a\' b'01' N'' U&'x'",
        &[
            "w E", r"s 'a\'", "w b", "s '01'", "w N", "s ''", "w U", "p &", "s 'x'",
        ],
    );
}

#[test]
fn a_string_on_the_next_line_continues_one_with_escapes() {
    for gap in [
        "\n",
        "\r",
        " \t\n ",
        "\n\n",
        " -- it's\n",
        "\n-- one\n-- two\n ",
    ] {
        let text = format!(r"E'a'{gap}'b\'c', 'd'");
        let strings: Vec<_> = tokens(&text, Postgres)
            .filter(|token| token.kind == TokenKind::String)
            .map(|token| token.text)
            .collect();
        assert_eq!(strings, ["E'a'", r"'b\'c'", "'d'"], "{text:?}");
    }
    check(
        &[Postgres],
        "E'a'\n'b'\n'\\''",
        &["s E'a'", "s 'b'", r"s '\''"],
    );
    check(&[Postgres], r"E'a' '\' b", &["s E'a'", r"s '\'", "w b"]);
    check(
        &[Postgres],
        "E'a' /* */\n'\\' b",
        &["s E'a'", "b /* */", r"s '\'", "w b"],
    );
    check(
        &[Postgres],
        "E'a',\n'\\' b",
        &["s E'a'", "p ,", r"s '\'", "w b"],
    );
    check(&[Postgres], "'a'\n'\\' b", &["s 'a'", r"s '\'", "w b"]);
}

#[test]
fn quoted_names() {
    check(
        BOTH,
        r#""a b" "a""b" "a;'--""#,
        &[r#"q "a b""#, r#"q "a""b""#, r#"q "a;'--""#],
    );
    check(
        &[Sqlite],
        "`a``b` [a 'b] [x[y]",
        &["q `a``b`", "q [a 'b]", "q [x[y]"],
    );
    check(
        &[Postgres],
        "a[1:2]",
        &["w a", "p [", "n 1", "p :", "n 2", "p ]"],
    );
    check(&[Postgres], "`a`", &["p `", "w a", "p `"]);
    check(
        &[Postgres],
        r#"U&"d\0061" u&"x""y""#,
        &[r#"q U&"d\0061""#, r#"q u&"x""y""#],
    );
    check(&[Sqlite], r#"U&"x""#, &["w U", "p &", r#"q "x""#]);
}

#[test]
fn dollar_quotes() {
    for quoted in [
        "$$$$",
        "$$a;b$$",
        "$$it's $ 1$$",
        "$a$ $$ $b$ $A$ $a$",
        "$_1$x$_1$",
        "$é$x$é$",
        "$fn$\r\n-- /* ' \" \n$fn$",
        "$a$$a$",
        "$a$ $b$a$",
    ] {
        check(&[Postgres], quoted, &[&format!("s {quoted}")]);
        check(
            &[Postgres],
            &format!("({quoted})"),
            &["p (", &format!("s {quoted}"), "p )"],
        );
    }
    check(&[Postgres], "$$ $$$", &["s $$ $$", "p $"]);
    check(&[Postgres], "a $$b$$", &["w a", "s $$b$$"]);
    check(&[Postgres], "1$$b$$", &["n 1", "s $$b$$"]);
    check(&[Postgres], "$a b$", &["p $", "w a", "w b$"]);
    check(&[Postgres], "$a-b$", &["p $", "w a", "p -", "w b$"]);
}

#[test]
fn parameters() {
    check(&[Postgres], "$1 $23", &["a $1", "a $23"]);
    check(&[Postgres], "$1.name", &["a $1", "p .", "w name"]);
    check(&[Postgres], "$1$", &["a $1", "p $"]);
    check(
        &[Postgres],
        "f($1,$2)",
        &["w f", "p (", "a $1", "p ,", "a $2", "p )"],
    );
    check(&[Sqlite], "$1", &["w $1"]);
}

#[test]
fn line_comments() {
    check(BOTH, "a -- b; 'c\nd", &["w a", "l -- b; 'c", "w d"]);
    check(BOTH, "--\r\n--a\r\nb", &["l --", "l --a", "w b"]);
    check(BOTH, "a--b", &["w a", "l --b"]);
    check(BOTH, "a - -b", &["w a", "p -", "p -", "w b"]);
    check(BOTH, "a<--b", &["w a", "p <", "l --b"]);
    check(&[Sqlite], "--a\rb\nc", &["l --a\rb", "w c"]);
    check(&[Postgres], "--a\rb\nc", &["l --a", "w b", "w c"]);
}

#[test]
fn block_comments() {
    check(
        BOTH,
        "/**/a/***/b/* ; ' */c",
        &["b /**/", "w a", "b /***/", "w b", "b /* ; ' */", "w c"],
    );
    check(BOTH, "*/*a*/", &["p *", "b /*a*/"]);
    check(
        &[Sqlite],
        "/* /* */ a */",
        &["b /* /* */", "w a", "p *", "p /"],
    );
    check(&[Postgres], "/* /* */ a */ b", &["b /* /* */ a */", "w b"]);
    check(&[Postgres], "/*/**/*/a", &["b /*/**/*/", "w a"]);
    check(&[Postgres], "/*/*/ */ */a", &["b /*/*/ */ */", "w a"]);
}

#[test]
fn hash_comments_at_the_start_of_a_statement() {
    check(
        BOTH,
        "# it's one\na; # two\r\n #3",
        &["h # it's one", "w a", "p ;", "h # two", "h #3"],
    );
    check(
        BOTH,
        "-- a\n/* b */ # c\n# d",
        &["l -- a", "b /* b */", "h # c", "h # d"],
    );
    check(BOTH, "a # b", &["w a", "p #", "w b"]);
    check(BOTH, "a\n# b", &["w a", "p #", "w b"]);
}

#[test]
fn what_is_not_closed_runs_to_the_end() {
    check(BOTH, "a 'b; c", &["w a", "S 'b; c"]);
    check(BOTH, "'", &["S '"]);
    check(BOTH, "'''", &["S '''"]);
    check(BOTH, "x'", &["S x'"]);
    check(BOTH, "\"a", &["Q \"a"]);
    check(BOTH, "/*", &["B /*"]);
    check(BOTH, "/*/", &["B /*/"]);
    check(BOTH, "/* *", &["B /* *"]);
    check(BOTH, "--", &["l --"]);
    check(&[Sqlite], "[a;b", &["Q [a;b"]);
    check(&[Sqlite], "`a", &["Q `a"]);
    check(&[Postgres], "/* /* */", &["B /* /* */"]);
    check(&[Postgres], "$a$ b $$", &["S $a$ b $$"]);
    check(&[Postgres], "$$$", &["S $$$"]);
    check(&[Postgres], r"E'\", &[r"S E'\"]);
    check(&[Postgres], r"E'\'", &[r"S E'\'"]);
    check(&[Postgres], "U&'", &["S U&'"]);
}

#[test]
fn keywords_are_words() {
    let is_begin = |text| tokens(text, Sqlite).next().unwrap().is_keyword("BEGIN");
    assert!(is_begin("begin"));
    assert!(is_begin("BeGiN"));
    assert!(!is_begin("\"begin\""));
    assert!(!is_begin("begins"));
    assert!(!is_begin("'begin'"));
}
