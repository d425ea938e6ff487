//! Orders as one message, and the way back from a place in it.

use crate::backend::postgres::quote;

/// The commands of one message.
#[derive(Debug, Default)]
pub(super) struct Message<'o> {
    pub(super) sql: String,
    pub(super) pieces: Vec<Piece<'o>>,
}

/// One command of a message.
#[derive(Debug)]
pub(super) struct Piece<'o> {
    /// Where it begins in the message, in bytes.
    start: usize,
    end: usize,
    /// The order it belongs to.
    pub(super) order: usize,
    /// For a statement of a script: its text, and where it begins in the script, in bytes.
    pub(super) statement: Option<(&'o str, usize)>,
}

impl<'o> Message<'o> {
    /// Adds a command of our own.
    pub(super) fn push(&mut self, order: usize, sql: &str) {
        self.add(order, sql, None);
    }

    /// Adds a command that does something.
    pub(super) fn block(&mut self, order: usize, body: &str) {
        self.add(order, &quote::block(body), None);
    }

    /// Adds a statement of a script.
    pub(super) fn statement(&mut self, order: usize, text: &'o str, offset: usize) {
        self.add(order, text, Some((text, offset)));
    }

    /// Puts a comment before what is added next.
    pub(super) fn mark(&mut self, comment: &str) {
        self.sql.push_str(comment);
        self.sql.push(' ');
    }

    fn add(&mut self, order: usize, sql: &str, statement: Option<(&'o str, usize)>) {
        let start = self.sql.len();
        self.sql.push_str(sql);
        let end = self.sql.len();
        if !sql.ends_with(';') {
            // Not on the same line: a comment may stand last.
            self.sql.push_str("\n;");
        }
        self.sql.push('\n');
        self.pieces.push(Piece {
            start,
            end,
            order,
            statement,
        });
    }

    /// The SQL of one command.
    pub(super) fn sql_of(&self, piece: &Piece<'_>) -> &str {
        &self.sql[piece.start..piece.end]
    }

    /// The command that the server means with a position, which counts characters from 1, or bytes, and
    /// where in that command, in bytes.
    pub(super) fn at(&self, position: u32, counts_bytes: bool) -> Option<(usize, usize)> {
        let before = usize::try_from(position).ok()?.checked_sub(1)?;
        let mut places = self.sql.char_indices().map(|(byte, _)| byte);
        let byte = match counts_bytes {
            true => places.rfind(|byte| *byte <= before),
            false => places.nth(before),
        };
        // An error at the end of the input is behind the last character.
        let byte = byte.unwrap_or(self.sql.len());
        let at = self.pieces.iter().rposition(|piece| piece.start <= byte)?;
        let piece = &self.pieces[at];
        Some((at, byte.min(piece.end) - piece.start))
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    fn position_leads_to_the_command_and_the_byte() {
        let mut message = Message::default();
        message.push(0, "BEGIN");
        message.statement(1, "SELECT 'ä', x;", 10);
        message.statement(1, "SELECT y", 30);
        assert_eq!(message.sql, "BEGIN\n;\nSELECT 'ä', x;\nSELECT y\n;\n");
        let check =
            |position, expected| assert_eq!(message.at(position, false), expected, "{position}");
        check(0, None);
        check(1, Some((0, 0)));
        check(9, Some((1, 0)));
        check(21, Some((1, 13)));
        check(24, Some((2, 0)));
        check(99, Some((2, 8)));
        assert_eq!(message.at(22, true), Some((1, 13)));
        assert_eq!(message.at(99, true), Some((2, 8)));
    }
}
