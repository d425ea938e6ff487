//! Comparisons in SQL, found without parsing it.

use std::ops::Range;

use migrate_source::sql::{Token, TokenKind, unquoted};
use rusqlite::types::Value;

use super::hints::{Hint, Hints};
use super::literal::literal;
use super::pattern;

/// Goes through tokens, and finds what columns are compared with.
pub(super) struct Walk<'w, 's> {
    tokens: &'w [Token<'s>],
    hints: &'w mut Hints,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Equal,
    Other,
    Below,
    AtMost,
    Above,
    AtLeast,
    Like,
    Glob,
    NotGlob,
    /// Not one that says anything.
    NotLike,
}

impl<'w, 's> Walk<'w, 's> {
    pub(super) fn new(tokens: &'w [Token<'s>], hints: &'w mut Hints) -> Walk<'w, 's> {
        Walk { tokens, hints }
    }

    pub(super) fn all(&mut self) {
        // Where the parentheses are that are open.
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if self.is(at, '(') {
                open.push(at);
            } else if self.is(at, ')') {
                open.pop();
            } else if self.is_name(at) {
                let (column, after) = self.name(at);
                self.column(&column, at..after, open.last().copied());
                self.reversed(&column, at, after);
                at = after;
                continue;
            }
            at += 1;
        }
    }

    /// A column stands at `place`, in the parentheses that open at `open`.
    fn column(&mut self, column: &str, place: Range<usize>, open: Option<usize>) {
        let after = place.end;
        if self.is(after, '-') && self.is(after + 1, '>') {
            self.hints.put(column, Hint::Json);
            return;
        }
        for (operator, value) in self.comparisons(place.start, after) {
            self.compared(column, operator, value);
        }
        let Some(open) = open else {
            return;
        };
        let call = match open.checked_sub(1).map(|before| self.tokens[before]) {
            Some(before) if before.kind == TokenKind::Word => before.text.to_ascii_lowercase(),
            _ => String::new(),
        };
        let alone = place.start == open + 1 && self.is(after, ')');
        match call.as_str() {
            call if call.starts_with("json") => self.hints.put(column, Hint::Json),
            call if DATES.contains(&call) => self.hints.put(column, Hint::Date),
            "length" | "octet_length" if alone => {
                for (operator, value) in self.comparisons(open - 1, after + 1) {
                    self.length(column, operator, &value);
                }
            }
            "typeof" if alone => {
                for (operator, value) in self.comparisons(open - 1, after + 1) {
                    if let (Operator::Equal, Value::Text(name)) = (operator, value) {
                        let name = name.to_ascii_lowercase();
                        self.hints.put(column, Hint::Type(name));
                    }
                }
            }
            "instr" => self.contains(column, after),
            "substr" | "substring" => {
                for (operator, value) in self.comparisons(open - 1, self.end_of_call(after)) {
                    if let (Operator::Equal, Value::Text(text)) = (operator, value) {
                        self.hints.put(column, Hint::Begins(text));
                    }
                }
            }
            call if TRANSPARENT.contains(&call) => {
                for (operator, value) in self.comparisons(open - 1, self.end_of_call(after)) {
                    self.compared(column, operator, value);
                }
            }
            _ if alone => {
                for (operator, value) in self.comparisons(open, after + 1) {
                    self.compared(column, operator, value);
                }
            }
            _ => {}
        }
    }

    /// `5 < column`.
    fn reversed(&mut self, column: &str, at: usize, after: usize) {
        if self.is(after, '(') {
            return;
        }
        let before = |back: usize| at.checked_sub(back).map(|index| self.tokens[index]);
        let sign = |back, character| before(back).is_some_and(|t| t.is_punctuation(character));
        let (operator, length) = match () {
            () if sign(1, '=') && sign(2, '=') => (Operator::Equal, 2),
            () if sign(1, '=') && sign(2, '<') => (Operator::AtLeast, 2),
            () if sign(1, '=') && sign(2, '>') => (Operator::AtMost, 2),
            () if sign(1, '=') && sign(2, '!') => (Operator::Other, 2),
            () if sign(1, '>') && sign(2, '<') => (Operator::Other, 2),
            () if sign(1, '=') => (Operator::Equal, 1),
            () if sign(1, '<') => (Operator::Above, 1),
            () if sign(1, '>') => (Operator::Below, 1),
            () => return,
        };
        let Some(start) = at.checked_sub(length + 1) else {
            return;
        };
        if self.tokens[start].kind == TokenKind::QuotedName {
            return;
        }
        let signed = start > 0 && (self.is(start - 1, '-') || self.is(start - 1, '+'));
        let start = start - usize::from(signed);
        if let Some((value, used)) = literal(&self.tokens[start..at])
            && start + used + length == at
        {
            self.compared(column, operator, value);
        }
    }

    /// What a column or call that begins at `start` and ends before `at` is compared with.
    fn comparisons(&self, start: usize, at: usize) -> Vec<(Operator, Value)> {
        let mut at = at;
        if self.keyword(at, "COLLATE") {
            at += 2;
        }
        let not = self.keyword(at, "NOT");
        at += usize::from(not);
        if self.keyword(at, "IN") && self.is(at + 1, '(') {
            let operator = if not {
                Operator::Other
            } else {
                Operator::Equal
            };
            return self.listed(at + 2, operator);
        }
        if self.keyword(at, "BETWEEN") {
            return self.between(at + 1, not);
        }
        if self.keyword(at, "WHEN") && start > 0 && self.keyword(start - 1, "CASE") {
            return self.cases(at);
        }
        if self.keyword(at, "ISNULL") {
            return vec![(Operator::Equal, Value::Null)];
        }
        if self.keyword(at, "NOTNULL") || (not && self.keyword(at, "NULL")) {
            return vec![(Operator::Other, Value::Null)];
        }
        let (operator, length) = match () {
            () if self.keyword(at, "LIKE") && not => (Operator::NotLike, 1),
            () if self.keyword(at, "LIKE") => (Operator::Like, 1),
            () if self.keyword(at, "GLOB") && not => (Operator::NotGlob, 1),
            () if self.keyword(at, "GLOB") => (Operator::Glob, 1),
            () if not => return Vec::new(),
            () if self.keyword(at, "IS") && self.keyword(at + 1, "NOT") => (Operator::Other, 2),
            () if self.keyword(at, "IS") => (Operator::Equal, 1),
            () if self.is(at, '=') && self.is(at + 1, '=') => (Operator::Equal, 2),
            () if self.is(at, '=') => (Operator::Equal, 1),
            () if self.is(at, '<') && self.is(at + 1, '>') => (Operator::Other, 2),
            () if self.is(at, '!') && self.is(at + 1, '=') => (Operator::Other, 2),
            () if self.is(at, '<') && self.is(at + 1, '=') => (Operator::AtMost, 2),
            () if self.is(at, '>') && self.is(at + 1, '=') => (Operator::AtLeast, 2),
            () if self.is(at, '<') => (Operator::Below, 1),
            () if self.is(at, '>') => (Operator::Above, 1),
            () => return Vec::new(),
        };
        match self.literal(at + length) {
            Some((value, _)) => vec![(operator, value)],
            None => Vec::new(),
        }
    }

    /// The literals of `(1, 2)`, from after its parenthesis.
    fn listed(&self, mut at: usize, operator: Operator) -> Vec<(Operator, Value)> {
        let mut found = Vec::new();
        while let Some((value, after)) = self.literal(at) {
            found.push((operator, value));
            if !self.is(after, ',') {
                break;
            }
            at = after + 1;
        }
        found
    }

    fn between(&self, at: usize, not: bool) -> Vec<(Operator, Value)> {
        let Some((low, after)) = self.literal(at) else {
            return Vec::new();
        };
        let high = match self.keyword(after, "AND") {
            true => self.literal(after + 1),
            false => None,
        };
        let (from, to) = match not {
            true => (Operator::Below, Operator::Above),
            false => (Operator::AtLeast, Operator::AtMost),
        };
        let mut found = vec![(from, low)];
        found.extend(high.map(|(high, _)| (to, high)));
        found
    }

    /// The literals of `WHEN 'a' THEN … WHEN 'b' THEN … END`.
    fn cases(&self, at: usize) -> Vec<(Operator, Value)> {
        let mut found = Vec::new();
        for at in at..self.tokens.len() {
            if self.keyword(at, "END") {
                break;
            }
            if self.keyword(at, "WHEN")
                && let Some((value, after)) = self.literal(at + 1)
                && self.keyword(after, "THEN")
            {
                found.push((Operator::Equal, value));
            }
        }
        found
    }

    fn compared(&mut self, column: &str, operator: Operator, value: Value) {
        let counted = |from, step, first| Hint::Counted { from, step, first };
        let hint = match (operator, value) {
            (Operator::Equal, value) => Hint::Equal(value),
            (Operator::Other, value) => Hint::Other(value),
            (Operator::Like, Value::Text(pattern)) => Hint::Like(pattern),
            (Operator::Glob, Value::Text(pattern)) => Hint::Glob(pattern),
            (Operator::NotGlob, Value::Text(pattern)) => match pattern::only(&pattern) {
                Some(characters) => Hint::Only(characters),
                None => return,
            },
            (Operator::Above, value) => counted(value, 1, 1),
            (Operator::AtLeast, value) => counted(value, 1, 0),
            (Operator::Below, value) => counted(value, -1, 1),
            (Operator::AtMost, value) => counted(value, -1, 0),
            _ => return,
        };
        self.hints.put(column, hint);
    }

    fn length(&mut self, column: &str, operator: Operator, value: &Value) {
        let Value::Integer(length) = value else {
            return;
        };
        let length = match operator {
            Operator::Above | Operator::Other => length.saturating_add(1),
            Operator::Below => length.saturating_sub(1),
            _ => *length,
        };
        if let Ok(length @ 0..=LONGEST) = usize::try_from(length) {
            self.hints.put(column, Hint::Length(length));
        }
    }

    /// `instr(column, '@') > 0`, from after the column.
    fn contains(&mut self, column: &str, after: usize) {
        let Some((Value::Text(text), end)) =
            self.literal(after + 1).filter(|_| self.is(after, ','))
        else {
            return;
        };
        let compared = self.comparisons(end, end + 1);
        if compared != [(Operator::Equal, Value::Integer(0))] {
            self.hints.put(column, Hint::Like(format!("%{text}%")));
        }
    }

    /// After the parenthesis that closes the call in which `at` is.
    fn end_of_call(&self, at: usize) -> usize {
        let mut depth = 1_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(at).take(CALL) {
            if token.is_punctuation('(') {
                depth += 1;
            } else if token.is_punctuation(')') {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
        }
        self.tokens.len()
    }

    /// The last part of the name at `at` in lower case, and where the name ends.
    fn name(&self, at: usize) -> (String, usize) {
        let mut at = at;
        while self.is(at + 1, '.') && self.is_name(at + 2) {
            at += 2;
        }
        (unquoted(self.tokens[at].text).to_ascii_lowercase(), at + 1)
    }

    fn literal(&self, at: usize) -> Option<(Value, usize)> {
        let at = at + usize::from(self.is(at, '('));
        let (value, length) = literal(self.tokens.get(at..)?)?;
        // The name of a table is no string.
        (!self.is(at + length, '.')).then_some((value, at + length))
    }

    fn is_name(&self, at: usize) -> bool {
        let kind = self.tokens.get(at).map(|token| token.kind);
        kind.is_some_and(TokenKind::is_name)
    }

    fn is(&self, at: usize, character: char) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.is_punctuation(character))
    }

    fn keyword(&self, at: usize, keyword: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.is_keyword(keyword))
    }
}

/// Functions that take a date.
const DATES: &[&str] = &[
    "date",
    "datetime",
    "julianday",
    "strftime",
    "time",
    "unixepoch",
];

/// Functions whose result says what they are given, more or less.
const TRANSPARENT: &[&str] = &[
    "abs", "cast", "coalesce", "ifnull", "lower", "ltrim", "round", "rtrim", "trim", "upper",
];

/// How many tokens a call of interest has.
const CALL: usize = 32;

/// The longest text that is made because something is to be that long.
const LONGEST: usize = 4096;
