//! A program on tokio-postgres with a pool of deadpool-postgres. bb8-postgres is used in the same way.
//!
//! ```text
//! DATABASE_URL=postgres://app@localhost/app cargo run -p example-pools --bin deadpool
//! ```

use std::env;
use std::error::Error;

use deadpool_postgres::{Manager, Pool};
use migrate_core::Migrator;
use migrate_core::tokio_postgres::{Config, NoTls};

migrate_core::embed_migrations!("migrations", database = "postgres");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config: Config = env::var("DATABASE_URL")?.parse()?;
    // TLS is the program's own: put what it connects with in the place of `NoTls`, such as
    // `MakeRustlsConnect` of tokio-postgres-rustls or `MakeTlsConnector` of postgres-native-tls.
    let pool = Pool::builder(Manager::new(config, NoTls)).build()?;

    let mut pooled = pool.get().await?;
    let report = Migrator::new(&MIGRATIONS).up_async(&mut pooled).await?;
    println!("{report}");
    // The connection goes back as it was: no lock, no prepared statement and no setting is left.
    drop(pooled);

    let db = pool.get().await?;
    let row = db.query_one("SELECT count(*) FROM visits", &[]).await?;
    println!("{} visits", row.get::<_, i64>(0));
    Ok(())
}
