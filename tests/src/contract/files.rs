//! The migrations that most cases are about.

use super::stage::Files;

/// The name and the text of a file.
pub type File = (&'static str, &'static str);

pub const A: File = ("0001_a.up.sql", "CREATE TABLE a (x INTEGER);\n");
pub const A_DOWN: File = ("0001_a.down.sql", "DROP TABLE a;\n");
pub const B: File = ("0002_b.up.sql", "CREATE TABLE b (x INTEGER);\n");
pub const B_DOWN: File = ("0002_b.down.sql", "DROP TABLE b;\n");
pub const C: File = ("0003_c.up.sql", "CREATE TABLE c (x INTEGER);\n");
pub const C_DOWN: File = ("0003_c.down.sql", "DROP TABLE c;\n");

/// Second migrations that fail: in the text itself, and when it runs.
pub const B_BROKEN: File = (
    "0002_b.up.sql",
    "CREATE TABLE b (x INTEGER);\nINSERT INTO b VALUES (1);\nCREATE TABEL c (x INTEGER);\n",
);
pub const B_FAILING: File = (
    "0002_b.up.sql",
    "CREATE TABLE b (x INTEGER NOT NULL);\n\n-- of a row\n  INSERT INTO b VALUES (NULL);\n",
);

pub const NONE: Files<'_> = &[];
pub const ONE: Files<'_> = &[A, A_DOWN];
pub const TWO: Files<'_> = &[A, A_DOWN, B, B_DOWN];
pub const THREE: Files<'_> = &[A, A_DOWN, B, B_DOWN, C, C_DOWN];
