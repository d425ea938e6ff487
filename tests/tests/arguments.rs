//! Every way to call the macro. What is wrong with a call is in `ui/arguments`.

use migrate_core::Migration;

migrate_core::embed_migrations!("migrations/layouts/plain");
migrate_core::embed_migrations!(pub(crate) static DBMATE = "migrations/layouts/one_file_dbmate");
migrate_core::embed_migrations!(
    /// With documentation of its own,
    /// on two lines.
    static GOOSE = r"migrations/layouts/one_file_goose",
    database = "sqlite",
    allow(gap, empty_down,),
    trust_through = 0_3,
);
migrate_core::embed_migrations!(pub static UP_DOWN = "./migrations/layouts/up_down/", allow());
migrate_core::embed_migrations!(static POSTGRES = "ui/missing_folder/migrations", database = "postgres");

mod folders {
    pub(crate) mod inner {
        migrate_core::embed_migrations!(
            pub(in crate::folders) static DIESEL = "migrations/layouts/diesel"
        );
    }

    pub(crate) const DIESEL: &[migrate_core::Migration<'static>] = &inner::DIESEL;
    migrate_core::embed_migrations!(
        pub(crate) static r#RAW = "migrations/layouts/plain"
    );
}

// A set is constant data: its length is part of its type, and nothing is made at start-up.
const SETS: [&[Migration<'static>]; 2] = [&MIGRATIONS, folders::DIESEL];
const _: () = assert!(MIGRATIONS.len() == 5 && SETS[1].len() == 4);

#[test]
fn every_set_is_whole() {
    migrate_core::embed_migrations!(static LOCAL = "migrations/layouts/refinery");
    assert_eq!(
        [DBMATE.len(), GOOSE.len(), UP_DOWN.len(), LOCAL.len()],
        [3; 4]
    );
    assert_eq!((POSTGRES.len(), folders::r#RAW.len()), (1, 5));
    assert_eq!(POSTGRES[0].database().name(), "postgres");
    assert_eq!(LOCAL[0].database().name(), "sqlite");
}
