//! `init`: what an existing package needs to carry its migrations.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fmt::Write as _};

use migrate_source::{Database, Options};

use crate::args::{Init, New};
use crate::error::Error;
use crate::find::Set;
use crate::package::{Package, Workspace};
use crate::{new, output, paths};

pub(crate) fn run(init: &Init) -> Result<ExitCode, Error> {
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
    let dependency = dependency(package, init, &here)?;
    let mut said = folder(package, init, &here)?;
    said.push_str(&build_script(package, &here)?);
    said.push_str(&dependency);
    said.push_str(&call(package, &here)?);
    output::answer(&said)?;
    Ok(ExitCode::SUCCESS)
}

const FOLDER: &str = "migrations";

/// The folder with its first file.
fn folder(package: &Package, init: &Init, here: &Path) -> Result<String, Error> {
    let folder = package.dir.join(FOLDER);
    let shown = paths::shown(&folder, here);
    let set = Set {
        name: None,
        folder,
        shown: shown.clone(),
        options: Options::new(Database::Sqlite),
        call: None,
    };
    if set.folder.exists() {
        let (_, read) = set.read().map_err(|fault| crate::find::of_fault(&fault))?;
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
    for path in new::add(&set, &new)? {
        // Text takes everything that is written to it.
        let _ = writeln!(said, "{path}: made, write the first migration into it");
    }
    Ok(said)
}

const WATCH: &str = "println!(\"cargo::rerun-if-changed=migrations\");";

/// The build script, or the line that the one which is there lacks.
fn build_script(package: &Package, here: &Path) -> Result<String, Error> {
    let path = match &package.build_script {
        Some(path) => path.clone(),
        None => package.dir.join("build.rs"),
    };
    let shown = paths::shown(&path, here);
    if !path.exists() {
        let text =
            format!("//! Makes cargo notice a new migration.\n\nfn main() {{\n    {WATCH}\n}}\n");
        fs::write(&path, text).map_err(|error| Error::file("written", &shown, &error))?;
        return Ok(format!("{shown}: made, so that cargo notices new files\n"));
    }
    let text = fs::read_to_string(&path);
    let text = text.map_err(|error| Error::file("read", &shown, &error))?;
    Ok(match text.contains("rerun-if-changed=migrations") {
        true => format!("{shown}: watches the folder already\n"),
        false => {
            format!("{shown}: add a line, so that cargo notices new files:\n\n    {WATCH}\n\n")
        }
    })
}

/// The dependency, if its place is known.
fn dependency(package: &Package, init: &Init, here: &Path) -> Result<String, Error> {
    let manifest = package.dir.join("Cargo.toml");
    let shown = paths::shown(&manifest, here);
    if package.depends {
        return Ok(format!("{shown}: depends on migrate-core already\n"));
    }
    let Some(path) = &init.path else {
        return Ok(format!(
            "{shown}: add the dependency, from a clone while there is no release:\n\n    \
             [dependencies]\n    \
             migrate-core = {{ path = \"PATH_TO_MIGRATE_CORE\", features = [\"bundled\"] }}\n\n"
        ));
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["add", "--offline", "--quiet", "migrate-core"])
        .args(["--features", "bundled", "--path"])
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
fn call(package: &Package, here: &Path) -> Result<String, Error> {
    if !package.calls(here)?.is_empty() {
        return Ok("the macro is called already\n".to_owned());
    }
    let main = package.main.as_deref().unwrap_or(&package.dir);
    Ok(format!(
        "\nPut into {}:\n\n    \
         migrate_core::embed_migrations!(\"{FOLDER}\");\n\n\
         and where the database is opened:\n\n    \
         let mut db = migrate_core::rusqlite::Connection::open(\"app.db\")?;\n    \
         migrate_core::Migrator::new(&MIGRATIONS).up(&mut db)?;\n",
        paths::shown(main, here)
    ))
}
