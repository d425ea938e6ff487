//! What was verified, kept in a file: the results, and databases to go on from.
//!
//! The file belongs to one target folder, but several compilers may write it at the same time: it is
//! written beside and renamed. One that is broken, or was written by another version, counts as none.

use std::fs;
use std::path::Path;
use std::process;

use hmac_sha256::Hash;
use migrate_source::schema::{Change, Fingerprint, Kind};

use crate::populated::Seed;
use crate::set::{Body, Script, Set};
use crate::verified::Step;
use crate::walk::{Doubt, Images, Walk};

/// Raised whenever a verification finds, keeps or tells something else.
const FORMAT: &str = "migrate-verify 1";

/// What the results depend on: a key for each migration, over everything up to it, and one for all.
pub(crate) struct Keys {
    steps: Vec<[u8; 32]>,
    whole: [u8; 32],
}

impl Keys {
    pub(crate) fn of(set: &Set<'_>) -> Keys {
        let mut hash = Hash::new();
        part(&mut hash, FORMAT.as_bytes());
        part(&mut hash, env!("CARGO_PKG_VERSION").as_bytes());
        part(&mut hash, &rusqlite::version_number().to_be_bytes());
        part(&mut hash, format!("{:?}", set.options).as_bytes());
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

fn part(hash: &mut Hash, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn optional<T>(hash: &mut Hash, value: Option<&T>, add: fn(&mut Hash, &T)) {
    hash.update([u8::from(value.is_some())]);
    if let Some(value) = value {
        add(hash, value);
    }
}

fn body(hash: &mut Hash, body: &Body<'_>) {
    match body {
        Body::Sql(sql) => script(hash, sql),
        Body::Code(code) => {
            let what = format!("code {} {}", code.revision, code.changes_schema);
            part(hash, what.as_bytes());
        }
    }
}

fn script(hash: &mut Hash, script: &Script<'_>) {
    let how = format!(
        "{:?} {} {}",
        script.mode, script.foreign_keys, script.unverified
    );
    part(hash, how.as_bytes());
    part(hash, script.sql.as_bytes());
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Places to go on from, the latest last.
    pub(crate) marks: Vec<Mark>,
    keys: Vec<[u8; 32]>,
    steps: Vec<Step>,
    /// The key of everything, if nothing was wrong, and what the repeatable migrations do.
    whole: Option<([u8; 32], Vec<Step>)>,
}

/// A place to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// How many migrations have run.
    pub(crate) count: usize,
    pub(crate) doubt: Doubt,
    pub(crate) seed: Seed,
    pub(crate) images: Images,
}

impl Kept {
    /// The results, if they are those of this very set.
    pub(crate) fn whole(&self, keys: &Keys) -> Option<(Vec<Step>, Vec<Step>)> {
        let (whole, repeatables) = self.whole.as_ref()?;
        (*whole == keys.whole).then(|| (self.steps.clone(), repeatables.clone()))
    }

    /// The latest place from which this set can go on, and the results up to there.
    pub(crate) fn latest(&self, keys: &Keys) -> Option<(&Mark, &[Step])> {
        let same = |mark: &&Mark| {
            let here = self.keys.get(..mark.count);
            here.is_some() && here == keys.steps.get(..mark.count)
        };
        let mark = self.marks.iter().rev().find(same)?;
        Some((mark, self.steps.get(..mark.count)?))
    }

    /// Notes a place to go on from.
    pub(crate) fn mark(&mut self, count: usize, walk: &mut Walk<'_>) -> rusqlite::Result<()> {
        // Only the latest two matter.
        if self.marks.len() == 2 {
            self.marks.remove(0);
        }
        self.marks.push(Mark {
            count,
            doubt: walk.doubt.clone(),
            seed: walk.seed().clone(),
            images: walk.images()?,
        });
        Ok(())
    }

    pub(crate) fn results(&mut self, keys: &Keys, steps: &[Step], rest: &[Step], clean: bool) {
        self.keys = keys.steps.clone();
        self.steps = steps.to_vec();
        self.whole = clean.then(|| (keys.whole, rest.to_vec()));
    }

    /// Reads a file. None that can be used is none.
    pub(crate) fn read(path: &Path) -> Option<Kept> {
        let bytes = fs::read(path).ok()?;
        let (content, sum) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        if Hash::hash(content) != *sum {
            return None;
        }
        let mut reader = Reader(content);
        (reader.bytes()? == FORMAT.as_bytes()).then_some(())?;
        let kept = Kept {
            keys: reader.list(|reader| reader.array())?,
            steps: reader.list(step)?,
            whole: match reader.number()? {
                0 => None,
                _ => Some((reader.array()?, reader.list(step)?)),
            },
            marks: reader.list(mark)?,
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
        writer.list(&self.marks, write_mark);
        let sum = Hash::hash(&writer.0);
        writer.0.extend_from_slice(&sum);
        let beside = path.with_extension(format!("{}.tmp", process::id()));
        if fs::write(&beside, &writer.0).is_err() || fs::rename(&beside, path).is_err() {
            let _ = fs::remove_file(&beside);
        }
    }
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
    writer.number(mark.count as u64);
    writer.number(u64::from(mark.doubt.schema));
    writer.list(&mark.doubt.names, |writer, name| {
        writer.bytes(name.as_bytes())
    });
    writer.number(u64::from(mark.doubt.rows));
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
        count: reader.number()?,
        doubt: Doubt {
            schema: reader.number()? != 0,
            names: reader.list(Reader::text)?,
            rows: reader.number()? != 0,
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
