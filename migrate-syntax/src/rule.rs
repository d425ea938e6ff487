//! The rules: which locks are told of, and how to do without.

use squawk_linter::Rule as Known;

/// Builds [`Rule`] from one table: the variant, the rule of the linter, what happens, and the safe form.
macro_rules! rules {
    ($($variant:ident $known:ident $message:literal [$($help:literal)*])*) => {
        /// A rule that [`lint`](crate::lint) goes by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $message] $variant,)*
        }

        impl Rule {
            /// Every rule there is.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant),*];

            /// What happens, in one line.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self {
                    $(Rule::$variant => $message,)*
                }
            }

            /// The safe form, a line each.
            #[must_use]
            pub const fn help(self) -> &'static [&'static str] {
                match self {
                    $(Rule::$variant => &[$($help),*],)*
                }
            }

            pub(crate) const fn known(self) -> Known {
                match self {
                    $(Rule::$variant => Known::$known,)*
                }
            }
        }
    };
}

rules! {
    CreateIndex RequireConcurrentIndexCreation
    "building an index blocks writes to its table"
    ["`CREATE INDEX CONCURRENTLY`, in a migration of its own that begins with `-- migrate: no-transaction`"]

    DropIndex RequireConcurrentIndexDeletion
    "dropping an index blocks reads and writes of its table, and waits for every query that is running"
    ["`DROP INDEX CONCURRENTLY`, in a migration of its own that begins with `-- migrate: no-transaction`"]

    Reindex RequireConcurrentReindex
    "rebuilding an index blocks writes to its table, and reads that use the index"
    ["`REINDEX … CONCURRENTLY`, in a migration of its own that begins with `-- migrate: no-transaction`"]

    DetachPartition RequireConcurrentPartitionDetach
    "detaching a partition blocks reads and writes of the whole table"
    ["`DETACH PARTITION … CONCURRENTLY`, in a migration of its own that begins with `-- migrate: no-transaction`"]

    ForeignKey AddingForeignKeyConstraint
    "adding a foreign key reads the whole table and blocks writes to both tables meanwhile"
    ["add it by `ADD CONSTRAINT … NOT VALID`" "then `VALIDATE CONSTRAINT` in a migration after this one"]

    UniqueConstraint DisallowedUniqueConstraint
    "adding a unique constraint builds its index while reads and writes of the table are blocked"
    [
        "`CREATE UNIQUE INDEX CONCURRENTLY`, in a migration of its own that begins with `-- migrate: no-transaction`"
        "then `ADD CONSTRAINT … UNIQUE USING INDEX …` in a migration after that"
    ]

    PrimaryKey AddingSerialPrimaryKeyField
    "adding a primary key builds its index while reads and writes of the table are blocked"
    [
        "`CREATE UNIQUE INDEX CONCURRENTLY`, in a migration of its own that begins with `-- migrate: no-transaction`"
        "then `ADD CONSTRAINT … PRIMARY KEY USING INDEX …` in a migration after that"
    ]

    Constraint ConstraintMissingNotValid
    "adding a constraint reads the whole table while reads and writes of it are blocked"
    ["add it by `ADD CONSTRAINT … NOT VALID`" "then `VALIDATE CONSTRAINT` in a migration after this one"]

    NotNull AddingNotNullableField
    "`SET NOT NULL` reads the whole table while reads and writes of it are blocked"
    [
        "add `CHECK (… IS NOT NULL) NOT VALID`, and `VALIDATE CONSTRAINT` in a migration after this one"
        "after that `SET NOT NULL` reads nothing, and the check can be dropped"
    ]

    Default AddingFieldWithDefault
    "a column whose value differs from row to row rewrites the table while reads and writes of it are blocked"
    [
        "add an ordinary column without it, then `ALTER COLUMN … SET DEFAULT`, or a trigger, for new rows"
        "fill the old rows by a migration that begins with `-- migrate: repeat`"
    ]

    ColumnType ChangingColumnType
    "another type rewrites the table while reads and writes of it are blocked, unless the old values can stay as they are"
    [
        "add a column of the new type, fill it by a migration that begins with `-- migrate: repeat`, drop the old one in a later release"
    ]

    RenameColumn RenamingColumn
    "programs that still run lose the column by its old name, and a short lock waits for every query that is running"
    ["add a column of the new name, write both, drop the old one in a later release"]

    RenameTable RenamingTable
    "programs that still run lose the table by its old name, and a short lock waits for every query that is running"
    ["make a view of the old name in the same migration, drop it in a later release"]
}

impl Rule {
    /// Its name, which `-- squawk-ignore` takes: `require-concurrent-index-creation`.
    ///
    /// ```
    /// # use migrate_syntax::Rule;
    /// assert_eq!(Rule::CreateIndex.name(), "require-concurrent-index-creation");
    /// ```
    #[must_use]
    pub fn name(self) -> String {
        self.known().to_string()
    }

    pub(crate) fn of_known(known: Known) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.known() == known)
    }
}
