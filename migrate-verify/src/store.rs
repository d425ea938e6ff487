//! What was verified, kept in two files: the results, and databases to go on from, which are large
//! and read only when something is new.
//!
//! The files belong to one target folder, but several compilers may write them at the same time: they
//! are written beside and renamed. One that is broken, or was written by another version, counts as none.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use hmac_sha256::Hash as Sha256;
use migrate_source::schema::{Change, Fingerprint, Kind};

use crate::doubt::Doubt;
use crate::seed::Seed;
use crate::set::{Body, Script, Set};
use crate::verified::Step;
use crate::walk::Images;

/// Raised whenever a verification finds, keeps or tells something else.
const FORMAT: &str = "migrate-verify 2";

/// What the results depend on: a key for each migration, over everything up to it, and one for all.
pub(crate) struct Keys {
    pub(crate) steps: Vec<[u8; 32]>,
    whole: [u8; 32],
}

impl Keys {
    pub(crate) fn of(set: &Set<'_>) -> Keys {
        let mut hash = Sha256::new();
        part(&mut hash, FORMAT.as_bytes());
        part(&mut hash, env!("CARGO_PKG_VERSION").as_bytes());
        part(&mut hash, &rusqlite::version_number().to_be_bytes());
        part(&mut hash, format!("{:?}", set.options).as_bytes());
        part(&mut hash, &[u8::from(set.is_incomplete)]);
        optional(&mut hash, set.seed.as_ref(), script);
        let mut steps = Vec::new();
        for migration in &set.migrations {
            part(&mut hash, &migration.version.to_be_bytes());
            body(&mut hash, &migration.up);
            optional(&mut hash, migration.down.as_ref(), body);
            steps.push(hash.finalize());
        }
        for repeatable in &set.repeatables {
            script(&mut hash, &repeatable.up);
            optional(&mut hash, repeatable.down.as_ref(), script);
        }
        Keys {
            steps,
            whole: hash.finalize(),
        }
    }
}

fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn optional<T>(hash: &mut Sha256, value: Option<&T>, add: fn(&mut Sha256, &T)) {
    hash.update([u8::from(value.is_some())]);
    if let Some(value) = value {
        add(hash, value);
    }
}

fn body(hash: &mut Sha256, body: &Body<'_>) {
    match body {
        Body::Sql(sql) => script(hash, sql),
        Body::Code(code) => {
            let what = format!("code {} {}", code.revision, code.changes_schema);
            part(hash, what.as_bytes());
        }
    }
}

fn script(hash: &mut Sha256, script: &Script<'_>) {
    let how = format!(
        "{:?} {} {}",
        script.mode, script.foreign_keys, script.unverified
    );
    part(hash, how.as_bytes());
    part(hash, script.sql.as_bytes());
}

/// What is kept of a set.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    keys: Vec<[u8; 32]>,
    steps: Vec<Step>,
    /// The key of everything, if nothing was wrong, and what the repeatable migrations do.
    whole: Option<([u8; 32], Vec<Step>)>,
}

/// A place to go on from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The key of the last migration that has run.
    pub(crate) key: [u8; 32],
    /// How many have run.
    pub(crate) count: usize,
    /// The first migration from which on all can be taken back.
    pub(crate) floor: usize,
    pub(crate) doubt: Doubt,
    pub(crate) seed: Seed,
    pub(crate) images: Images,
}

impl Kept {
    pub(crate) fn new(keys: &Keys, steps: &[Step], repeatables: &[Step], clean: bool) -> Kept {
        Kept {
            keys: keys.steps.clone(),
            steps: steps.to_vec(),
            whole: clean.then(|| (keys.whole, repeatables.to_vec())),
        }
    }

    /// The results, if they are those of this very set.
    pub(crate) fn whole(&self, keys: &Keys) -> Option<(Vec<Step>, Vec<Step>)> {
        let (whole, repeatables) = self.whole.as_ref()?;
        (*whole == keys.whole).then(|| (self.steps.clone(), repeatables.clone()))
    }

    /// The latest of `marks` from which this set can go on, and the results up to there.
    pub(crate) fn latest<'k>(
        &'k self,
        marks: &'k [Mark],
        keys: &Keys,
    ) -> Option<(&'k Mark, &'k [Step])> {
        // The key of a migration is over everything up to it.
        let same = |mark: &&Mark| {
            let last = mark.count.checked_sub(1);
            let key = |keys: &[[u8; 32]]| last.and_then(|last| keys.get(last).copied());
            key(&self.keys) == Some(mark.key) && key(&keys.steps) == Some(mark.key)
        };
        let mark = marks.iter().rev().find(same)?;
        Some((mark, self.steps.get(..mark.count)?))
    }

    /// Reads a file. None that can be used is none.
    pub(crate) fn read(path: &Path) -> Option<Kept> {
        let content = content(path)?;
        let mut reader = Reader(&content);
        (reader.bytes()? == FORMAT.as_bytes()).then_some(())?;
        let kept = Kept {
            keys: reader.list(Reader::array)?,
            steps: reader.list(step)?,
            whole: match reader.number()? {
                0 => None,
                _ => Some((reader.array()?, reader.list(step)?)),
            },
        };
        reader.0.is_empty().then_some(kept)
    }

    /// Writes a file. It only saves time: where it cannot be written, there is none.
    pub(crate) fn write(&self, path: &Path) {
        let mut writer = Writer(Vec::new());
        writer.bytes(FORMAT.as_bytes());
        writer.list(&self.keys, |writer, key| writer.0.extend_from_slice(key));
        writer.list(&self.steps, write_step);
        writer.number(u64::from(self.whole.is_some()));
        if let Some((key, steps)) = &self.whole {
            writer.0.extend_from_slice(key);
            writer.list(steps, write_step);
        }
        writer.save(path);
    }
}

/// Reads the places to go on from, the latest last.
pub(crate) fn read_marks(path: &Path) -> Vec<Mark> {
    let read = || {
        let content = content(&beside(path))?;
        let mut reader = Reader(&content);
        (reader.bytes()? == FORMAT.as_bytes()).then_some(())?;
        reader.list(mark)
    };
    read().unwrap_or_default()
}

/// Writes the places to go on from.
pub(crate) fn write_marks(marks: &[Mark], path: &Path) {
    let mut writer = Writer(Vec::new());
    writer.bytes(FORMAT.as_bytes());
    writer.list(marks, write_mark);
    writer.save(&beside(path));
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension("images")
}

/// What a file has before its checksum, if that is right.
fn content(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = fs::read(path).ok()?;
    let sum = bytes.split_off(bytes.len().checked_sub(8)?);
    (checksum(&bytes)[..] == sum[..]).then_some(bytes)
}

/// It finds a broken disk or a write that was cut short, not a forger: who can write here can
/// change the program as well.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish().to_be_bytes()
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn save(mut self, path: &Path) {
        let sum = checksum(&self.0);
        self.0.extend_from_slice(&sum);
        static WRITES: AtomicU64 = AtomicU64::new(0);
        let number = WRITES.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_extension(format!("{}-{number}.tmp", process::id()));
        if fs::write(&beside, &self.0).is_err() || fs::rename(&beside, path).is_err() {
            let _ = fs::remove_file(&beside);
        }
    }

    fn list<'t, T: 't>(
        &mut self,
        items: impl IntoIterator<Item = &'t T, IntoIter: ExactSizeIterator>,
        write: impl Fn(&mut Writer, &T),
    ) {
        let items = items.into_iter();
        self.number(items.len() as u64);
        items.for_each(|item| write(self, item));
    }
}

fn write_step(writer: &mut Writer, step: &Step) {
    writer.number(u64::from(step.schema.is_some()));
    let Some((fingerprint, changes)) = &step.schema else {
        return;
    };
    writer.0.extend_from_slice(fingerprint.as_bytes());
    writer.list(changes, |writer, change| {
        writer.bytes(change.kind().name().as_bytes());
        writer.bytes(change.name().as_bytes());
        writer.bytes(change.table().as_bytes());
        let digest = change.digest();
        writer.bytes(digest.as_ref().map_or(&[], |digest| &digest[..]));
    });
}

fn write_mark(writer: &mut Writer, mark: &Mark) {
    writer.0.extend_from_slice(&mark.key);
    writer.number(mark.count as u64);
    writer.number(mark.floor as u64);
    writer.number(u64::from(mark.doubt.schema));
    writer.list(&mark.doubt.names, |writer, name| {
        writer.bytes(name.as_bytes())
    });
    writer.number(u64::from(mark.doubt.rows));
    writer.list(&mark.doubt.application, |writer, name| {
        writer.bytes(name.as_bytes());
    });
    writer.list(&mark.seed.done, |writer, at| writer.number(*at as u64));
    writer.list(&mark.seed.tables, |writer, table| {
        writer.bytes(table.as_bytes());
    });
    writer.bytes(&mark.images.plain);
    writer.bytes(&mark.images.populated);
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(u64::from_be_bytes(self.array()?)).ok()
    }

    fn bytes(&mut self) -> Option<&'b [u8]> {
        let len = self.number()?;
        self.take(len)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    fn list<T, C: FromIterator<T>>(
        &mut self,
        mut read: impl FnMut(&mut Reader<'b>) -> Option<T>,
    ) -> Option<C> {
        let len = self.number()?;
        (0..len).map(|_| read(self)).collect()
    }
}

fn step(reader: &mut Reader<'_>) -> Option<Step> {
    if reader.number()? == 0 {
        return Some(Step::default());
    }
    let fingerprint = Fingerprint::from_bytes(reader.array()?);
    let changes = reader.list(|reader| {
        let kind = Kind::from_name(&reader.text()?)?;
        let (name, table) = (reader.text()?, reader.text()?);
        let digest = match reader.bytes()? {
            [] => None,
            digest => Some(digest.try_into().ok()?),
        };
        Some(Change::new(kind, &name, &table, digest).into_owned())
    })?;
    Some(Step {
        schema: Some((fingerprint, changes)),
    })
}

fn mark(reader: &mut Reader<'_>) -> Option<Mark> {
    Some(Mark {
        key: reader.array()?,
        count: reader.number()?,
        floor: reader.number()?,
        doubt: Doubt {
            schema: reader.number()? != 0,
            names: reader.list(Reader::text)?,
            rows: reader.number()? != 0,
            application: reader.list(Reader::text)?,
        },
        seed: Seed {
            done: reader.list(Reader::number)?,
            tables: reader.list(Reader::text)?,
        },
        images: Images {
            plain: reader.bytes()?.to_vec(),
            populated: reader.bytes()?.to_vec(),
        },
    })
}
