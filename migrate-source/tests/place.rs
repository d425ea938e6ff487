//! Places in texts, and the layout of messages about them.

use migrate_source::Place;
use migrate_source::place::report;

/// Line, column, width and excerpt of `len` bytes at `offset`.
#[track_caller]
fn at(text: &str, offset: usize, len: usize, expected: (u32, u32, u32, &str)) {
    let place = Place::at("a.sql", text, 1, offset, len);
    let found = (
        place.line,
        place.column,
        place.width,
        place.excerpt.as_str(),
    );
    assert_eq!(found, expected, "{text:?} {offset} {len}");
}

#[test]
fn lines_and_columns() {
    let text = "one\ntwo\r\n\nfour";
    at(text, 0, 3, (1, 1, 3, "one"));
    at(text, 4, 1, (2, 1, 1, "two"));
    at(text, 6, 1, (2, 3, 1, "two"));
    at(text, 9, 1, (3, 1, 1, ""));
    at(text, 10, 4, (4, 1, 4, "four"));
    at(text, text.len(), 0, (4, 5, 1, "four"));
    at("", 0, 0, (1, 1, 1, ""));
    assert_eq!(Place::at("a.sql", text, 41, 4, 1).line, 42);
}

#[test]
fn columns_are_characters() {
    at("é = 'ü';", 3, 1, (1, 3, 1, "é = 'ü';"));
    at("é = 'ü';", 5, 4, (1, 5, 3, "é = 'ü';"));
    at("日本 x", 7, 1, (1, 4, 1, "日本 x"));
    // Inside of a character.
    at("é", 1, 1, (1, 1, 1, "é"));
}

#[test]
fn of_several_lines_the_first_is_meant() {
    at("SELECT\n1;", 0, 9, (1, 1, 6, "SELECT"));
    at("a\nb", 1, 5, (1, 2, 1, "a"));
}

#[test]
fn offsets_beyond_the_end() {
    at("ab\n", 7, 3, (2, 1, 1, ""));
    at("ab", usize::MAX, usize::MAX, (1, 3, 1, "ab"));
    assert_eq!(Place::at("a", "\n\n", u32::MAX, 2, 1).line, u32::MAX);
}

#[track_caller]
fn check(place: &Place, expected: &str) {
    let text = report("no", Some(place), "m", &["do".to_owned()]);
    assert_eq!(text, expected.trim_matches('\n'));
}

#[test]
fn the_margin_fits_the_number() {
    let text = format!("{}SELECT x;", "\n".repeat(99));
    check(
        &Place::at("a.sql", &text, 1, 99 + 7, 1),
        "
no
   --> m/a.sql:100:8
    |
100 | SELECT x;
    |        ^
    = help: do",
    );
}

#[test]
fn tabs_and_wide_characters_keep_the_carets_in_place() {
    check(
        &Place::at("a.sql", "\t'é',\tx;", 1, 7, 1),
        "
no
 --> m/a.sql:1:7
  |
1 | \t'é',\tx;
  | \t    \t^
  = help: do",
    );
}

#[test]
fn long_lines_are_shortened() {
    let text = format!("{}here{}", "a".repeat(500), "b".repeat(500));
    check(
        &Place::at("a.sql", &text, 1, 500, 4),
        &format!(
            "
no
 --> m/a.sql:1:501
  |
1 | …{}here{}…
  | {}^^^^
  = help: do",
            "a".repeat(60),
            "b".repeat(76),
            " ".repeat(61),
        ),
    );
    // What is meant may be longer than what is shown.
    let text = report("no", Some(&Place::at("a", &text, 1, 0, 1000)), "", &[]);
    assert_eq!(
        text.lines().last().unwrap(),
        format!("  | {}", "^".repeat(80))
    );
}

#[test]
fn an_empty_line_has_no_trailing_space() {
    check(
        &Place::at("a.sql", "", 1, 0, 0),
        "
no
 --> m/a.sql:1:1
  |
1 |
  | ^
  = help: do",
    );
}

#[test]
fn a_file_as_a_whole_has_no_excerpt() {
    check(&Place::file("a.sql"), "no\n --> m/a.sql:1:1\n  = help: do");
}

#[test]
fn the_folder_is_put_before_the_path() {
    let text = |folder| report("no", Some(&Place::file("a.sql")), folder, &[]);
    assert_eq!(text(""), "no\n --> a.sql:1:1");
    assert_eq!(text("x/y"), "no\n --> x/y/a.sql:1:1");
    assert_eq!(text("x/y/"), "no\n --> x/y/a.sql:1:1");
    assert_eq!(
        report("no", None, "x", &["do".to_owned()]),
        "no\n  = help: do"
    );
}

#[test]
fn nothing_in_a_text_reaches_the_terminal_as_a_command() {
    let place = Place::at("a\u{1b}\n.sql", "a\u{1b}[31m\0\u{202e}b", 1, 6, 1);
    assert_eq!(
        report("\u{7} two\nlines", Some(&place), "", &["\u{9b}".to_owned()]),
        "\u{fffd} two lines
 --> a\u{fffd} .sql:1:7
  |
1 | a\u{fffd}[31m\u{fffd}\u{fffd}b
  |       ^
  = help: \u{fffd}",
    );
}
