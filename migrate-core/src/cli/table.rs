//! Tables that fit into the 80 columns of a terminal.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

/// A column: its heading and how its cells are set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    heading: &'static str,
    alignment: CellAlignment,
    wraps: bool,
}

impl Column {
    /// Numbers.
    pub(super) const fn right(heading: &'static str) -> Column {
        Column {
            heading,
            alignment: CellAlignment::Right,
            wraps: false,
        }
    }

    /// Words that stay on one line.
    pub(super) const fn left(heading: &'static str) -> Column {
        Column {
            heading,
            alignment: CellAlignment::Left,
            wraps: false,
        }
    }

    /// Text that goes on in the next line where it is too long.
    pub(super) const fn text(heading: &'static str) -> Column {
        Column {
            heading,
            alignment: CellAlignment::Left,
            wraps: true,
        }
    }
}

/// The text of a table, without a newline at its end.
pub(super) fn of(columns: &[Column], rows: impl Iterator<Item = Vec<String>>) -> String {
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
