use migrate_core::rusqlite::Connection;

pub fn up(db: &Connection) {
    db.execute("INSERT INTO users (id) VALUES (2)", ()).unwrap();
}
