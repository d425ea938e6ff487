//! `pmd` as it was at version 1: `pmd-old STORE init`, `pmd-old STORE add FILE`.

use std::env;
use std::error::Error;
use std::fs;
use std::process::ExitCode;

use hmac_sha256::Hash;
use migrate_core::Migrator;
use migrate_core::rusqlite::{self, Connection};

migrate_core::embed_migrations!("migrations");

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), Box<dyn Error>> {
    match words {
        [store, "init"] => {
            open(store)?;
        }
        [store, "add", path] => add(&mut open(store)?, path, &fs::read_to_string(path)?)?,
        _ => return Err("usage: pmd-old STORE init | pmd-old STORE add FILE".into()),
    }
    Ok(())
}

fn open(store: &str) -> Result<Connection, Box<dyn Error>> {
    let mut db = Connection::open(store)?;
    let report = Migrator::new(&MIGRATIONS).user_version(true).up(&mut db)?;
    println!("{report}");
    Ok(db)
}

/// Adds a document. This version writes to the search index itself.
fn add(db: &mut Connection, path: &str, body: &str) -> rusqlite::Result<()> {
    let hash = Hash::hash(body.as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let title = body.lines().next().unwrap_or_default();
    let title = title.trim_start_matches('#').trim();
    let transaction = db.transaction()?;
    transaction.execute(
        "INSERT OR IGNORE INTO collections (id, name, created_at)
         VALUES (1, 'default', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
        (),
    )?;
    transaction.execute(
        "INSERT OR IGNORE INTO content (hash, body, created_at)
         VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
        [&*hash, body],
    )?;
    transaction.execute(
        "INSERT INTO documents (collection_id, path, title, hash, modified_at)
         VALUES (1, ?1, ?2, ?3, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
        [path, title, &*hash],
    )?;
    transaction.execute(
        "INSERT INTO documents_fts (rowid, path, title, body) VALUES (last_insert_rowid(), ?1, ?2, ?3)",
        [path, title, body],
    )?;
    transaction.commit()
}
