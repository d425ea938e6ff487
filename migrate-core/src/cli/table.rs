//! Tables that fit into the 80 columns of a terminal. Not part of the public interface: it is here
//! for the author's tool, and may change at any time.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

/// A column: its heading and how its cells are set.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    heading: &'static str,
    alignment: CellAlignment,
    wraps: bool,
}

impl Column {
    /// Numbers.
    #[must_use]
    pub const fn right(heading: &'static str) -> Column {
        Column {
            heading,
            alignment: CellAlignment::Right,
            wraps: false,
        }
    }

    /// Words that stay on one line.
    #[must_use]
    pub const fn left(heading: &'static str) -> Column {
        Column {
            heading,
            alignment: CellAlignment::Left,
            wraps: false,
        }
    }

    /// Text that goes on in the next line where it is too long.
    #[must_use]
    pub const fn text(heading: &'static str) -> Column {
        Column {
            heading,
            alignment: CellAlignment::Left,
            wraps: true,
        }
    }
}

/// The text of a table, without a newline at its end.
#[must_use]
pub fn of(columns: &[Column], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(80)
        .set_header(columns.iter().map(|column| column.heading))
        .add_rows(rows);
    for (column, shown) in columns.iter().zip(table.column_iter_mut()) {
        shown
            .set_padding((0, 2))
            .set_cell_alignment(column.alignment);
        if !column.wraps {
            shown.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}
