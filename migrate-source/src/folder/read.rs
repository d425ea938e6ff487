//! Names and bytes to a folder: each file is read by itself, then all of them together.

use std::collections::BTreeMap;

use super::layout::{self, Layout};
use super::marker::Markers;
use super::name::{Folders, Name, Numbered, Part, Style};
use super::script::{Role, Source};
use super::set::{self, About, Parts, Piece};
use super::{File, Finding, Folder, Options, Problem, Script, Up, code, lock, metadata, text};
use crate::Database;

impl Folder {
    /// Reads and judges the files of a folder, which may come in any order.
    ///
    /// Everything that is wrong is found in one go, whatever it is and in whichever file.
    ///
    /// ```
    /// # use migrate_source::{Database, folder::{File, Folder, Options}};
    /// let file = File {
    ///     path: "0001_create_users.up.sql".into(),
    ///     bytes: b"CREATE TABLE users (id INTEGER PRIMARY KEY);".into(),
    /// };
    /// let folder = Folder::read(&[file], &Options::new(Database::Sqlite));
    /// assert!(folder.findings.is_empty());
    /// assert_eq!(folder.migrations[0].version, 1);
    /// assert_eq!(folder.migrations[0].description, "create users");
    /// ```
    #[must_use]
    pub fn read(files: &[File], options: &Options) -> Folder {
        let mut sorted: Vec<&File> = files.iter().collect();
        sorted.sort_by(|a, b| a.path.cmp(&b.path));
        let mut reader = Reader {
            options,
            findings: Vec::new(),
            claimed: BTreeMap::new(),
            numbered: BTreeMap::new(),
            repeatables: BTreeMap::new(),
            seed: None,
            lock: None,
        };
        reader.read(&sorted);
        reader.finish()
    }
}

struct Reader<'a> {
    options: &'a Options,
    /// Each with the version that it is about.
    findings: Vec<About>,
    /// The versions of wrongly named files.
    claimed: BTreeMap<i64, &'a str>,
    numbered: BTreeMap<i64, Parts<'a, Up>>,
    /// By their names in lower case.
    repeatables: BTreeMap<String, Parts<'a, Script>>,
    seed: Option<Script>,
    lock: Option<lock::Read>,
}

/// A file of a numbered migration, its bytes read.
struct Opened<'a> {
    path: &'a str,
    name: Numbered<'a>,
    /// None when the bytes are no text.
    text: Option<String>,
    markers: Markers,
}

impl<'a> Reader<'a> {
    fn read(&mut self, files: &[&'a File]) {
        let folders = Folders::among(files.iter().map(|file| file.path.as_str()));
        let mut opened = Vec::new();
        let mut last_wrong = None;
        let mut empty = true;
        for file in files {
            let name = Name::read(&file.path, &folders);
            empty &= matches!(name, Name::Ignored | Name::Lock | Name::Seed);
            match name {
                Name::Ignored => {}
                Name::Lock => self.lock = Some(lock::Read::bytes(&file.bytes)),
                Name::Seed => self.seed = self.unnumbered(file, Role::Seed),
                Name::Numbered(name) => opened.push(self.open(file, name)),
                Name::Repeatable { name, down } => self.repeatable(file, name, down),
                Name::Wrong {
                    subject,
                    finding,
                    claims,
                } => {
                    if let Some(version) = claims {
                        self.claimed.entry(version).or_insert(&file.path);
                    }
                    // The files of a wrongly named directory follow each other.
                    if last_wrong.replace(subject) != Some(subject) {
                        self.report(claims, finding);
                    }
                }
            }
        }
        if empty {
            let finding = Finding::new(Problem::EmptyFolder, "the folder holds no migration");
            self.report(
                None,
                finding.help("add the first one: `0001_what_it_does.up.sql`"),
            );
        }
        let layouts: Vec<_> = opened
            .iter()
            .filter_map(|file| Some((file.path, file.layout()?)))
            .collect();
        for finding in layout::mixed(&layouts) {
            self.report(None, finding);
        }
        let metadata = self.metadata(&opened);
        for file in opened
            .iter()
            .filter(|file| file.name.part != Part::Metadata)
        {
            self.piece(file, &metadata);
        }
    }

    fn open(&mut self, file: &'a File, name: Numbered<'a>) -> Opened<'a> {
        let text = self.decode(Some(name.version), file);
        let markers = match (&text, name.part) {
            (Some(text), Part::Script | Part::Up | Part::Down) => {
                Markers::read(text, self.options.database, name.part == Part::Script)
            }
            _ => Markers::default(),
        };
        Opened {
            path: &file.path,
            name,
            text,
            markers,
        }
    }

    fn decode(&mut self, version: Option<i64>, file: &File) -> Option<String> {
        match text::decode(&file.path, &file.bytes) {
            Ok(text) => Some(text),
            Err(finding) => {
                self.report(version, finding);
                None
            }
        }
    }

    /// Which of the directories say in their metadata whether they run in a transaction.
    fn metadata(&mut self, files: &[Opened<'a>]) -> BTreeMap<&'a str, bool> {
        let mut transaction = BTreeMap::new();
        for file in files.iter().filter(|file| file.name.part == Part::Metadata) {
            match metadata::run_in_transaction(file.path, file.text.as_deref().unwrap_or_default())
            {
                _ if file.text.is_none() => {}
                Ok(value) => {
                    transaction.insert(directory(file.path), value);
                }
                Err(finding) => self.report(Some(file.name.version), finding),
            }
        }
        transaction
    }

    fn piece(&mut self, file: &Opened<'a>, metadata: &BTreeMap<&'a str, bool>) {
        let Opened {
            path,
            name,
            text,
            markers,
        } = &file;
        let Numbered {
            version,
            words,
            part,
            ..
        } = *name;
        let mut findings = Vec::new();
        let source = text.as_ref().map(|text| Source {
            path,
            text,
            database: self.options.database,
            markers,
        });
        let transaction = metadata.get(directory(path)).copied();
        let parts = self.numbered.entry(version).or_default();
        match part {
            Part::Metadata => {}
            Part::Code => {
                let code = source.map(|source| {
                    code::read(path, source.text, self.options.database, &mut findings)
                });
                parts.ups.push(Piece {
                    path,
                    words,
                    content: code.map(Up::Code),
                });
            }
            Part::Down => {
                let down = source.map(|s| s.whole(Role::Down, transaction, &mut findings));
                parts.downs.push(Piece {
                    path,
                    words,
                    content: down.filter(|_| can_run(&findings, self.options.database)),
                });
            }
            Part::Up | Part::Script => {
                let text = text.as_deref().filter(|_| part == Part::Script);
                let (up, down) = match (source, text.and_then(|text| markers.cut(text))) {
                    (Some(source), Some(cut)) => {
                        let (up, down) = source.parts(&cut, &mut findings);
                        (Some(up), down)
                    }
                    (source, _) => (
                        source.map(|s| s.whole(Role::Up, transaction, &mut findings)),
                        None,
                    ),
                };
                parts.ups.push(Piece {
                    path,
                    words,
                    content: up.map(Up::Sql),
                });
                parts.downs.extend(down.map(|down| Piece {
                    path,
                    words,
                    content: can_run(&findings, self.options.database).then_some(down),
                }));
            }
        }
        for finding in findings {
            self.report(Some(version), finding);
        }
    }

    fn repeatable(&mut self, file: &'a File, name: &'a str, is_down: bool) {
        let role = if is_down {
            Role::RepeatableDown
        } else {
            Role::RepeatableUp
        };
        let script = self.unnumbered(file, role);
        let parts = self.repeatables.entry(name.to_lowercase()).or_default();
        let pieces = if is_down {
            &mut parts.downs
        } else {
            &mut parts.ups
        };
        pieces.push(Piece {
            path: &file.path,
            words: name,
            content: script,
        });
    }

    /// The script of a file that belongs to no version.
    fn unnumbered(&mut self, file: &File, role: Role) -> Option<Script> {
        let mut findings = Vec::new();
        let text = self.decode(None, file)?;
        let database = self.options.database;
        let source = Source {
            path: &file.path,
            text: &text,
            database,
            markers: &Markers::read(&text, database, false),
        };
        let script = source.whole(role, None, &mut findings);
        for finding in findings {
            self.report(None, finding);
        }
        Some(script)
    }

    /// Keeps a finding about `version`, or about none, unless the options say that it is none.
    fn report(&mut self, version: Option<i64>, finding: Finding) {
        if !self.options.relax_finding(&finding, version) {
            self.findings.push((version, finding));
        }
    }

    fn finish(mut self) -> Folder {
        let database = self.options.database;
        let read = self.lock.take();
        let lock = read.as_ref().map(|read| &read.lock);
        let mut findings = set::numbered(&self.numbered, &self.claimed, lock, database);
        let versions = self.numbered.keys().chain(self.claimed.keys());
        let newest = versions.max().copied();
        findings.extend(set::trusted_in_advance(newest, self.options.trust_through));
        findings.extend(set::repeatable(&self.repeatables));
        for (version, finding) in findings {
            self.report(version, finding);
        }
        let unclear = set::unclear(&self.numbered, &self.claimed);
        let migrations = set::migrations(std::mem::take(&mut self.numbered), lock, database);
        if let Some(read) = &read {
            for finding in &read.findings {
                self.report(None, finding.clone());
            }
            for fault in lock::Judge::new(read, &migrations, &unclear).faults() {
                self.report(Some(fault.version), fault.finding);
            }
        }
        let newest = newest.unwrap_or(0);
        let findings = self.findings.into_iter();
        let mut findings: Vec<Finding> = findings
            .map(|(version, finding)| finding.relaxable(version, newest))
            .collect();
        Finding::sort(&mut findings);
        Folder {
            migrations,
            repeatables: set::repeatables(self.repeatables, database),
            seed: self.seed,
            lock: read.map(|read| read.lock),
            findings,
        }
    }
}

impl Opened<'_> {
    /// The layout that it follows, if it can be told: code joins any of them, and a file whose
    /// markers stand in wrong places has a problem of its own.
    fn layout(&self) -> Option<Layout> {
        match (self.name.part, self.name.style) {
            (Part::Code | Part::Metadata, _) => None,
            (_, Style::Folders) => Some(Layout::Folders),
            (_, Style::Refinery) => Some(Layout::Refinery),
            (Part::Script, Style::Plain) if self.markers.begin_with_up() => Some(Layout::OneFile),
            (_, Style::Plain) if self.markers.all_misplaced().is_empty() => Some(Layout::Plain),
            (_, Style::Plain) => None,
        }
    }
}

/// Whether the down with these findings can be run: one with an open quote or comment counts as none,
/// where that is trusted. Only SQLite takes a comment to be closed at the end of a script.
fn can_run(findings: &[Finding], database: Database) -> bool {
    !findings.iter().any(|finding| {
        let open = match finding.problem {
            Problem::UnterminatedComment => database != Database::Sqlite,
            Problem::UnterminatedString
            | Problem::UnterminatedName
            | Problem::UnterminatedDollarQuote => true,
            _ => false,
        };
        finding.in_down && open
    })
}

/// The directory of a file, none for one directly in the folder.
fn directory(path: &str) -> &str {
    path.split_once('/').map_or("", |(directory, _)| directory)
}
