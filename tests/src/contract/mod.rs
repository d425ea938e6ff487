//! What every database owes its users, case by case.
//!
//! A case is a function over a [`TestDatabase`]; [`contract!`](crate::contract!) makes a test of
//! each, in a module that names the database.

#![expect(missing_docs, reason = "a case is told by its name")]

mod database;
pub mod down;
mod files;
pub mod refusals;
mod stage;
mod told;
pub mod up;

pub use database::{TestConnection, TestDatabase};
pub use files::*;
pub use stage::{Files, Settings, Stage};
pub use told::{of_kind, told};

/// Makes a test of every case of the contract, for one database.
///
/// ```no_run
/// migrate_tests::contract!(sqlite, migrate_tests::sqlite::SqliteFile);
/// ```
#[macro_export]
macro_rules! contract {
    ($name:ident, $database:ty) => {
        mod $name {
            $crate::contract_cases! { $database,
                up {
                    fresh_database_takes_everything
                    used_database_takes_what_is_new
                    another_connection_finds_nothing_to_do
                    up_to_stops_at_the_version
                    empty_set_does_nothing
                    file_that_does_nothing_is_recorded
                    every_statement_of_a_file_runs
                    numbers_count_not_letters
                    versions_reach_to_the_greatest_number
                    thousand_migrations
                    history_holds_what_was_applied
                }
                down {
                    down_takes_back_a_number_of_migrations
                    down_to_keeps_the_version
                    reset_takes_back_everything
                    nothing_to_take_back_on_a_fresh_database
                    down_restores_the_schema
                    redo_takes_the_last_one_back_and_up_again
                    irreversible_ones_are_all_named_and_nothing_is_taken_back
                    older_program_takes_a_newer_database_back
                    stored_downs_keep_their_directives
                    no_way_back_without_every_down
                    own_down_counts_more_than_the_stored_one
                    failing_down_keeps_what_was_taken_back_before
                    failing_stored_down_names_the_history
                    missing_version_is_taken_back_by_its_stored_down
                    changed_migrations_are_not_taken_back
                    out_of_order_ones_are_taken_back_by_number
                }
                refusals {
                    comments_and_spacing_do_not_count
                    changed_ones_are_all_named
                    literals_count_to_the_byte
                    mark_takes_a_change_for_applied
                    newer_database_is_refused
                    accepting_a_newer_database_accepts_nothing_else
                    missing_ones_are_all_named
                    out_of_order_ones_are_all_named
                    out_of_order_heals_the_chain
                    out_of_order_with_a_missing_one
                    mark_and_unmark_write_history_only
                    marked_migration_can_be_taken_back
                    set_for_another_database_is_refused
                    set_that_is_in_disorder_is_refused
                    connection_inside_a_transaction_is_refused
                    first_refusal_is_the_one_that_explains
                }
            }
        }
    };
}

/// The tests of [`contract!`](crate::contract!): a module for each file of cases.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($database:ty, $($file:ident { $($case:ident)* })*) => {
        $(mod $file {
            $(#[test]
            fn $case() {
                $crate::contract::$file::$case::<$database>();
            })*
        })*
    };
}
