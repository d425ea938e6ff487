//! The packages that cargo knows here, and the calls of the macro in their Rust files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use migrate_source::Place;
use serde_json::Value;

use crate::call::{self, Call, Calls};
use crate::error::Error;
use crate::paths;

/// The packages of a workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    /// The one that the author stands in, unless that is the workspace itself.
    pub(crate) nearest: Option<usize>,
}

/// A package.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// Its build script, if it has one.
    pub(crate) build_script: Option<PathBuf>,
    /// Whether it depends on `migrate-core`.
    pub(crate) depends: bool,
    /// The features of `migrate-core` that it names.
    pub(crate) features: Vec<String>,
    /// The file of its program or library.
    pub(crate) main: Option<PathBuf>,
    /// The folders of its Rust files, and whether they are parts of tests, examples or benches.
    sources: Vec<(PathBuf, bool)>,
}

impl Workspace {
    /// The workspace that `dir` is in, if it is in one.
    pub(crate) fn around(dir: &Path) -> Result<Option<Workspace>, Error> {
        let mut above = dir.ancestors();
        let Some(nearest) = above.find(|dir| dir.join("Cargo.toml").is_file()) else {
            return Ok(None);
        };
        let metadata = metadata(&nearest.join("Cargo.toml"))?;
        let packages = metadata["packages"].as_array();
        let packages: Vec<Package> = packages.into_iter().flatten().map(Package::of).collect();
        let nearest = packages.iter().position(|p| paths::same(&p.dir, nearest));
        Ok(Some(Workspace { packages, nearest }))
    }

    /// The package that the author stands in.
    pub(crate) fn nearest(&self) -> Option<&Package> {
        self.nearest.map(|at| &self.packages[at])
    }

    /// All packages, the one that the author stands in first.
    pub(crate) fn nearest_first(&self) -> impl Iterator<Item = &Package> {
        let others = self.packages.iter().enumerate();
        let others = others.filter(|(at, _)| Some(*at) != self.nearest);
        self.nearest()
            .into_iter()
            .chain(others.map(|(_, package)| package))
    }
}

impl Package {
    fn of(metadata: &Value) -> Package {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let manifest = PathBuf::from(text(&metadata["manifest_path"]));
        let dependencies = metadata["dependencies"].as_array().into_iter().flatten();
        let on_core: Vec<&Value> = { dependencies }
            .filter(|one| one["name"] == "migrate-core")
            .collect();
        let features = on_core.iter().flat_map(|one| one["features"].as_array());
        let mut package = Package {
            dir: manifest.parent().unwrap_or(Path::new("")).to_owned(),
            build_script: None,
            depends: !on_core.is_empty(),
            features: features.flatten().map(text).collect(),
            main: None,
            sources: Vec::new(),
        };
        for target in metadata["targets"].as_array().into_iter().flatten() {
            let file = PathBuf::from(text(&target["src_path"]));
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            let kinds = target["kind"].as_array();
            let is = |kind: &str| kinds.is_some_and(|kinds| kinds.iter().any(|k| k == kind));
            if is("custom-build") {
                package.build_script = Some(file);
            } else {
                let aside = is("test") || is("example") || is("bench");
                if !aside && (is("bin") || package.main.is_none()) {
                    package.main = Some(file);
                }
                package.sources.push((folder, aside));
            }
        }
        // What is part of the program counts as such, though a test may lie beside it.
        package.sources.sort_by_key(|(_, aside)| *aside);
        package
    }

    /// The calls of the macro in its files, in the order of those, paths as seen from `here`.
    pub(crate) fn calls(&self, here: &Path) -> Result<Vec<Call>, Error> {
        let mut files = BTreeMap::new();
        for (folder, aside) in &self.sources {
            let listed = self.rust_files(folder, *aside, &mut files, &mut BTreeSet::new());
            let shown = || paths::shown(folder, here);
            listed.map_err(|error| Error::file("listed", shown(), &error))?;
        }
        let mut calls = Vec::new();
        for (file, aside) in &files {
            let found = read(file, here, call::may_call)?.unwrap_or_default();
            let found = found.calls.into_iter().map(|call| Call {
                in_test: call.in_test || *aside,
                ..call
            });
            calls.extend(found.map(|call| (file.with_extension(""), call)));
        }
        if calls.iter().all(|(_, call)| call.in_test) {
            return Ok(calls.into_iter().map(|(_, call)| call).collect());
        }
        // A whole file may be for tests only, as another one says.
        let mut test_modules = Vec::new();
        for file in files.keys() {
            let may_name = |text: &str| text.contains("test") && text.contains("mod ");
            let found = read(file, here, may_name).ok().flatten();
            let beside = module_folder(file);
            let names = found.map(|found| found.test_modules).unwrap_or_default();
            test_modules.extend(names.iter().map(|name| beside.join(name)));
        }
        let calls = calls.into_iter().map(|(module, call)| Call {
            in_test: call.in_test || test_modules.iter().any(|test| module.starts_with(test)),
            ..call
        });
        Ok(calls.collect())
    }

    /// Gathers the Rust files below `dir`, but not those of other packages.
    fn rust_files(
        &self,
        dir: &Path,
        aside: bool,
        files: &mut BTreeMap<PathBuf, bool>,
        linked: &mut BTreeSet<PathBuf>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if path.is_dir() {
                // Links may lead in a circle.
                if entry.file_type()?.is_symlink() && !linked.insert(path.canonicalize()?) {
                    continue;
                }
                let other = name.starts_with('.') || path.join("Cargo.toml").is_file();
                // A program beside Cargo.toml has the whole package below it.
                let top = ["target", "tests", "examples", "benches", "node_modules"];
                let apart = dir == self.dir && top.contains(&&*name);
                if !other && !apart {
                    self.rust_files(&path, aside, files, linked)?;
                }
            } else if path.extension().is_some_and(|end| end == "rs") && path.is_file() {
                files.entry(path).or_insert(aside);
            }
        }
        Ok(())
    }
}

/// Reads a file, unless its text tells that there is nothing in it.
fn read(file: &Path, here: &Path, may_hold: fn(&str) -> bool) -> Result<Option<Calls>, Error> {
    let shown = paths::shown(file, here);
    let bytes = fs::read(file).map_err(|error| Error::file("read", &shown, &error))?;
    let text = String::from_utf8_lossy(&bytes);
    if !may_hold(&text) {
        return Ok(None);
    }
    let calls = call::read(&shown, &text);
    calls.map(Some).map_err(|place| not_rust(*place))
}

/// Where the files of the modules lie that `file` names.
fn module_folder(file: &Path) -> PathBuf {
    let beside = file.parent().unwrap_or(Path::new(""));
    match file.file_stem().and_then(|stem| stem.to_str()) {
        None | Some("lib" | "main" | "mod") => beside.to_owned(),
        Some(module) => beside.join(module),
    }
}

fn not_rust(place: Place) -> Error {
    Error::new("this file is not Rust, so its calls of `embed_migrations!` are not known")
        .at(place)
        .help("look for a string, a comment or a bracket that is not closed")
        .help("or name the folder: `--folder migrations`")
}

/// What cargo says about a workspace, without looking for anything on the network.
fn metadata(manifest: &Path) -> Result<Value, Error> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .arg("--manifest-path")
        .arg(manifest)
        .output()
        .map_err(|error| Error::new(format!("cargo cannot be started: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().trim_start_matches("error: ");
        let here = paths::here().unwrap_or_default();
        let shown = paths::shown(manifest, &here);
        let mut error = Error::new("cargo does not understand the package").at(Place::file(&shown));
        for line in said.lines().filter(|line| !line.trim().is_empty()) {
            error = error.note(line.trim_end());
        }
        return Err(error);
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::new(format!("what cargo says is no JSON: {error}")))
}
