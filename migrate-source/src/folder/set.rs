//! The parts of migrations put together: what is there twice, what is missing, what does not fit.

use std::collections::{BTreeMap, BTreeSet};

use super::lock::{Line, Lock, State, shown_name};
use super::name::{FIRST_TIMESTAMP, description};
use super::script::directive;
use super::{Finding, Migration, Problem, Repeatable, Script, Up};
use crate::place::Place;
use crate::{Chain, Checksum, Database};

/// A part of a migration: a file, or a section of one.
#[derive(Debug)]
pub(super) struct Piece<'a, T> {
    pub(super) path: &'a str,
    /// The words of its name.
    pub(super) words: &'a str,
    /// What it holds, unless that could not be read.
    pub(super) content: Option<T>,
}

/// The parts that share a version, or the name of a repeatable.
#[derive(Debug)]
pub(super) struct Parts<'a, T> {
    pub(super) ups: Vec<Piece<'a, T>>,
    pub(super) downs: Vec<Piece<'a, Script>>,
}

impl<T> Default for Parts<'_, T> {
    fn default() -> Self {
        Parts {
            ups: Vec::new(),
            downs: Vec::new(),
        }
    }
}

/// A finding, and the version that it is about.
pub(super) type About = (Option<i64>, Finding);

/// What is wrong with the numbered migrations among each other. `claimed` are versions whose files
/// are wrongly named, so that they are not reported as missing as well.
pub(super) fn numbered(
    set: &BTreeMap<i64, Parts<'_, Up>>,
    claimed: &BTreeMap<i64, &str>,
    lock: Option<&Lock>,
    database: Database,
) -> Vec<About> {
    let mut findings = Vec::new();
    let last = set.range(..FIRST_TIMESTAMP).next_back();
    let next = last.map_or(1, |(last, _)| last + 1);
    for (&version, parts) in set {
        let mut report = |finding| findings.push((Some(version), finding));
        let cure = match version < FIRST_TIMESTAMP {
            true => format!("give the newer one the next number: {next}"),
            false => "give the newer one another timestamp".to_owned(),
        };
        let twice = |what: &str, first: &str, second: &str| {
            Finding::new(
                Problem::DuplicateVersion,
                format!("version {version} has two {what}: `{first}` and `{second}`"),
            )
            .at(Place::file(second))
        };
        let locked = locked(version, &parts.ups, lock, database);
        let renumber = |path: &str| {
            let name = path.split('/').next().unwrap_or(path);
            format!("`cargo migrate renumber {name}`")
        };
        let cure = |first: &str, second: &str| match locked {
            Some(_) => format!(
                "`{first}` is locked; the next number for this one: {}",
                renumber(second)
            ),
            None => cure.clone(),
        };
        let up = locked.map(|up| up.path);
        for (first, second) in repeated(&parts.ups, |piece| Some(piece.path) == up) {
            let finding = twice("ups", first, second);
            let down = down_of(first, second).or_else(|| down_of(second, first));
            report(match down {
                Some(down) => {
                    finding.help(format!("if it is the down of the other, call it `{down}`"))
                }
                None if locked.is_some() => finding.help(cure(first, second)),
                None => finding.help(cure(first, second)).help(format!(
                    "if `{second}` is the newer one: {}",
                    renumber(second)
                )),
            });
        }
        let words = locked.map(|up| up.words);
        for (first, second) in repeated(&parts.downs, |piece| Some(piece.words) == words) {
            report(twice("downs", first, second).help(cure(first, second)));
        }
        let (up, down) = match (parts.ups.first(), parts.downs.first()) {
            (None, Some(down)) if !claimed.contains_key(&version) => {
                report(orphan(down.path, &format!("version {version}")));
                continue;
            }
            // Which down belongs to which up is not clear where there are two.
            (Some(up), Some(down)) if parts.ups.len() == 1 => (up, down),
            _ => continue,
        };
        if up.words != down.words && parts.downs.len() == 1 {
            report(
                Finding::new(
                    Problem::NameMismatch,
                    format!(
                        "the up of version {version} is called `{}`, not `{}`",
                        up.words, down.words
                    ),
                )
                .at(Place::file(down.path))
                .help("give both the same name"),
            );
        }
        match &up.content {
            Some(Up::Code(code)) if code.has_down => report(
                twice("downs", up.path, down.path)
                    .help("remove this file, or `fn down` from the other"),
            ),
            Some(Up::Sql(script)) if script.directives.irreversible => report(
                Finding::new(
                    Problem::IrreversibleWithDown,
                    format!(
                        "version {version} is irreversible, but has a down: `{}`",
                        down.path
                    ),
                )
                .at(directive(script, database, |directives| {
                    directives.irreversible
                }))
                .help("remove the directive, or the down"),
            ),
            _ => {}
        }
    }
    findings.extend(gaps(set, claimed));
    findings.extend(mixed_drivers(set, database));
    findings
}

/// The code migrations that are for another driver than the first one: no connection runs both. Where a
/// database has one driver only, each is judged by itself.
fn mixed_drivers(set: &BTreeMap<i64, Parts<'_, Up>>, database: Database) -> Vec<About> {
    let code = set.iter().flat_map(|(version, parts)| {
        let code = |up: &Piece<'_, Up>| match &up.content {
            Some(Up::Code(code)) => Some((*version, code.path.clone(), code.is_async)),
            _ => None,
        };
        parts.ups.iter().filter_map(code)
    });
    let mut code = code.filter(|_| database != Database::Sqlite);
    let Some((_, first, is_async)) = code.next() else {
        return Vec::new();
    };
    let driver = |is_async| match is_async {
        true => "tokio-postgres",
        false => "postgres",
    };
    let others = code.filter(|(.., other)| *other != is_async);
    let finding = |(version, path, other): (i64, String, bool)| {
        let (this, that) = (driver(other), driver(is_async));
        let cure = match is_async {
            true => "`pub async fn up(db: &tokio_postgres::Client)`",
            false => "`pub fn up(db: &mut postgres::Client)`",
        };
        let finding = Finding::new(
            Problem::MixedDrivers,
            format!("this code is for {this}, but `{first}` is for {that}"),
        )
        .at(Place::file(&path))
        .help(format!("no connection runs both: write {cure} here"))
        .help("`async fn up` is for tokio-postgres, any other for postgres");
        (Some(version), finding)
    };
    others.map(finding).collect()
}

/// The numbers missing between 1 and the last sequential version.
fn gaps(set: &BTreeMap<i64, Parts<'_, Up>>, claimed: &BTreeMap<i64, &str>) -> Vec<About> {
    let paths = set.iter().filter_map(|(version, parts)| {
        let up = parts.ups.first().map(|up| up.path);
        Some((*version, up.or(parts.downs.first().map(|down| down.path))?))
    });
    let mut present = claimed.clone();
    present.extend(paths);
    let mut findings = Vec::new();
    let mut last: Option<(i64, &str)> = None;
    for (version, path) in present.range(..FIRST_TIMESTAMP) {
        let expected = last.map_or(1, |(last, _)| last + 1);
        if *version > expected {
            let missing = match *version - expected {
                1 => format!("version {expected} is missing"),
                _ => format!("versions {expected} to {} are missing", version - 1),
            };
            let between = match last {
                Some((_, before)) => format!("between `{before}` and `{path}`"),
                None => format!("before `{path}`"),
            };
            let finding = Finding::new(Problem::Gap, format!("{missing} {between}"))
                .at(Place::file(path))
                .help(format!(
                    "bring the missing file back, or renumber this one to {expected}"
                ))
                .help("a history that has gaps for good says `allow(gap)`");
            findings.push((Some(*version), finding));
        }
        last = Some((*version, path));
    }
    findings
}

/// A trust that reaches beyond the newest version covers what is yet to be written.
pub(super) fn trusted_in_advance(newest: Option<i64>, trust_through: i64) -> Option<About> {
    let newest = newest?;
    let finding = Finding::new(
        Problem::TrustBeyondNewest,
        format!("`trust_through = {trust_through}` is above the newest version, {newest}"),
    );
    let finding = finding.help(format!(
        "name the last version that is in production, at most `trust_through = {newest}`"
    ));
    (trust_through > newest).then_some((None, finding))
}

/// What is wrong with the repeatable migrations among each other.
pub(super) fn repeatable(set: &BTreeMap<String, Parts<'_, Script>>) -> Vec<About> {
    let mut findings = Vec::new();
    for parts in set.values() {
        let twice = repeated(&parts.ups, |_| false).chain(repeated(&parts.downs, |_| false));
        findings.extend(twice.map(|(first, second)| {
            Finding::new(
                Problem::DuplicateRepeatable,
                format!("`{first}` and `{second}` have the same name"),
            )
            .at(Place::file(second))
            .help("rename one of them: upper and lower case make no difference")
        }));
        if let ([], [down, ..]) = (parts.ups.as_slice(), parts.downs.as_slice()) {
            findings.push(orphan(down.path, &format!("`{}`", down.words)));
        }
    }
    findings
        .into_iter()
        .map(|finding| (None, finding))
        .collect()
}

/// The versions of which nothing more can be said: what their files are is not clear, and there is
/// a finding about that.
pub(super) fn unclear(
    set: &BTreeMap<i64, Parts<'_, Up>>,
    claimed: &BTreeMap<i64, &str>,
) -> BTreeSet<i64> {
    let unclear = |parts: &Parts<'_, Up>| match parts.ups.as_slice() {
        [] => false,
        [up] => up.content.is_none(),
        _ => true,
    };
    let numbered = set.iter().filter(|(_, parts)| unclear(parts));
    let numbered = numbered.map(|(version, _)| *version);
    numbered.chain(claimed.keys().copied()).collect()
}

/// The migrations of a set, with their chain. Those that could not be read are left out.
pub(super) fn migrations(
    set: BTreeMap<i64, Parts<'_, Up>>,
    lock: Option<&Lock>,
    database: Database,
) -> Vec<Migration> {
    let lines = lock.iter().flat_map(|lock| &lock.lines);
    let lines: BTreeMap<i64, &Line> = lines.map(|line| (line.version, line)).collect();
    let mut chain = Chain::START;
    let mut migrations = Vec::new();
    for (version, parts) in set {
        let Some((up, words)) = first(parts.ups) else {
            continue;
        };
        let checksum = checksum(&up, version, database);
        let line = lines.get(&version);
        let locked = line.and_then(|line| line.locked.as_ref());
        let first_checksum = locked.map_or(checksum, |locked| locked.checksum);
        chain = chain.then(version, &first_checksum);
        let down = first(parts.downs).map(|(down, _)| down);
        let said = match &up {
            Up::Sql(script) => script.directives.description.clone(),
            Up::Code(_) => None,
        };
        migrations.push(Migration {
            version,
            description: said.unwrap_or_else(|| description(words)),
            irreversible: matches!(&up, Up::Sql(script) if script.directives.irreversible),
            name: words.to_owned(),
            up,
            down_checksum: down
                .as_ref()
                .map(|down| Checksum::of_sql(&down.sql, database)),
            down,
            checksum,
            first_checksum,
            accepted: locked.map_or_else(Vec::new, |locked| locked.others(&checksum)),
            chain,
            lock: match line.map(|line| &line.locked) {
                Some(Some(_)) => State::Locked,
                Some(None) => State::Open,
                None => State::Absent,
            },
        });
    }
    migrations
}

/// The repeatable migrations of a set.
pub(super) fn repeatables(
    set: BTreeMap<String, Parts<'_, Script>>,
    database: Database,
) -> Vec<Repeatable> {
    let mut repeatables: Vec<Repeatable> = set
        .into_values()
        .filter_map(|parts| {
            let (up, name) = first(parts.ups)?;
            let said = up.directives.description.clone();
            Some(Repeatable {
                name: name.to_owned(),
                description: said.unwrap_or_else(|| description(name)),
                checksum: Checksum::of_sql(&up.sql, database),
                up,
                down: first(parts.downs).map(|(down, _)| down),
            })
        })
        .collect();
    repeatables.sort_by(|a, b| a.name.cmp(&b.name));
    repeatables
}

/// What `second` had to be called to be the down of `first`, when its name says that it is:
/// `0001_users_down.sql` beside `0001_users.sql`.
fn down_of(first: &str, second: &str) -> Option<String> {
    let stem = first.strip_suffix(".sql")?;
    let stem = ["_up", "-up", ".up"]
        .iter()
        .find_map(|up| stem.strip_suffix(up))
        .unwrap_or(stem);
    let rest = second.strip_suffix(".sql")?.strip_prefix(stem)?;
    let word = rest.strip_prefix(['_', '-'])?.to_lowercase();
    let down = ["down", "undo", "rollback", "revert"];
    down.contains(&word.as_str())
        .then(|| format!("{stem}.down.sql"))
}

fn first<T>(pieces: Vec<Piece<'_, T>>) -> Option<(T, &str)> {
    let piece = pieces.into_iter().next()?;
    Some((piece.content?, piece.words))
}

/// Of several ups of a version, the one that keeps it: the one that is locked, by its name or else
/// by its text.
fn locked<'p, 'a>(
    version: i64,
    ups: &'p [Piece<'a, Up>],
    lock: Option<&Lock>,
    database: Database,
) -> Option<&'p Piece<'a, Up>> {
    if ups.len() < 2 {
        return None;
    }
    let lines = lock?.lines.iter().filter(|line| line.version == version);
    let locked: Vec<_> = lines
        .filter_map(|line| Some((line.name.as_str(), line.locked.as_ref()?)))
        .collect();
    let only = |is: &dyn Fn(&Piece<'a, Up>) -> bool| {
        let mut found = ups.iter().filter(|up| is(up));
        found.next().filter(|_| found.next().is_none())
    };
    let is_named = |up: &Piece<'a, Up>| {
        let name = shown_name(up.words);
        locked.iter().any(|(locked, _)| *locked == name)
    };
    let has_text = |up: &Piece<'a, Up>| {
        let checksum = up
            .content
            .as_ref()
            .map(|up| checksum(up, version, database));
        checksum.is_some_and(|checksum| locked.iter().any(|(_, line)| line.accepts(&checksum)))
    };
    only(&is_named).or_else(|| only(&has_text))
}

fn checksum(up: &Up, version: i64, database: Database) -> Checksum {
    match up {
        Up::Sql(script) => Checksum::of_sql(&script.sql, database),
        Up::Code(code) => Checksum::of_code(version, code.revision.unwrap_or(0)),
    }
}

/// Every piece but the first, each with the first. The one that `keeps` its place is the first.
fn repeated<'p, 'a, T>(
    pieces: &'p [Piece<'a, T>],
    keeps: impl Fn(&Piece<'a, T>) -> bool,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let first = pieces.iter().position(keeps).unwrap_or(0);
    let others = pieces
        .iter()
        .enumerate()
        .filter(move |(at, _)| *at != first);
    others.map(move |(_, piece)| (pieces[first].path, piece.path))
}

fn orphan(path: &str, what: &str) -> Finding {
    Finding::new(Problem::OrphanDown, format!("there is no up of {what}"))
        .at(Place::file(path))
        .help("bring the up back, or delete this down")
}
