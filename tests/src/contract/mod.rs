//! What every database owes its users, case by case.
//!
//! A case is a function over a [`TestDatabase`]; [`contract!`](crate::contract!) makes a test of
//! each, in a module that names the database.

#![expect(missing_docs, reason = "a case is told by its name")]

pub mod code;
mod database;
pub mod down;
pub mod drift;
pub mod events;
mod files;
pub mod history;
pub mod locked;
pub mod reading;
pub mod refusals;
pub mod repeat;
pub mod repeatable;
mod stage;
pub mod stepwise;
mod told;
pub mod transactions;
pub mod up;
pub mod waiting;
pub mod walks;

pub(crate) use database::blocking_verbs;
pub use database::{CodeSet, TestConnection, TestDatabase};
pub use files::*;
pub use stage::{EACH, Files, GROUPED, Settings, Stage};
pub use told::{of_kind, told};

/// Makes a test of every case of the contract, for one database. Attributes are those of each test.
///
/// ```no_run
/// migrate_tests::contract!(sqlite, migrate_tests::sqlite::SqliteFile);
/// ```
#[macro_export]
macro_rules! contract {
    ($(#[$attribute:meta])* $name:ident, $database:ty) => {
        mod $name {
            $crate::contract_cases! { [$(#[$attribute])*] $database,
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
                    changed_migrations_are_taken_back_as_they_were
                    out_of_order_ones_are_taken_back_by_number
                }
                refusals {
                    comments_and_spacing_do_not_count
                    changed_ones_are_all_named
                    literals_count_to_the_byte
                    mark_takes_a_change_for_applied
                    mark_of_one_change_hides_no_other
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
                transactions {
                    grouped_on_a_fresh_database_and_one_each_on_a_used_one
                    what_came_before_a_failure_is_kept
                    first_failure_leaves_a_fresh_database_fresh
                    failure_on_a_used_database_keeps_its_rows
                    failing_last_one_keeps_all_the_others
                    savepoints_of_a_file_are_its_own
                    error_shows_the_line_and_what_to_do
                    failing_down_in_a_redo_leaves_everything
                }
                stepwise {
                    failing_file_goes_on_where_it_stopped
                    statements_that_have_not_run_may_be_edited
                    comments_before_the_stop_may_be_edited
                    statements_that_have_run_may_not_be_edited
                    rest_may_be_edited_away
                    what_has_run_does_not_run_again_in_a_transaction
                    what_has_run_does_not_run_again_in_an_author_s_transaction
                    unfinished_migration_is_shown_and_stands_in_the_way
                    mark_above_an_unfinished_migration_does_not_hide_it
                    unfinished_migration_can_be_settled_by_hand
                    stop_at_the_first_statement_leaves_no_trace
                    statements_outside_of_transactions_run
                    failing_statement_outside_of_a_transaction_runs_again
                    author_s_transaction_is_one_step
                    down_runs_statement_by_statement_too
                    failing_down_goes_on_where_it_stopped
                    failing_stored_down_goes_on_where_it_stopped
                    file_that_commits_for_itself_runs_as_it_did
                }
                repeat {
                    statement_runs_until_it_changes_no_row
                    statement_with_nothing_to_do_runs_once
                    every_bite_is_told
                    limit_stops_an_endless_one_and_keeps_its_bites
                    failing_bite_keeps_those_before_it
                    first_failing_bite_leaves_no_trace
                    down_can_be_repeated_too
                }
                repeatable {
                    they_run_after_the_others
                    changed_one_runs_again
                    they_run_only_on_the_newest_schema
                    they_are_taken_back_first
                    several_are_taken_back_in_reverse
                    reset_forgets_those_without_a_down
                    older_program_takes_them_back_first
                    one_that_commits_for_itself_is_refused
                    alone_they_are_a_set
                    failing_one_keeps_the_numbered_ones
                    numbered_failure_comes_first
                    removed_one_is_forgotten_about
                    renamed_one_is_a_new_one
                    renamed_one_does_not_stand_in_the_way_back
                    added_later_it_runs_on_a_database_that_had_none
                    older_program_leaves_those_of_a_newer_one
                }
                reading {
                    fresh_database_is_at_zero_and_stays_untouched
                    status_tells_how_each_migration_stands
                    verification_names_everything_that_does_not_fit
                    plan_holds_the_exact_sql_and_its_file
                    reading_does_not_wait_for_a_writer
                    reading_works_inside_a_transaction
                }
                waiting {
                    lock_that_is_not_released_is_a_timeout
                    lock_that_is_released_in_time_is_taken
                    lock_timeout_may_be_endless
                    nothing_is_done_twice
                    bites_and_steps_are_not_done_twice
                    way_down_ends_where_it_was_planned
                    way_down_that_is_overtaken_ends
                    refusal_that_comes_up_meanwhile_is_one
                    history_that_appears_meanwhile_is_read
                }
                events {
                    every_step_is_told_from_its_start_to_its_end
                    failing_step_is_told_without_an_end
                    other_ways_are_told_too
                    planning_and_reading_tell_nothing
                    older_database_is_told_once_when_there_is_something_to_do
                    every_observer_is_told
                    observer_that_panics_leaves_nothing_half_done
                }
                walks {
                    history_and_schema_stay_together
                    every_verb_keeps_its_promises
                }
                locked {
                    database_that_ran_an_earlier_text_starts
                    fresh_database_runs_the_text_as_it_is
                    text_that_was_never_accepted_is_refused
                    lock_that_comes_later_changes_nothing
                    several_texts_are_accepted_one_after_the_other
                    chain_heals_over_accepted_texts
                    earlier_text_is_taken_back_by_its_own_down
                    program_from_before_starts_on_a_newer_text
                }
                code {
                    code_goes_up_and_down_like_sql
                    older_program_cannot_take_code_back
                    code_that_is_not_compiled_in_is_not_run
                    code_may_use_savepoints
                    failing_code_is_rolled_back
                    error_of_the_author_s_own_is_the_source
                    code_that_writes_to_the_history_is_refused
                    code_that_commits_is_found_out
                    code_that_commits_and_fails_is_not_called_rolled_back
                    code_that_rolls_back_is_found_out
                    code_that_meddles_with_the_runner_s_savepoint_is_found_out
                    failure_behind_code_keeps_the_code
                    panic_goes_on_once_everything_is_rolled_back
                    down_may_misbehave_too
                    what_is_in_place_is_adopted_without_running
                    only_what_is_wanted_is_adopted
                    nobody_is_asked_on_the_way_down_or_by_hand
                    what_is_adopted_is_asked_again_under_the_lock
                    check_can_say_yes_and_no
                    check_that_writes_or_fails_stops_the_run
                    check_that_panics_leaves_the_connection_as_it_was
                }
                history {
                    table_may_have_any_name
                    two_histories_live_beside_each_other
                    foreign_table_is_refused_and_left_untouched
                    migration_that_drops_the_history_fails
                    migration_may_add_to_the_history
                    migration_that_writes_to_the_history_is_refused
                }
            }
        }
    };
}

/// As [`contract!`](crate::contract!), the cases about comparing the schema.
#[macro_export]
macro_rules! contract_of_schemas {
    ($(#[$attribute:meta])* $name:ident, $database:ty) => {
        mod $name {
            $crate::contract_cases! { [$(#[$attribute])*] $database,
                drift {
                    schema_that_the_migrations_made_fits
                    what_is_missing_or_changed_is_named
                    what_is_on_a_missing_table_is_not_named
                    what_is_not_ours_is_no_fault
                    later_migrations_count_not_earlier_ones
                    history_is_no_part_of_the_schema
                    repeatable_migrations_count_once_they_ran
                    repeatable_migrations_that_are_due_do_not_count
                    schema_is_not_compared_where_the_history_does_not_fit
                    schema_is_not_compared_behind_what_was_not_verified
                }
            }
        }
    };
}

/// The tests of [`contract!`](crate::contract!): a module for each file of cases.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($attributes:tt $database:ty, $($file:ident { $($case:ident)* })*) => {
        $(mod $file {
            $($crate::contract_case! { $attributes $database, $file, $case })*
        })*
    };
}

/// One test of [`contract!`](crate::contract!).
#[doc(hidden)]
#[macro_export]
macro_rules! contract_case {
    ([$(#[$attribute:meta])*] $database:ty, $file:ident, $case:ident) => {
        $(#[$attribute])*
        #[test]
        fn $case() {
            $crate::contract::$file::$case::<$database>();
        }
    };
}
