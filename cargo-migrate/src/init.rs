//! `init`: what an existing package needs to carry its migrations.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fmt::Write as _};

use migrate_source::{Database, Finding, Options};

use crate::args::{Init, New};
use crate::call::Said;
use crate::error::{Error, of_finding};
use crate::find::{Finder, Set, of_fault};
use crate::package::{Package, Workspace};
use crate::skeleton::Driver;
use crate::{new, output, paths};

pub(crate) fn run(finder: &Finder, init: &Init) -> Result<ExitCode, Error> {
    let here = paths::here();
    let here = here.map_err(|error| Error::file("found", "the current directory", &error))?;
    let workspace = Workspace::around(&here)?.ok_or_else(|| {
        Error::new("there is no package here, nor in a folder above")
            .help("make one first: `cargo init`")
    })?;
    let package = workspace.nearest().ok_or_else(|| {
        Error::new("this is a workspace, not a package").help("go to the folder of the package")
    })?;
    // What may fail for a reason of the user's comes first, so that nothing is left half done.
    new::words(&init.name)?;
    let target = Target::of(finder, package, &here)?;
    let dependency = dependency(package, &target, init, &here)?;
    let mut said = folder(&target, init, &here)?;
    said.push_str(&build_script(package, &target, &here)?);
    said.push_str(&dependency);
    let call = call(package, &target, &here);
    // What is to be put somewhere ends with an empty line.
    said.push_str(match said.ends_with("\n\n") {
        true => call.trim_start_matches('\n'),
        false => &call,
    });
    output::answer(&said)?;
    Ok(ExitCode::SUCCESS)
}

/// The folder that is prepared.
struct Target {
    folder: PathBuf,
    /// As the package names it.
    name: String,
    /// Whether a call of the macro names it already.
    is_called: bool,
    options: Options,
    /// What the call says behind the folder.
    said: Option<String>,
    driver: Driver,
}

const USUAL: &str = "migrations";

impl Target {
    /// The folder that is asked for, or the one that the package names, or else the usual one.
    fn of(finder: &Finder, package: &Package, here: &Path) -> Result<Target, Error> {
        let calls = package.calls(here)?;
        let said: Vec<_> = calls.iter().filter_map(|c| c.said.as_ref().ok()).collect();
        let folder = match (finder.folder(), said.first()) {
            (Some(asked), _) => paths::normalized(&here.join(asked)),
            (None, Some(said)) => paths::normalized(&package.dir.join(&said.folder)),
            (None, None) => package.dir.join(USUAL),
        };
        if !folder.starts_with(&package.dir) {
            let finding = Finding::outside_package(&paths::shown(&folder, here));
            return Err(of_finding(&finding, ""));
        }
        let is_own = |named: &&&Said| paths::same(&package.dir.join(&named.folder), &folder);
        let own = said.iter().find(is_own);
        let options = own.map(|said| said.options.clone());
        let options = finder.options().cloned().or(options);
        let options = options.unwrap_or_else(|| Options::new(database_of(package)));
        let is_postgres = options.database == Database::Postgres;
        let said_options = finder.options_text().map(str::to_owned);
        let manifest = fs::read_to_string(package.dir.join("Cargo.toml")).unwrap_or_default();
        Ok(Target {
            name: paths::shown(&folder, &package.dir),
            // Which folder a faulty call means is not known.
            is_called: own.is_some() || said.len() < calls.len(),
            driver: Driver::of_package(options.database, &package.features, &manifest),
            said: said_options.or(is_postgres.then(|| "database = \"postgres\"".to_owned())),
            options,
            folder,
        })
    }
}

/// The database that a package is for, by the features of `migrate-core`: PostgreSQL where it names that
/// and not SQLite besides.
fn database_of(package: &Package) -> Database {
    let has = |names: &[&str]| package.features.iter().any(|one| names.contains(&&**one));
    match has(&["postgres", "tokio-postgres"]) && !has(&["sqlite", "bundled"]) {
        true => Database::Postgres,
        false => Database::Sqlite,
    }
}

/// The folder with its first file.
fn folder(target: &Target, init: &Init, here: &Path) -> Result<String, Error> {
    let shown = paths::shown(&target.folder, here);
    let set = Set {
        name: None,
        folder: target.folder.clone(),
        shown: shown.clone(),
        options: target.options.clone(),
        call: None,
    };
    if set.folder.exists() {
        let (_, read) = set.read().map_err(|fault| of_fault(&fault))?;
        if !read.migrations.is_empty() {
            return Ok(format!("{shown}: has migrations already\n"));
        }
    }
    let new = New {
        name: init.name.clone(),
        down: init.down,
        rs: false,
        timestamp: false,
    };
    let mut said = String::new();
    for path in new::add(&set, &new)?.paths {
        // Text takes everything that is written to it.
        let _ = writeln!(said, "{path}: made, write the first migration into it");
    }
    Ok(said)
}

/// The build script, or the line that the one which is there lacks.
fn build_script(package: &Package, target: &Target, here: &Path) -> Result<String, Error> {
    let watched = format!("rerun-if-changed={}", target.name);
    let watch = format!("println!(\"cargo::{watched}\");");
    let path = match &package.build_script {
        Some(path) => path.clone(),
        None => package.dir.join("build.rs"),
    };
    let shown = paths::shown(&path, here);
    if !path.exists() {
        let text =
            format!("//! Makes cargo notice a new migration.\n\nfn main() {{\n    {watch}\n}}\n");
        fs::write(&path, text).map_err(|error| Error::file("written", &shown, &error))?;
        return Ok(format!("{shown}: made, so that cargo notices new files\n"));
    }
    let text = fs::read_to_string(&path);
    let text = text.map_err(|error| Error::file("read", &shown, &error))?;
    Ok(match text.contains(&watched) {
        true => format!("{shown}: watches the folder already\n"),
        false => {
            format!("{shown}: add a line, so that cargo notices new files:\n\n    {watch}\n\n")
        }
    })
}

/// The dependency, if its place is known.
fn dependency(
    package: &Package,
    target: &Target,
    init: &Init,
    here: &Path,
) -> Result<String, Error> {
    let manifest = package.dir.join("Cargo.toml");
    let shown = paths::shown(&manifest, here);
    // The feature of the driver, and which others are needed with it.
    let (driver, others) = match target.driver {
        Driver::Rusqlite => ("bundled", None),
        Driver::Postgres => ("postgres", Some("macros")),
        Driver::TokioPostgres => ("tokio-postgres", Some("macros")),
    };
    if package.depends && others.is_some() && !package.features.iter().any(|one| one == driver) {
        return Ok(format!(
            "{shown}: depends on migrate-core already, and needs its feature `{driver}`\n"
        ));
    }
    if package.depends {
        return Ok(format!("{shown}: depends on migrate-core already\n"));
    }
    let Some(path) = &init.path else {
        return Ok(format!(
            "{shown}: add the dependency, from a clone while there is no release:\n\n    \
             [dependencies]\n    \
             migrate-core = {{ path = \"PATH_TO_MIGRATE_CORE\", {} }}\n\n",
            match others {
                None => format!("features = [\"{driver}\"]"),
                Some(others) =>
                    format!("default-features = false, features = [\"{others}\", \"{driver}\"]"),
            }
        ));
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut add = Command::new(cargo);
    add.args(["add", "--offline", "--quiet", "migrate-core"])
        .args(["--features", driver]);
    if let Some(others) = others {
        add.args(["--no-default-features", "--features", others]);
    }
    let output = add
        .arg("--path")
        .arg(here.join(path))
        .arg("--manifest-path")
        .arg(&manifest)
        .output()
        .map_err(|error| Error::new(format!("cargo cannot be started: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().trim_start_matches("error: ");
        let error = Error::new(format!("cargo does not add the dependency to `{shown}`"));
        let lines = said.lines().filter(|line| !line.trim().is_empty());
        return Err(lines
            .fold(error, |error, line| error.note(line.trim_end()))
            .note("nothing was changed")
            .help(
                "`--path` is the folder of the crate `migrate-core`, in a clone of its repository",
            ));
    }
    Ok(format!("{shown}: has the dependency now\n"))
}

/// What is still to be written by hand.
fn call(package: &Package, target: &Target, here: &Path) -> String {
    if target.is_called {
        return "the macro is called already\n".to_owned();
    }
    let main = package.main.as_deref().unwrap_or(&package.dir);
    format!(
        "\nPut into {}:\n\n    \
         migrate_core::embed_migrations!(\"{}\"{});\n\n\
         and where the database is opened:\n\n{}",
        paths::shown(main, here),
        target.name,
        { target.said.iter() }
            .map(|said| format!(", {said}"))
            .collect::<String>(),
        start(target.driver)
    )
}

/// What brings a database up to date at start-up.
fn start(driver: Driver) -> &'static str {
    match driver {
        Driver::Rusqlite => {
            "    let mut db = migrate_core::rusqlite::Connection::open(\"app.db\")?;
    migrate_core::Migrator::new(&MIGRATIONS).up(&mut db)?;
"
        }
        Driver::Postgres => {
            "    let url = \"postgres://user@localhost/app\";
    let mut db = migrate_core::postgres::Client::connect(url, migrate_core::postgres::NoTls)?;
    migrate_core::Migrator::new(&MIGRATIONS).up(&mut db)?;
"
        }
        Driver::TokioPostgres => {
            "    let url = \"postgres://user@localhost/app\";
    let (mut db, connection) = migrate_core::tokio_postgres::connect(url, migrate_core::tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    migrate_core::Migrator::new(&MIGRATIONS).up_async(&mut db).await?;
"
        }
    }
}
