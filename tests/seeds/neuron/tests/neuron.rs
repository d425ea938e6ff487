//! Every point of the document, on a genuine server with uuid-ossp and pgvector; and what the files say,
//! which needs none.

use migrate_core::folder::{File, Folder, Options};
use migrate_core::postgres::Client;
use migrate_core::{Database, Error, ErrorKind, Migration, Migrator, Outcome, State};
use migrate_tests::postgres::{Scratch, execute, rows};
use seed_neuron::{Back, Direction, MIGRATIONS, MigrationRunner, TABLE, migrator};

/// 003 as it was written first: its down drops the clusters before the columns that refer to them.
const AS_WRITTEN: &str = include_str!("as_written/003_clusters.sql");
const SHIPPED: [(&str, &str); 4] = [
    (
        "001_initial_schema.sql",
        include_str!("../migrations/001_initial_schema.sql"),
    ),
    (
        "002_embeddings.sql",
        include_str!("../migrations/002_embeddings.sql"),
    ),
    (
        "003_clusters.sql",
        include_str!("../migrations/003_clusters.sql"),
    ),
    (
        "004_analysis_runs.sql",
        include_str!("../migrations/004_analysis_runs.sql"),
    ),
];

// The files.

#[test]
fn a_migration_has_version_name_up_and_down() {
    let names = ["initial schema", "embeddings", "clusters", "analysis runs"];
    let files = MIGRATIONS.iter().zip(SHIPPED);
    for ((version, name), (migration, (file, text))) in (1..).zip(names).zip(files) {
        assert_eq!(migration.version(), Some(version));
        assert_eq!(migration.description(), name);
        assert!(migration.file().ends_with(file), "{}", migration.file());
        let (up, down) = text.split_once("-- DOWN").unwrap();
        assert!(up.contains(migration.up_sql().unwrap().trim()));
        assert!(down.contains(migration.down_sql().unwrap().trim()));
    }
    assert_eq!(MIGRATIONS.len(), names.len());
}

#[test]
fn only_the_order_in_the_down_of_003_is_mended() {
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_ne!(AS_WRITTEN, SHIPPED[2].1);
    assert_eq!(lines(AS_WRITTEN), lines(SHIPPED[2].1));
    let folder = as_written();
    let written = folder.migrations();
    // A database that ran the first text takes the second for the same.
    let checksums = |set: &[Migration<'_>]| set.iter().map(Migration::checksum).collect::<Vec<_>>();
    assert_eq!(checksums(&written), checksums(&MIGRATIONS));
    assert_ne!(written[2].down_sql(), MIGRATIONS[2].down_sql());
}

// The runner.

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn get_status_shows_applied_and_pending() {
    let (_scratch, mut db) = fresh();
    let check = |db: &mut Client, applied: usize| {
        let status = MigrationRunner::new(db).status().unwrap();
        let states: Vec<State> = status.migrations.iter().map(|line| line.state).collect();
        let mut expected = vec![State::Applied; applied];
        expected.resize(4, State::Pending);
        assert_eq!(states, expected);
        for line in &status.migrations {
            let at = line.applied.as_ref().map(|row| row.applied_at().to_owned());
            assert_eq!(at.is_some(), line.state == State::Applied, "{at:?}");
            assert!(at.is_none_or(|at| at.starts_with("20") && at.ends_with('Z')));
        }
        assert_eq!(status.is_current(), applied == 4);
    };
    check(&mut db, 0);
    for version in 1..=4 {
        MigrationRunner::new(&mut db).up(Some(version)).unwrap();
        check(&mut db, usize::try_from(version).unwrap());
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn get_pending_and_get_applied_share_the_migrations() {
    let (_scratch, mut db) = fresh();
    for version in 0..=4 {
        let mut runner = MigrationRunner::new(&mut db);
        runner.up(Some(version)).unwrap();
        let pending = runner.pending().unwrap();
        let pending: Vec<i64> = pending.into_iter().filter_map(Migration::version).collect();
        assert_eq!(pending, (version + 1..=4).collect::<Vec<_>>());
        let applied = runner.applied().unwrap();
        let applied: Vec<_> = applied
            .iter()
            .map(|row| (row.version(), row.description()))
            .collect();
        let names = [
            (1, "initial schema"),
            (2, "embeddings"),
            (3, "clusters"),
            (4, "analysis runs"),
        ];
        assert_eq!(applied, names[..usize::try_from(version).unwrap()]);
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn up_applies_all_that_is_pending_in_order() {
    let (_scratch, mut db) = fresh();
    let mut runner = MigrationRunner::new(&mut db);
    assert_eq!(runner.up(None).unwrap().applied(), [1, 2, 3, 4]);
    assert_eq!(runner.up(None).unwrap().applied(), [0_i64; 0]);
    assert_eq!(
        tables(&mut db),
        [
            "analysis_runs",
            "cluster_memberships",
            "clusters",
            "edges",
            "neuron_migrations",
            "nodes",
            "settings"
        ]
    );
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn up_to_stops_at_the_version() {
    let (_scratch, mut db) = fresh();
    let mut runner = MigrationRunner::new(&mut db);
    assert_eq!(runner.up(Some(2)).unwrap().applied(), [1, 2]);
    assert_eq!(runner.up(Some(3)).unwrap().applied(), [3]);
    let error = runner.up(Some(5)).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::UnknownVersion { version: 5, .. }),
        "{error}"
    );
    assert_eq!(runner.up(None).unwrap().applied(), [4]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn down_takes_back_to_a_version_or_a_number() {
    let (_scratch, mut db) = fresh();
    let mut runner = MigrationRunner::new(&mut db);
    runner.up(None).unwrap();
    assert_eq!(runner.down(Back::Count(1)).unwrap().reverted(), [4]);
    assert_eq!(runner.down(Back::To(1)).unwrap().reverted(), [3, 2]);
    assert_eq!(runner.down(Back::Count(9)).unwrap().reverted(), [1]);
    assert_eq!(runner.up(None).unwrap().applied(), [1, 2, 3, 4]);
    assert_eq!(runner.down(Back::Count(2)).unwrap().reverted(), [4, 3]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn reset_takes_back_everything() {
    let (_scratch, mut db) = fresh();
    for _ in 0..2 {
        let mut runner = MigrationRunner::new(&mut db);
        runner.up(None).unwrap();
        assert_eq!(runner.reset().unwrap().reverted(), [4, 3, 2, 1]);
        assert_eq!(tables(&mut db), [TABLE]);
        assert_eq!(
            rows(&mut db, "SELECT extname FROM pg_extension"),
            ["plpgsql"]
        );
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn dry_run_shows_the_sql_of_both_ways_and_executes_none() {
    let (scratch, mut db) = fresh();
    let sql = |text: for<'a> fn(&'a Migration<'static>) -> Option<&'a str>| {
        let texts = MIGRATIONS.iter().filter_map(text);
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    let (ups, mut downs) = (sql(Migration::up_sql), sql(Migration::down_sql));
    downs.reverse();
    let check = |db: &mut Client, up: &[String], down: &[String]| {
        let before = scratch.snapshot();
        let mut runner = MigrationRunner::new(db);
        assert_eq!(runner.dry_run(Direction::Up).unwrap(), up);
        assert_eq!(runner.dry_run(Direction::Down).unwrap(), down);
        assert!(scratch.snapshot() == before, "a dry run writes nothing");
    };
    check(&mut db, &ups, &[]);
    MigrationRunner::new(&mut db).up(Some(3)).unwrap();
    check(&mut db, &ups[3..], &downs[1..]);
    MigrationRunner::new(&mut db).up(None).unwrap();
    check(&mut db, &[], &downs);
}

// The table of migrations.

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn the_table_remembers_version_name_time_and_checksum() {
    let (_scratch, mut db) = fresh();
    MigrationRunner::new(&mut db).up(None).unwrap();
    let columns = "SELECT column_name, data_type, is_nullable FROM information_schema.columns
                   WHERE table_name = 'neuron_migrations'
                   AND column_name IN ('version', 'description', 'applied_at', 'checksum')
                   ORDER BY column_name";
    assert_eq!(
        rows(&mut db, columns),
        [
            "applied_at timestamp with time zone NO",
            "checksum text NO",
            "description text NO",
            "version bigint NO",
        ]
    );
    let recent =
        "SELECT count(*) FROM neuron_migrations WHERE now() - applied_at < interval '10 minutes'";
    assert_eq!(rows(&mut db, recent), ["4"]);
    let checksums = rows(
        &mut db,
        "SELECT checksum FROM neuron_migrations ORDER BY version",
    );
    let expected: Vec<String> = MIGRATIONS
        .iter()
        .map(|m| m.checksum().to_string())
        .collect();
    assert_eq!(checksums, expected);
    // A second of a version is refused by the table itself.
    let twice = "INSERT INTO neuron_migrations SELECT * FROM neuron_migrations";
    let error = db.batch_execute(twice).unwrap_err();
    assert_eq!(error.code().unwrap().code(), "23505");
}

// The migrations.

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn migration_001_makes_nodes_edges_and_settings() {
    let (_scratch, mut db) = at(1);
    assert_eq!(
        tables(&mut db),
        ["edges", "neuron_migrations", "nodes", "settings"]
    );
    assert_eq!(
        indexes(&mut db),
        [
            "idx_edges_from_node",
            "idx_edges_to_node",
            "idx_edges_type",
            "idx_nodes_analysis_status",
            "idx_nodes_domain",
            "idx_nodes_node_type",
            "idx_nodes_slug",
        ]
    );
    execute(
        &mut db,
        "INSERT INTO nodes (slug, label) VALUES ('a', 'A'), ('b', 'B');
         INSERT INTO edges (from_node_id, to_node_id)
         SELECT a.id, b.id FROM nodes a, nodes b WHERE a.slug = 'a' AND b.slug = 'b';
         INSERT INTO settings DEFAULT VALUES",
    );
    let defaults =
        "SELECT relationship_type, strength, evidence, source, id IS NOT NULL FROM edges";
    assert_eq!(rows(&mut db, defaults), ["related_to 0.5 [] manual t"]);
    execute(&mut db, "DELETE FROM nodes WHERE slug = 'a'");
    assert_eq!(rows(&mut db, "SELECT count(*) FROM edges"), ["0"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn migration_002_finds_the_nearest_neighbours() {
    let (_scratch, mut db) = fresh();
    MigrationRunner::new(&mut db).up(None).unwrap();
    let index = "SELECT indexdef FROM pg_indexes WHERE indexname = 'idx_nodes_embedding'";
    let index = rows(&mut db, index).join("");
    assert!(
        index.contains("USING hnsw (embedding vector_cosine_ops)"),
        "{index}"
    );
    assert!(
        index.ends_with("WITH (m='16', ef_construction='64')"),
        "{index}"
    );
    // Unit vectors of 1536 dimensions, each turned a little further from the first.
    execute(
        &mut db,
        "INSERT INTO nodes (slug, label, embedding)
         SELECT 'n' || n, 'node', (SELECT array_agg(CASE i WHEN 1 THEN cos(n * 0.01)
             WHEN 2 THEN sin(n * 0.01) ELSE 0 END ORDER BY i) FROM generate_series(1, 1536) AS i)::vector
         FROM generate_series(0, 99) AS n",
    );
    let nearest = "SELECT slug FROM nodes
                   ORDER BY embedding <=> (SELECT embedding FROM nodes WHERE slug = 'n40') LIMIT 3";
    execute(&mut db, "SET enable_seqscan = off; SET enable_sort = off");
    let plan = rows(&mut db, &format!("EXPLAIN {nearest}")).join("\n");
    assert!(
        plan.contains("Index Scan using idx_nodes_embedding"),
        "{plan}"
    );
    let mut found = rows(&mut db, nearest);
    assert_eq!(found.remove(0), "n40");
    found.sort();
    assert_eq!(found, ["n39", "n41"]);
    let short = "UPDATE nodes SET embedding = '[1, 2, 3]'";
    assert!(db.batch_execute(short).is_err(), "1536 dimensions, not 3");
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn migration_003_makes_clusters_that_nodes_belong_to() {
    let (_scratch, mut db) = at(3);
    execute(
        &mut db,
        "INSERT INTO clusters (label, keywords) VALUES ('c', '{one,two}');
         INSERT INTO nodes (slug, label, cluster_id) SELECT 'a', 'A', id FROM clusters;
         INSERT INTO cluster_memberships (node_id, cluster_id, similarity_score)
         SELECT nodes.id, clusters.id, 0.9 FROM nodes, clusters;
         DELETE FROM clusters",
    );
    let left = "SELECT cluster_id IS NULL, (SELECT count(*) FROM cluster_memberships) FROM nodes";
    assert_eq!(rows(&mut db, left), ["t 0"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn migration_004_makes_analysis_runs() {
    let (_scratch, mut db) = at(4);
    execute(
        &mut db,
        "INSERT INTO analysis_runs (run_type) VALUES ('full')",
    );
    let run = "SELECT run_type, status, progress, created_at IS NOT NULL FROM analysis_runs";
    assert_eq!(rows(&mut db, run), ["full queued 0 t"]);
    let newest = "SELECT indexdef LIKE '%created_at DESC%' FROM pg_indexes
                  WHERE indexname = 'idx_analysis_runs_created'";
    assert_eq!(rows(&mut db, newest), ["t"]);
}

// What it is accepted by.

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn rollbacks_restore_the_schema() {
    let (_scratch, mut db) = fresh();
    let mut before = Vec::new();
    for version in 1..=4 {
        before.push(definitions(&mut db));
        MigrationRunner::new(&mut db).up(Some(version)).unwrap();
    }
    for expected in before.into_iter().rev() {
        MigrationRunner::new(&mut db).down(Back::Count(1)).unwrap();
        assert_eq!(definitions(&mut db), expected);
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn checksums_detect_modified_migrations() {
    let (scratch, mut db) = at(4);
    let edited = SHIPPED[1].1.replace("vector(1536)", "vector(768)");
    let folder = set_with(1, &edited);
    let set = folder.migrations();
    let before = scratch.snapshot();
    let error = Migrator::new(&set).table(TABLE).up(&mut db).unwrap_err();
    let ErrorKind::Changed { changed } = error.kind() else {
        panic!("{error}");
    };
    let versions: Vec<i64> = changed.iter().map(|changed| changed.version).collect();
    assert_eq!(versions, [2]);
    assert!(scratch.snapshot() == before);
    // Comments and spacing are no change.
    let commented = SHIPPED[1].1.replace("-- HNSW index", "--  the index");
    let folder = set_with(1, &commented);
    let set = folder.migrations();
    assert!(
        Migrator::new(&set)
            .table(TABLE)
            .up(&mut db)
            .unwrap()
            .is_empty()
    );
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn transactions_wrap_each_migration() {
    let broken = SHIPPED[2].1.replace("ON clusters(", "ON cluster(");
    let broken = broken.replace(
        "ALTER TABLE nodes ADD COLUMN cluster_similarity",
        "ALTER TABLE node ADD COLUMN cluster_similarity",
    );
    let folder = set_with(2, &broken);
    let set = folder.migrations();
    for start in [0, 2] {
        let (_scratch, mut db) = at(start);
        let error = Migrator::new(&set).table(TABLE).up(&mut db).unwrap_err();
        let failed = error.failed().unwrap();
        assert_eq!(
            (failed.version, failed.outcome),
            (Some(3), Outcome::RolledBack)
        );
        assert_eq!(failed.sqlstate.as_deref(), Some("42P01"));
        // What came before is kept, and nothing of it.
        assert_eq!(migrator().current_version(&mut db).unwrap(), 2);
        assert_eq!(
            tables(&mut db),
            ["edges", "neuron_migrations", "nodes", "settings"]
        );
        assert_eq!(migrator().up(&mut db).unwrap().applied(), [3, 4]);
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn down_of_003_as_written_is_reported_and_rolled_back() {
    let (_scratch, mut db) = fresh();
    let folder = as_written();
    let set = folder.migrations();
    let migrator = Migrator::new(&set).table(TABLE);
    migrator.up(&mut db).unwrap();
    migrator.down(&mut db, 1).unwrap();
    let before = definitions(&mut db);
    let error: Error = migrator.reset(&mut db).unwrap_err();
    let failed = error.failed().unwrap();
    assert_eq!(
        (failed.version, failed.outcome),
        (Some(3), Outcome::RolledBack)
    );
    assert_eq!(failed.sqlstate.as_deref(), Some("2BP01"));
    assert!(
        failed.message.contains("cannot drop table clusters"),
        "{error}"
    );
    let detail = "constraint nodes_cluster_id_fkey on table nodes depends on table clusters";
    assert_eq!(failed.detail.as_deref(), Some(detail));
    assert!(
        failed
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("CASCADE")),
        "{error}"
    );
    // Statement 2 of the down, by its place in the file.
    let place = failed.place.as_ref().unwrap();
    let line = AS_WRITTEN.lines().nth(place.line as usize - 1);
    assert_eq!(line, Some("DROP TABLE IF EXISTS clusters;"));
    // Nothing of it was applied, and the shipped text takes the database back.
    assert_eq!(definitions(&mut db), before);
    assert_eq!(migrator.current_version(&mut db).unwrap(), 3);
    assert_eq!(
        MigrationRunner::new(&mut db).reset().unwrap().reverted(),
        [3, 2, 1]
    );
}

/// A database of its own and a connection to it.
fn fresh() -> (Scratch, Client) {
    let scratch = Scratch::fresh();
    let db = scratch.connect();
    (scratch, db)
}

fn at(version: i64) -> (Scratch, Client) {
    let (scratch, mut db) = fresh();
    MigrationRunner::new(&mut db).up(Some(version)).unwrap();
    (scratch, db)
}

/// The set with the down of 003 as it was written.
fn as_written() -> Folder {
    set_with(2, AS_WRITTEN)
}

/// The set with another text in place of one.
fn set_with(at: usize, text: &str) -> Folder {
    let mut files = SHIPPED;
    files[at].1 = text;
    let files = files.map(|(path, text)| File {
        path: path.to_owned(),
        bytes: text.as_bytes().to_vec(),
    });
    Folder::of_files("migrations", &files, Options::new(Database::Postgres)).unwrap()
}

fn tables(db: &mut Client) -> Vec<String> {
    rows(
        db,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    )
}

/// Those that were made for themselves, and belong to no constraint.
fn indexes(db: &mut Client) -> Vec<String> {
    let sql =
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'idx%'
               ORDER BY indexname";
    rows(db, sql)
}

/// Every column, index, constraint and extension, but not the table of migrations.
fn definitions(db: &mut Client) -> Vec<String> {
    let sql = "
        SELECT 'column', table_name, column_name || ' ' || udt_name || ' ' || is_nullable
            || coalesce(' ' || column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'neuron_migrations'
        UNION ALL SELECT 'index', tablename, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'neuron_migrations'
        UNION ALL SELECT 'constraint', conrelid::regclass::text, pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid <> coalesce(to_regclass('neuron_migrations'), 0)
        UNION ALL SELECT 'extension', extname, extversion FROM pg_extension
        ORDER BY 1, 2, 3";
    rows(db, sql)
}
