//! What holds for every text, however odd.

use migrate_source::Database::{self, Postgres, Sqlite};
use migrate_source::checksum::Digest;
use migrate_source::directive::Directives;
use migrate_source::sql::{
    Token, attaches, control, foreign_keys_pragma, outside_transaction, psql_command, statements,
    tokens,
};
use migrate_source::{Checksum, Mode};
use proptest::prelude::*;
use proptest::sample::select;

fn database() -> impl Strategy<Value = Database> {
    select(Database::ALL)
}

/// Pieces of SQL that open, close, escape or only look as if they did.
const PIECES: &[&str] = &[
    "'",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "$",
    "$$",
    "$a$",
    "$1",
    "E'",
    "e'",
    "x'",
    "U&'",
    "U&\"",
    "\\",
    "\\'",
    "/*",
    "*/",
    "--",
    "-",
    "#",
    ";",
    ";",
    "(",
    ")",
    ".",
    ",",
    "1",
    "1e-3",
    "0x",
    "e",
    "+",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\t",
    "\x0b",
    "\0",
    "\u{feff}",
    "é",
    "名",
    "\u{a0}",
    "a",
    "CREATE ",
    " TRIGGER ",
    " TEMP ",
    " OR REPLACE ",
    " FUNCTION ",
    " RULE ",
    " BEGIN ",
    " ATOMIC ",
    " CASE ",
    " END ",
    "END;",
    " ROLLBACK ",
    " TO ",
    "PRAGMA ",
    "foreign_keys",
    "=",
    "VACUUM",
    "REINDEX ",
    "COPY ",
    " FROM STDIN",
    "-- migrate: ",
    "repeat",
    "description \"",
    "-- +goose NO TRANSACTION\n",
];

const GOOSE: &[&str] = &["\n-- +goose StatementBegin\n", "\n-- +goose StatementEnd\n"];

/// A text of pieces of SQL, with blocks of goose's or without.
fn pieces(goose: bool) -> impl Strategy<Value = String> {
    let all = if goose {
        [PIECES, GOOSE].concat()
    } else {
        PIECES.to_vec()
    };
    prop::collection::vec(select(all), 0..30).prop_map(|pieces| pieces.concat())
}

/// Any text: of any characters, or of pieces of SQL.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), pieces(true)]
}

/// A token that stays one when white space is put on both its sides.
fn whole_token(database: Database) -> impl Strategy<Value = String> {
    let common: &[&str] = &[
        "SELECT",
        "a",
        "größe",
        "_1",
        "'a b'",
        "'it''s -- '",
        "''",
        "x'00'",
        "\"a  b\"",
        "1",
        "1.5e-3",
        "0x1F",
        ".5",
        "1e",
        ";",
        "(",
        ")",
        ",",
        "-",
        "/",
        "*",
        "=",
        "\\",
        "\0",
    ];
    let special: &[&str] = match database {
        Sqlite => &["[a b]", "`a b`", "$a", "\x0b"],
        _ => &[
            "E'a\\'b'",
            "$$ a  ; $$",
            "$x$ $$ $x$",
            "$1",
            "[",
            "]",
            "U&'a'",
            "$",
            "`",
        ],
    };
    select([common, special].concat()).prop_map(str::to_owned)
}

/// White space and comments that separate two tokens on every database.
fn gap() -> impl Strategy<Value = String> {
    let one = select(vec![
        " ",
        "\n",
        "\r\n",
        "\t",
        "/**/",
        "/* ' ; $$ */",
        "-- a\n",
        "-- it's\r\n",
        "\n--\n",
    ]);
    prop::collection::vec(one, 0..4).prop_map(|gaps| format!(" {} ", gaps.concat()))
}

/// Tokens, and two ways of writing them one after the other.
fn spaced_twice() -> impl Strategy<Value = (Database, String, String)> {
    database().prop_flat_map(|database| {
        let tokens = prop::collection::vec((whole_token(database), gap(), gap()), 0..12);
        (Just(database), tokens).prop_map(|(database, tokens)| {
            // A string that follows an `E''` string means another thing on the next line.
            let token = |(token, ..): &(String, String, String)| format!("{token} ,");
            let first = tokens
                .iter()
                .map(|t| format!("{}{}", t.1, token(t)))
                .collect();
            let second = tokens
                .iter()
                .map(|t| format!("{}{}", token(t), t.2))
                .collect();
            (database, first, second)
        })
    })
}

fn is_semicolon(token: &Token<'_>) -> bool {
    token.is_punctuation(';')
}

fn is_space(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_panics(text in any_text(), database in database()) {
        let _ = Directives::read(&text, database);
        let _ = Checksum::of_sql(&text, database);
        let all = statements(&text, database);
        for text in all.iter().map(|statement| statement.text).chain([text.as_str()]) {
            let _ = control(text, database);
            let _ = outside_transaction(text, database);
            let _ = foreign_keys_pragma(text, database);
            let _ = attaches(text, database);
            let _ = psql_command(text, database);
        }
    }

    #[test]
    fn between_tokens_is_white_space(text in any_text(), database in database()) {
        let mut at = 0;
        let mut all_closed = true;
        for token in tokens(&text, database) {
            let gap = &text[at..token.offset];
            prop_assert!(is_space(gap), "{gap:?}");
            prop_assert!(!token.text.is_empty());
            prop_assert!(all_closed, "only the last token can be open");
            prop_assert_eq!(&text[token.offset..token.end()], token.text);
            all_closed = token.closed;
            at = token.end();
        }
        prop_assert!(is_space(&text[at..]));
    }

    #[test]
    fn every_token_is_in_one_statement(text in any_text(), database in database()) {
        let all = statements(&text, database);
        for pair in all.windows(2) {
            prop_assert!(pair[0].offset + pair[0].text.len() <= pair[1].offset);
        }
        for token in tokens(&text, database).filter(|token| !token.kind.is_comment()) {
            let within = all.iter().filter(|one| {
                one.offset <= token.offset && token.end() <= one.offset + one.text.len()
            });
            let found = within.count();
            prop_assert!(found == 1 || (is_semicolon(&token) && found == 0), "{token:?}");
        }
    }

    #[test]
    fn statements_begin_and_end_with_a_token(text in pieces(false), database in database()) {
        for statement in statements(&text, database) {
            let within: Vec<_> = tokens(&text, database)
                .filter(|token| !token.kind.is_comment())
                .filter(|token| token.offset >= statement.offset)
                .take_while(|token| token.end() <= statement.offset + statement.text.len())
                .collect();
            let (first, last) = (within.first().unwrap(), within.last().unwrap());
            prop_assert!(!is_semicolon(first));
            prop_assert_eq!(first.offset, statement.offset);
            prop_assert_eq!(last.end(), statement.offset + statement.text.len());
            prop_assert!(!statement.terminated || is_semicolon(last));
        }
    }

    #[test]
    fn a_statement_alone_has_the_same_tokens(text in pieces(false), database in database()) {
        for statement in statements(&text, database) {
            // A byte order mark within a script is no longer one within when it comes first.
            let alone = format!(" {}", statement.text);
            let alone: Vec<_> = tokens(&alone, database).map(|token| token.text).collect();
            let within: Vec<_> = tokens(&text, database)
                .filter(|token| token.offset >= statement.offset)
                .take_while(|token| token.end() <= statement.offset + statement.text.len())
                .map(|token| token.text)
                .collect();
            prop_assert_eq!(alone, within);
        }
    }

    #[test]
    fn splitting_again_changes_nothing(text in pieces(false), database in database()) {
        let once: Vec<_> = statements(&text, database).iter().map(|one| one.text).collect();
        let joined = format!("\n{}", once.join("\n"));
        let twice: Vec<_> = statements(&joined, database).iter().map(|one| one.text).collect();
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(
            of_parts(once.iter().copied(), database),
            of_parts(twice, database),
        );
    }

    #[test]
    fn spacing_and_comments_do_not_count((database, first, second) in spaced_twice()) {
        prop_assert_eq!(
            Checksum::of_sql(&first, database),
            Checksum::of_sql(&second, database),
            "{:?} {:?}", first, second,
        );
        let crlf = first.replace("\r\n", "\n").replace('\n', "\r\n");
        prop_assert_eq!(Checksum::of_sql(&first, database), Checksum::of_sql(&crlf, database));
    }

    #[test]
    fn a_changed_token_counts(
        (database, first, _) in spaced_twice(),
        word in "[a-z]{1,8}",
        at in any::<prop::sample::Index>(),
    ) {
        let ends: Vec<_> = tokens(&first, database).map(|token| token.end()).collect();
        let at = if ends.is_empty() { 0 } else { ends[at.index(ends.len())] };
        let more = format!("{}\n{word}\n{}", &first[..at], &first[at..]);
        prop_assert_ne!(Checksum::of_sql(&first, database), Checksum::of_sql(&more, database));
    }

    #[test]
    fn comments_read_back(text in any_text(), no_transaction in any::<bool>(), on in any::<bool>()) {
        let mode = if no_transaction { Mode::NoTransaction } else { Mode::Repeat };
        let script = format!("{};{text}", Directives::to_comments(mode, on));
        let (directives, _) = Directives::read(&script, Sqlite);
        prop_assert_eq!((directives.mode, directives.foreign_keys), (mode, on));
    }
}

/// Long texts of one kind must neither take long nor overflow the stack.
#[test]
fn long_texts() {
    for database in [Sqlite, Postgres] {
        for piece in [
            "/*",
            "*/",
            "(",
            "'",
            "$a$",
            "$$",
            ";",
            "a ",
            "CREATE RULE (",
            "[",
            "E'\\",
        ] {
            let text = piece.repeat(20_000);
            let all = statements(&text, database);
            for statement in all.iter().take(10) {
                let _ = outside_transaction(statement.text, database);
                let _ = psql_command(statement.text, database);
            }
            let _ = Directives::read(&text, database);
        }
    }
}

/// The checksum of a script that comes in pieces.
fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>, database: Database) -> Checksum {
    let mut digest = Digest::new(database);
    parts.into_iter().for_each(|part| digest.add(part));
    digest.checksum()
}
