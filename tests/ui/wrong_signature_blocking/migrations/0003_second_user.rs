use migrate_core::postgres::Client;

pub fn up(db: &mut Client) {
    db.execute("INSERT INTO users (id) VALUES (2)", &[]).unwrap();
}
