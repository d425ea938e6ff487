//! Synthetic rows: what a table that is in use might hold.
