//! Checksums of migrations and the chain over them: scheme `t1`.
//!
//! Checksums live for years in other people's databases, so this scheme is frozen: what it hashes
//! is written down in ARCHITECTURE.md and pinned by golden vectors in the tests. A later scheme gets
//! a prefix of its own, and must still verify this one.

use std::fmt;
use std::str::FromStr;

use hmac_sha256::Hash;

use crate::Database;
use crate::sql::tokens;

/// The SHA-256 of a migration, in scheme `t1`.
///
/// Its text form names the scheme: `t1:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Checksum([u8; 32]);

/// The SHA-256 over a migration and all that precede it.
///
/// Its text form is that of a [`Checksum`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chain([u8; 32]);

impl Checksum {
    /// A checksum from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Checksum {
        Checksum(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The checksum of a script: of its tokens, so that comments, white space, line ends and a
    /// byte order mark do not count, nor does a `;` that parts no two statements. Literals and dollar-quoted bodies count to the byte.
    ///
    /// ```
    /// # use migrate_source::{Checksum, Database};
    /// let of = |sql| Checksum::of_sql(sql, Database::Sqlite);
    /// assert_eq!(of("SELECT 1 -- one"), of("SELECT\r\n  1"));
    /// assert_ne!(of("SELECT 'a b'"), of("SELECT 'a  b'"));
    /// ```
    #[must_use]
    pub fn of_sql(script: &str, database: Database) -> Checksum {
        let mut digest = Digest::new(database);
        digest.add(script);
        digest.checksum()
    }

    /// The checksum of a code migration: of its version and its `REVISION`, never of its text,
    /// which must stay editable.
    #[must_use]
    pub fn of_code(version: i64, revision: u32) -> Checksum {
        let mut hash = Hash::new();
        hash.update(b"t1 code\n");
        hash.update(version.to_be_bytes());
        hash.update(revision.to_be_bytes());
        Checksum(hash.finalize())
    }
}

/// The checksum of a script that comes in pieces, each of which ends between two tokens.
///
/// ```
/// # use migrate_source::{Checksum, Database, checksum::Digest};
/// let mut digest = Digest::new(Database::Sqlite);
/// digest.add("SELECT 1;");
/// digest.add("SELECT 2;");
/// assert_eq!(digest.checksum(), Checksum::of_sql("SELECT 1; SELECT 2;", Database::Sqlite));
/// ```
#[derive(Clone)]
pub struct Digest {
    hash: Hash,
    database: Database,
    before: Before,
}

/// What was added last. A `;` counts where it parts two statements: whether it stands behind the
/// last one, and whether it is written twice, is a matter of taste, and of formatters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Statement,
    End,
}

impl Digest {
    /// The digest of nothing.
    #[must_use]
    pub fn new(database: Database) -> Digest {
        let mut hash = Hash::new();
        hash.update(b"t1 sql\n");
        Digest {
            hash,
            database,
            before: Before::Nothing,
        }
    }

    /// Adds the next piece.
    pub fn add(&mut self, part: &str) {
        for token in tokens(part, self.database) {
            if token.kind.is_comment() {
                continue;
            }
            if token.is_punctuation(';') {
                if self.before == Before::Statement {
                    self.before = Before::End;
                }
                continue;
            }
            if self.before == Before::End {
                self.token(";");
            }
            self.token(&lf(token.text));
            self.before = Before::Statement;
        }
    }

    fn token(&mut self, text: &str) {
        self.hash.update((text.len() as u64).to_be_bytes());
        self.hash.update(text.as_bytes());
    }

    /// The checksum of all that was added.
    #[must_use]
    pub fn checksum(&self) -> Checksum {
        Checksum(self.hash.finalize())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checksum().fmt(f)
    }
}

impl Chain {
    /// The chain before the first migration.
    pub const START: Chain = Chain([0; 32]);

    /// A chain from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Chain {
        Chain(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The chain one migration further.
    ///
    /// ```
    /// # use migrate_source::{Chain, Checksum, Database};
    /// let first = Checksum::of_sql("CREATE TABLE a (x);", Database::Sqlite);
    /// assert_ne!(Chain::START.then(1, &first), Chain::START.then(2, &first));
    /// ```
    #[must_use]
    pub fn then(&self, version: i64, checksum: &Checksum) -> Chain {
        let mut hash = Hash::new();
        hash.update(self.0);
        hash.update(version.to_be_bytes());
        hash.update(checksum.0);
        Chain(hash.finalize())
    }
}

/// A stored checksum that is not of a scheme this version knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownScheme(String);

impl fmt::Display for UnknownScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a checksum of a known scheme (`t1:…`)",
            self.0
        )
    }
}

impl std::error::Error for UnknownScheme {}

const SCHEME: &str = "t1:";

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8; 32]) -> fmt::Result {
    f.write_str(SCHEME)?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn read_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(SCHEME)?.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

macro_rules! text_form {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl FromStr for $type {
            type Err = UnknownScheme;

            fn from_str(text: &str) -> Result<$type, UnknownScheme> {
                read_hex(text)
                    .map($type)
                    .ok_or_else(|| UnknownScheme(text.to_owned()))
            }
        }
    };
}

text_form!(Checksum);
text_form!(Chain);

/// A text whose line ends are all `\n`, as every checkout has it.
fn lf(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\r') {
        text.replace("\r\n", "\n").into()
    } else {
        text.into()
    }
}
