//! The kinds of things that can be wrong with a folder, and which of them may be relaxed.

use std::fmt;

/// Builds [`Problem`] from one table: the variant, its name, how far it may be relaxed, and what
/// it is in one line, which is also its documentation.
macro_rules! problems {
    ($($variant:ident $name:literal $relaxed:ident $about:literal)*) => {
        /// One kind of thing that can be wrong. Its name is the same everywhere: here, in
        /// `allow(…)`, in the fixture folders, in the tests and in `docs/problems.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Problem {
            $(#[doc = $about] $variant,)*
        }

        impl Problem {
            /// Every kind there is.
            pub const ALL: &'static [Problem] = &[$(Problem::$variant),*];

            /// Its name: `duplicate_version`.
            ///
            /// ```
            /// # use migrate_source::Problem;
            /// assert_eq!(Problem::DuplicateVersion.name(), "duplicate_version");
            /// ```
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Problem::$variant => $name,)*
                }
            }

            /// What it is, in one line.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self {
                    $(Problem::$variant => $about,)*
                }
            }

            const fn relaxed(self) -> Relaxed {
                match self {
                    $(Problem::$variant => Relaxed::$relaxed,)*
                }
            }
        }
    };
}

/// How far a problem may be relaxed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relaxed {
    /// Never: what the folder means would be unclear, or a run would surely fail.
    Never,
    /// By name.
    ByName,
    /// For migrations that are in production already: it has been lived with, or an older tool
    /// read the file that way.
    IfTrusted,
    /// For downs of migrations that are in production already: a down is never run there unless it
    /// is asked for, so that it may always have been one that no database can run.
    DownIfTrusted,
    /// By name, and for migrations that are in production already.
    Either,
}

problems! {
    // The folder as a whole.
    MissingFolder "missing_folder" Never "The folder does not exist."
    AbsolutePath "absolute_path" Never "The folder is named by an absolute path."
    OutsidePackage "outside_package" ByName "The folder is outside the package."
    EmptyFolder "empty_folder" ByName "The folder holds no migration."
    MixedLayouts "mixed_layouts" Never "The folder mixes two ways of naming migrations."
    UnreadableFile "unreadable_file" Never "A file cannot be read: a broken link, no permission, not a regular file."
    NameNotUtf8 "name_not_utf8" Never "The name of a file is not UTF-8."
    TrustBeyondNewest "trust_beyond_newest" Never "`trust_through` is above the newest version."

    // Names and order.
    UnknownFile "unknown_file" ByName "A file is no migration and nothing else that is known."
    NearMiss "near_miss" Never "The name of a file is nearly that of a migration."
    NoNumber "no_number" Never "The name of a migration does not begin with a whole number."
    VersionZero "version_zero" Never "A migration has version 0, which means a database without any."
    VersionOverflow "version_overflow" Never "A version is greater than 9223372036854775807."
    DuplicateVersion "duplicate_version" Never "Two migrations have the same version."
    DuplicateRepeatable "duplicate_repeatable" Never "Two repeatable migrations have the same name."
    Gap "gap" Either "Sequential versions have a gap, or do not begin at 1."
    OrphanDown "orphan_down" ByName "A down has no up."
    NameMismatch "name_mismatch" Either "The up and the down of a version have different names."
    InvalidMetadata "invalid_metadata" Never "A metadata.toml says anything but `run_in_transaction`."

    // The text of a script.
    NotUtf8 "not_utf8" Never "A file is not UTF-8."
    NulByte "nul_byte" Never "A file contains a NUL byte."
    EmptyUp "empty_up" Either "An up does nothing and does not say why."
    EmptyDown "empty_down" Either "A down does nothing and does not say why."
    UnterminatedString "unterminated_string" DownIfTrusted "A string is not closed."
    UnterminatedName "unterminated_name" DownIfTrusted "A quoted name is not closed."
    UnterminatedComment "unterminated_comment" DownIfTrusted "A block comment is not closed."
    UnterminatedDollarQuote "unterminated_dollar_quote" DownIfTrusted "A dollar-quoted string is not closed."
    HashComment "hash_comment" Never "A comment begins with `#`, which is no SQL."
    PsqlCommand "psql_command" Never "A line is a command of psql, not SQL."

    // Markers and directives.
    UnknownMarker "unknown_marker" IfTrusted "A marker such as `-- migrate:up` is misspelt or not supported."
    MisplacedMarker "misplaced_marker" IfTrusted "A marker such as `-- migrate:up` stands where it marks nothing."
    UnfinishedStatement "unfinished_statement" Never "The last statement of a goose script is not finished."
    UnknownDirective "unknown_directive" Never "A directive is not understood."
    MisplacedDirective "misplaced_directive" Never "A directive stands where it has no effect."
    ContradictingDirectives "contradicting_directives" Never "Two directives contradict each other."
    IrreversibleWithDown "irreversible_with_down" Never "A migration says that it is irreversible and has a down."

    // What a script does.
    RepeatNotSingle "repeat_not_single" Never "A script that is repeated does not hold exactly one statement."
    EndlessRepeat "endless_repeat" ByName "A script that is repeated changes every row each time."
    DropWithForeignKeys "drop_with_foreign_keys" ByName "A script drops a table with foreign keys enforced."
    TransactionStatement "transaction_statement" Either "A script begins or ends a transaction."
    RollbackStatement "rollback_statement" Never "A script rolls back."
    NotInTransaction "not_in_transaction" Either "A statement cannot run in a transaction."
    UnnamedIndex "unnamed_index" Either "An index that is created concurrently has no name."
    ForeignKeysPragma "foreign_keys_pragma" Either "A script sets PRAGMA foreign_keys."
    Attach "attach" Either "A script attaches another database."

    // Code migrations.
    NotRust "not_rust" Never "A code migration is not Rust."
    MissingUp "missing_up" Never "A code migration has no `pub fn up`."
    NotPublic "not_public" Never "An item of a code migration has a name with a meaning, but is not `pub`."
    ConstantNotLiteral "constant_not_literal" Never "A constant that is read without compiling is not a literal."
    InnerAttribute "inner_attribute" Never "A code migration begins with an inner attribute or doc comment."
    AsyncWithoutDriver "async_without_driver" Never "A code migration is `async`, but the driver of its database is not."
    PartlyAsync "partly_async" Never "The functions of a code migration are `async` in part."
    MixedDrivers "mixed_drivers" Never "Some code migrations of a folder are for one driver, some for another."

    // The lock file.
    LockEdited "lock_edited" Never "A migration that is locked was edited."
    LockMissing "lock_missing" Never "A migration that is locked is gone."
    LockExtra "lock_extra" Never "A migration is not in the lock file."
    LockRenumbered "lock_renumbered" Never "A migration that is locked has another version."
    LockBelow "lock_below" Never "A migration that is not locked is below one that is."
    LockMalformed "lock_malformed" Never "A line of the lock file is not understood, or does not fit to the others."
    LockConflict "lock_conflict" Never "Version control has left a conflict in the lock file."

    // What a parser of the database finds.
    SyntaxError "syntax_error" IfTrusted "A statement is not what PostgreSQL understands."

    // What comes out when the set is run.
    FailingUp "failing_up" IfTrusted "An up fails on the database that the migrations before it make."
    EndlessStatement "endless_statement" Either "A statement is stopped: it takes too long, or makes too much."
    ForeignKeyViolation "foreign_key_violation" IfTrusted "A migration leaves rows whose parent is missing."
    FailingDown "failing_down" Either "A down fails right after its up."
    IncompleteDown "incomplete_down" Either "A down does not bring back the schema that was there before its up."
    FailingAgain "failing_again" Either "A migration fails once more after all were taken back."
    FailingOnRows "failing_on_rows" Either "A migration fails as soon as a table has rows."
    LostRows "lost_rows" Either "Rows of a table that stays are lost."
    BrokenView "broken_view" Either "A view cannot be read."
    BrokenTrigger "broken_trigger" Either "A trigger fails whenever it fires."
    BrokenForeignKey "broken_foreign_key" Either "A foreign key fails on every write."
    BrokenFunction "broken_function" Either "A function cannot be called."
    InvalidIndex "invalid_index" Either "An index is left that is not valid."
    FailingSeed "failing_seed" Never "A statement of seed.sql fails."
    UndeclaredChange "undeclared_change" Never "A code migration changes the schema and does not say so."
}

impl Problem {
    /// The kind with this name, if there is one.
    ///
    /// ```
    /// # use migrate_source::Problem;
    /// assert_eq!(Problem::from_name("gap"), Some(Problem::Gap));
    /// assert_eq!(Problem::from_name("gaps"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Problem> {
        Problem::ALL
            .iter()
            .copied()
            .find(|problem| problem.name() == name)
    }

    /// Whether it is found only when the migrations are run, and not when the folder is read.
    #[must_use]
    pub const fn needs_running(self) -> bool {
        self as usize >= Problem::FailingUp as usize
    }

    /// Whether it is found only when the migrations are run on a server.
    #[must_use]
    pub const fn needs_server(self) -> bool {
        matches!(self, Problem::BrokenFunction | Problem::InvalidIndex)
    }

    /// Whether a folder may be read with `allow(…)` of it. It may not be where the folder would
    /// have no clear meaning, where a run would surely fail, or where the cure costs nothing.
    #[must_use]
    pub const fn can_be_allowed(self) -> bool {
        matches!(self.relaxed(), Relaxed::ByName | Relaxed::Either)
    }

    /// Whether it is found only with a parser for the database, in SQL that can be read otherwise.
    #[must_use]
    pub const fn needs_parsing(self) -> bool {
        matches!(self, Problem::SyntaxError)
    }

    /// Whether it is none in a migration that `trust_through` covers: one that is in production
    /// already, where its text cannot change any more.
    #[must_use]
    pub const fn can_be_trusted(self) -> bool {
        matches!(self.relaxed(), Relaxed::IfTrusted | Relaxed::Either)
    }

    /// Whether it is none in the down of such a migration.
    ///
    /// A down with an open quote or comment can be run by no database, so it counts as none: the
    /// migration cannot be taken back, which is known before anything runs.
    #[must_use]
    pub const fn can_be_trusted_in_down(self) -> bool {
        self.can_be_trusted() || matches!(self.relaxed(), Relaxed::DownIfTrusted)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
