//! What is asked of a PostgreSQL to tell how it is, and how the connection to it is.

/// What of a connection must be the same after a run, whatever the run does: its settings, who it is, and
/// what it keeps on the server.
pub(super) const SESSION: &str = "
    SELECT 'in a transaction', (now() <> statement_timestamp())::text
    UNION ALL SELECT 'user', (session_user, current_user)::text
    UNION ALL SELECT 'locks', string_agg((locktype, relation, objid, mode)::text, ' ')
        FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
    UNION ALL SELECT 'prepared', string_agg(name, ' ') FROM pg_prepared_statements
    UNION ALL SELECT 'cursors', string_agg(name, ' ') FROM pg_cursors WHERE name <> ''
    UNION ALL SELECT 'temporary', string_agg(relname, ' ')
        FROM pg_class WHERE relnamespace = pg_my_temp_schema()
    UNION ALL SELECT 'listening', string_agg(channel, ' ') FROM pg_listening_channels() AS channel
    UNION ALL SELECT 'setting', name || ' ' || setting
        FROM pg_settings WHERE setting <> reset_val";

/// The tables and views, in order.
pub(super) const RELATIONS: &str = "
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = current_schema()::regnamespace
    ORDER BY relname COLLATE \"C\"";

/// The definition of everything in the schema, behind the name of the relation it belongs to.
pub(super) const DEFINITIONS: &str = "
    WITH own AS (
        SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace
    )
    SELECT relname || E'\\t' || definition FROM (
        SELECT relname, format('%s column %I %s %s %s', relkind, attname,
            format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
            pg_get_expr(adbin, adrelid))
        FROM own JOIN pg_attribute ON attrelid = own.oid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relkind <> 'i' AND attnum > 0 AND NOT attisdropped
        UNION ALL SELECT relname, pg_get_indexdef(indexrelid) FROM own JOIN pg_index ON indrelid = own.oid
        UNION ALL SELECT relname, pg_get_constraintdef(pg_constraint.oid)
        FROM own JOIN pg_constraint ON conrelid = own.oid
        UNION ALL SELECT relname, pg_get_viewdef(oid) FROM own WHERE relkind = 'v'
        UNION ALL SELECT relname, 'relation ' || relkind::text FROM own WHERE relkind NOT IN ('i', 't')
    ) AS parts (relname, definition)
    ORDER BY relname COLLATE \"C\", definition COLLATE \"C\"";

/// Takes the lock of a run whose history has the name it has where no other is given. Programs of
/// every age must agree on it.
pub(super) const LOCK: &str = "
    SELECT pg_advisory_xact_lock(hashtextextended(
        'migrate-core ' || current_database() || ' \"public\".\"_migrate_history\"', 0))";

/// What is written to the catalogs for a database's own objects, and every table's rows.
pub(super) const SNAPSHOT: &str = "
    SELECT 'namespace', oid, ctid, xmin FROM pg_namespace WHERE oid >= 16384
    UNION ALL SELECT 'class', oid, ctid, xmin FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT 'attribute', attrelid, ctid, xmin FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL SELECT 'default', oid, ctid, xmin FROM pg_attrdef
    UNION ALL SELECT 'constraint', oid, ctid, xmin FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT 'type', oid, ctid, xmin FROM pg_type WHERE oid >= 16384
    UNION ALL SELECT 'function', oid, ctid, xmin FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'trigger', oid, ctid, xmin FROM pg_trigger
    UNION ALL SELECT 'rewrite', oid, ctid, xmin FROM pg_rewrite WHERE oid >= 16384
    UNION ALL SELECT 'extension', oid, ctid, xmin FROM pg_extension WHERE oid >= 16384
    UNION ALL SELECT query_to_xml('SELECT ctid, xmin, * FROM ' || oid::regclass, true, false, '')::text,
        oid, NULL, NULL
    FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'm')
    ORDER BY 1, 2, 3";

/// The rows of [`DEFINITIONS`] as one text, without those of some relations.
pub(super) fn schema(definitions: &[String], except: &[String]) -> String {
    let of = |row: &&String, name: &String| {
        row.strip_prefix(name.as_str())
            .is_some_and(|rest| rest.starts_with('\t'))
    };
    let rows = definitions.iter();
    let rows = rows.filter(|row| !except.iter().any(|name| of(row, name)));
    rows.map(|row| format!("{row}\n")).collect()
}

/// The questions of a `TestConnection` to a PostgreSQL.
macro_rules! looks {
    () => {
        fn relations(&mut self) -> Vec<String> {
            self.rows(crate::postgres::looks::RELATIONS)
        }

        fn schema(&mut self, except: &[String]) -> String {
            let definitions = self.rows(crate::postgres::looks::DEFINITIONS);
            crate::postgres::looks::schema(&definitions, except)
        }

        fn objects(&mut self) -> migrate_source::schema::Schema {
            unimplemented!("the schema of a PostgreSQL is not compared")
        }

        fn session(&mut self) -> String {
            self.rows(crate::postgres::looks::SESSION).join("\n")
        }

        fn sql(&mut self, sql: &str) {
            self.rows(sql);
        }

        fn begin(&mut self) {
            self.sql("BEGIN");
        }

        fn lock(&mut self) {
            self.sql("BEGIN");
            self.sql(crate::postgres::looks::LOCK);
        }

        fn release(&mut self) {
            self.sql("ROLLBACK");
        }
    };
}
pub(super) use looks;
