//! Which SQL is parsed: the parser descends into itself, and takes long for long expressions.

use migrate_source::Database;
use migrate_source::sql::tokens;

/// How deep parentheses, brackets and `CASE` may be nested.
const DEPTH: usize = 200;

/// How many tokens of one level may follow each other without a `,` or `;`.
const RUN: usize = 2000;

/// Whether `sql` is nested so little, and its expressions are so short, that it can be parsed.
pub(crate) fn within_bounds(sql: &str) -> bool {
    let mut runs = vec![0];
    for token in tokens(sql, Database::Postgres).filter(|token| !token.kind.is_comment()) {
        if token.is_punctuation(',') || token.is_punctuation(';') {
            runs.pop();
            runs.push(0);
        } else if ['(', '[', '{']
            .iter()
            .any(|&open| token.is_punctuation(open))
            || token.is_keyword("CASE")
        {
            runs.push(0);
        } else if [')', ']', '}']
            .iter()
            .any(|&close| token.is_punctuation(close))
            || token.is_keyword("END")
        {
            runs.pop();
        }
        match runs.last_mut() {
            Some(run) => *run += 1,
            None => runs.push(1),
        }
        if runs.len() > DEPTH || runs.last().is_some_and(|&run| run > RUN) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, RUN};
    use crate::parse::{parsed, with_stack};

    /// Checks whether SQL with `middle` between many `left` and as many `right` is parsed.
    #[track_caller]
    fn check(left: &str, middle: &str, right: &str, count: usize, is_parsed: bool) {
        let sql = format!(
            "SELECT {}{middle}{};",
            left.repeat(count),
            right.repeat(count)
        );
        let errors = with_stack(|| parsed(&sql, |tree| tree.errors().len())).unwrap();
        assert_eq!(errors, is_parsed.then_some(0), "{left}{middle}{right}");
    }

    #[test]
    fn bounds() {
        check("(", "1", ")", DEPTH - 2, true);
        check("(", "1", ")", DEPTH, false);
        check("ARRAY[", "1", "]", DEPTH - 2, true);
        check("CASE WHEN true THEN ", "1", " END", DEPTH - 2, true);
        check("CASE WHEN true THEN ", "1", " END", DEPTH, false);
        check("NOT ", "true", "", RUN - 3, true);
        check("NOT ", "true", "", RUN, false);
        check("", "1", " + 1", RUN / 2 - 2, true);
        check("", "1", " + f(1, 2)", RUN, false);
        // Many rows are flat.
        check("", "1", ", (1)", 20_000, true);
    }
}
