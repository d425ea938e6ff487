// Every layout, every option and every way to call it.

migrate_core::embed_migrations!("migrations/layouts/plain");
migrate_core::embed_migrations!(pub(crate) static DBMATE = "migrations/layouts/one_file_dbmate");
migrate_core::embed_migrations!(
    /// With its own documentation.
    static GOOSE = r"migrations/layouts/one_file_goose",
    database = "sqlite",
    allow(gap, empty_down,),
    trust_through = 1_000,
);
migrate_core::embed_migrations!(pub static UP_DOWN = "./migrations/layouts/up_down/", allow());

mod folders {
    pub mod inner {
        migrate_core::embed_migrations!(pub(in crate::folders) static DIESEL = "migrations/layouts/diesel");
    }
    pub const DIESEL: &[migrate_core::Migration<'static>] = &inner::DIESEL;
    migrate_core::embed_migrations!(pub static r#type = "migrations/layouts/rusqlite_migration");
}

// Everything is known while the crate compiles, and nothing is made at start-up.
const _: () = assert!(MIGRATIONS.len() == 5 && folders::DIESEL.len() == 4);

fn main() {
    migrate_core::embed_migrations!(static REFINERY = "migrations/layouts/refinery");
    let lengths = [DBMATE.len(), GOOSE.len(), UP_DOWN.len(), folders::r#type.len(), REFINERY.len()];
    assert_eq!(lengths, [3; 5]);
}
