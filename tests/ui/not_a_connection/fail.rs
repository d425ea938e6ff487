use migrate_core::{Migrator, tokio_postgres};

fn main() {}

fn start(db: &mut tokio_postgres::Client) {
    let _ = Migrator::new(&[]).up(db);
}
