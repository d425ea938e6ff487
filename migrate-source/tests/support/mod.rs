//! Folders written as pairs of names and texts, and what is read from them as one text.

use migrate_source::folder::{File, Folder, Options, Script, Up};
use migrate_source::{Database, Mode};

/// Reads files for SQLite, nothing relaxed.
pub(crate) fn read(files: &[(&str, &str)]) -> Folder {
    read_with(&Options::new(Database::Sqlite), files)
}

pub(crate) fn read_with(options: &Options, files: &[(&str, &str)]) -> Folder {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().into(),
    };
    Folder::read(&files.iter().map(file).collect::<Vec<_>>(), options)
}

/// Checks what is read from files: see [`summary`].
#[track_caller]
pub(crate) fn check(files: &[(&str, &str)], expected: &str) {
    assert_eq!(summary(&read(files)), expected.trim());
}

/// A line for each migration, repeatable and finding: `2 add email: up, down` with the files and
/// first lines of both, `R views: up`, `gap 0003_c.sql:1:1`.
pub(crate) fn summary(folder: &Folder) -> String {
    let mut lines = Vec::new();
    for migration in &folder.migrations {
        let up = match &migration.up {
            Up::Sql(up) => script(up),
            Up::Code(code) => code.path.clone(),
        };
        let down = migration.down.as_ref().map(script);
        let down = down.map_or(String::new(), |down| format!(", {down}"));
        let (version, description) = (migration.version, &migration.description);
        lines.push(format!("{version} {description}: {up}{down}"));
    }
    for repeatable in &folder.repeatables {
        let down = repeatable.down.as_ref().map(script);
        let down = down.map_or(String::new(), |down| format!(", {down}"));
        lines.push(format!(
            "R {}: {}{down}",
            repeatable.name,
            script(&repeatable.up)
        ));
    }
    for finding in &folder.findings {
        let place = finding.place.as_ref();
        let place = place.map(|p| format!(" {}:{}:{}", p.path, p.line, p.column));
        lines.push(format!("{}{}", finding.problem, place.unwrap_or_default()));
    }
    lines.join("\n")
}

fn script(script: &Script) -> String {
    let line = match script.line {
        1 => String::new(),
        line => format!(":{line}"),
    };
    let mode = match script.directives.mode {
        Mode::Transaction => "",
        Mode::NoTransaction => " no-transaction",
        _ => " repeat",
    };
    format!("{}{line}{mode}", script.path)
}
