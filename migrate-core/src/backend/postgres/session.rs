//! What a migration may change of the connection, and putting it back.
//!
//! `RESET ALL` would also reset what the caller has set, and settings that no catalog lists. So what
//! was set is remembered, and only what differs is written; of those that no catalog lists, what scripts name.

use tokio_postgres::SimpleQueryRow;

use crate::backend::postgres::custom;
use crate::backend::postgres::driver::Reply;
use crate::backend::postgres::quote::text;

/// Two questions: how the connection is, and what was set on it.
pub(super) const READ: &str = "SELECT pg_catalog.current_setting('role'), session_user, \
     pg_catalog.current_setting('standard_conforming_strings'); \
     SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session' AND context IN ('user', 'superuser');";

/// The setting by which a backslash is an ordinary character in a plain string.
const STRINGS: &str = "standard_conforming_strings";

/// How the connection was before the run.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    role: String,
    user: String,
    /// Whether a backslash is an ordinary character in a plain string, as the migrations were read.
    pub(super) plain_backslash: bool,
    set: Vec<(String, String)>,
    /// What those settings were that no catalog lists, as far as migrations set them.
    pub(super) custom: Vec<(String, String)>,
}

impl Session {
    pub(super) fn of(replies: &[Reply]) -> Session {
        let text = |row: &SimpleQueryRow, at| row.get(at).unwrap_or_default().to_owned();
        let mut session = Session::default();
        if let Some(row) = replies.first().and_then(|reply| reply.rows.first()) {
            session.role = text(row, 0);
            session.user = text(row, 1);
            session.plain_backslash = row.get(2) == Some("on");
        }
        if let Some(set) = replies.get(1) {
            session.set = set.rows.iter().map(|r| (text(r, 0), text(r, 1))).collect();
        }
        if !session.plain_backslash {
            // As the run itself sets it, until its end: what a migration sets is put back to that.
            session.set.retain(|(name, _)| name != STRINGS);
            session.set.push((STRINGS.to_owned(), "on".to_owned()));
        }
        session
    }

    /// What lets the history be read and written by the caller's role for the time of a transaction, and notes
    /// the role before.
    pub(super) fn own_role(&self) -> [String; 2] {
        let role = text(&self.role);
        [
            "SELECT pg_catalog.set_config('migrate_core.role', pg_catalog.current_setting('role'), true)"
                .to_owned(),
            format!(
                "SELECT pg_catalog.set_config('role', {role}, true) \
                 WHERE pg_catalog.current_setting('role') <> {role}"
            ),
        ]
    }

    /// What puts the connection back to how it was.
    pub(super) fn put_back(&self) -> Vec<String> {
        let one = |name: &str, now: &str, before: &str| {
            let before = text(before);
            format!(
                "SELECT pg_catalog.set_config('{name}', {before}, false) WHERE {now} <> {before}"
            )
        };
        let mut before = vec!["(NULL::pg_catalog.text, NULL::pg_catalog.text)".to_owned()];
        for (name, value) in &self.set {
            before.push(format!("({}, {})", text(name), text(value)));
        }
        let mut all = vec![
            one("session_authorization", "session_user", &self.user),
            one("role", "pg_catalog.current_setting('role')", &self.role),
            // Without a value it is that of the role or the server again. Those of the transaction end with it.
            format!(
                "SELECT pg_catalog.set_config(s.name, b.value, false) \
                 FROM pg_catalog.pg_settings s LEFT JOIN (VALUES {}) AS b (name, value) ON b.name = s.name \
                 WHERE s.context IN ('user', 'superuser') AND (s.source = 'session' OR b.name IS NOT NULL) \
                 AND s.name NOT IN ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable') \
                 AND s.setting IS DISTINCT FROM coalesce(b.value, s.reset_val)",
                before.join(", ")
            ),
        ];
        all.extend(self.custom.iter().map(custom::put_back));
        all
    }
}

/// Gives the transaction back to the role that was noted.
pub(super) const NOTED_ROLE: &str = "SELECT pg_catalog.set_config('role', \
     pg_catalog.current_setting('migrate_core.role'), true) \
     WHERE pg_catalog.current_setting('role') <> pg_catalog.current_setting('migrate_core.role')";

/// Whether a script may change the connection: it has a word by which that is done, or by which
/// something is called that may do it.
pub(super) fn may_change(script: &str) -> bool {
    const WORDS: &[&str] = &[
        "SET",
        "RESET",
        "SET_CONFIG",
        "SELECT",
        "DO",
        "CALL",
        "EXECUTE",
        "LOAD",
        "DISCARD",
        "PERFORM",
    ];
    script
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}
