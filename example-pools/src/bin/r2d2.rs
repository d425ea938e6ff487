//! A program on postgres with a pool of r2d2.
//!
//! ```text
//! DATABASE_URL=postgres://app@localhost/app cargo run -p example-pools --bin r2d2
//! ```

use std::env;
use std::error::Error;

use migrate_core::Migrator;
use migrate_core::postgres::{Config, NoTls};
use r2d2_postgres::PostgresConnectionManager;
use r2d2_postgres::r2d2::Pool;

migrate_core::embed_migrations!("migrations", database = "postgres");

fn main() -> Result<(), Box<dyn Error>> {
    let config: Config = env::var("DATABASE_URL")?.parse()?;
    // TLS is the program's own: put what it connects with in the place of `NoTls`, such as
    // `MakeRustlsConnect` of tokio-postgres-rustls or `MakeTlsConnector` of postgres-native-tls.
    let pool = Pool::new(PostgresConnectionManager::new(config, NoTls))?;

    let mut pooled = pool.get()?;
    let report = Migrator::new(&MIGRATIONS).up(&mut *pooled)?;
    println!("{report}");
    // The connection goes back as it was: no lock, no prepared statement and no setting is left.
    drop(pooled);

    let row = pool.get()?.query_one("SELECT count(*) FROM visits", &[])?;
    println!("{} visits", row.get::<_, i64>(0));
    Ok(())
}
