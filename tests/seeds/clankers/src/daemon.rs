//! The daemon: migrates, then answers lines on a port of this machine.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use migrate_core::rusqlite::{self, Connection, OptionalExtension};

use crate::storage;

/// Brings the database to the newest version, or up to `version`, and serves until it is ended.
///
/// Nobody can connect before the database is at its version: there is no port until then.
///
/// # Errors
///
/// When the database cannot be opened or migrated, its checksums are not those of the program, or no
/// port can be had.
pub fn serve(path: &Path, version: Option<i64>) -> Result<(), Box<dyn Error>> {
    let mut db = storage::open(path)?;
    let migrator = storage::migrator();
    let report = match version {
        Some(version) => migrator.up_to(&mut db, version),
        None => migrator.up(&mut db),
    };
    let report = report.map_err(|error| storage::failure(&error))?;
    drop(db);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut out = io::stdout();
    writeln!(out, "{report}")?;
    writeln!(out, "listening on {}", listener.local_addr()?)?;
    out.flush()?;
    for client in listener.incoming() {
        let client = client?;
        let path = path.to_owned();
        thread::spawn(move || {
            if let Err(error) = talk(&client, &path) {
                eprintln!("client lost: {error}");
            }
        });
    }
    Ok(())
}

/// Answers each line of a client with one line, until the client goes.
fn talk(client: &TcpStream, path: &Path) -> Result<(), Box<dyn Error>> {
    client.set_nodelay(true)?;
    let db = storage::open(path)?;
    let mut out = client;
    for line in BufReader::new(client).lines() {
        let answer = match answer(&db, &line?) {
            Ok(answer) => answer,
            Err(error) => format!("error: {error}"),
        };
        out.write_all(format!("{answer}\n").as_bytes())?;
    }
    Ok(())
}

fn answer(db: &Connection, line: &str) -> rusqlite::Result<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["put", id, session, tool] => put(db, id, session, tool),
        ["get", id] => get(db, id),
        ["count"] => count(db),
        _ => Ok("error: say `put ID SESSION TOOL`, `get ID` or `count`".to_owned()),
    }
}

fn put(db: &Connection, id: &str, session: &str, tool: &str) -> rusqlite::Result<String> {
    db.execute(
        "INSERT INTO tools (id, session_id, tool_name, created_at, summary)
         VALUES (?1, ?2, ?3, unixepoch(), ?3)",
        [id, session, tool],
    )?;
    Ok("ok".to_owned())
}

fn get(db: &Connection, id: &str) -> rusqlite::Result<String> {
    // A row that the backfill has not come to yet is summarised here.
    let found = db
        .query_row(
            "SELECT session_id || ' ' || coalesce(summary, tool_name || coalesce(' ' || file_path, ''))
             FROM tools WHERE id = ?1",
            [id],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.unwrap_or_else(|| "nothing".to_owned()))
}

fn count(db: &Connection) -> rusqlite::Result<String> {
    let count: i64 = db.query_row("SELECT count(*) FROM tools", (), |row| row.get(0))?;
    Ok(count.to_string())
}
