//! Looks.
use migrate_source::folder::disk;
use migrate_source::{Database, Options};
use migrate_verify::{Set, verify};
#[test]
#[ignore]
fn look() {
    let path = std::env::var("LOOK").unwrap();
    let listing = disk::list(std::path::Path::new(&path)).unwrap();
    let mut options = Options::new(Database::Sqlite);
    if let Ok(t) = std::env::var("TRUST") {
        options.trust_through = t.parse().unwrap();
    }
    let folder = listing.read(&options);
    if std::env::var("READ").is_ok() {
        for f in &folder.findings {
            println!("READ {}: {}", f.problem, f.render("m"));
        }
    }
    let t = std::time::Instant::now();
    let mut set = Set::of_folder(&folder, &options);
    set.is_incomplete = false;
    let v = verify(
        &set,
        std::env::var("STORE")
            .ok()
            .as_deref()
            .map(std::path::Path::new),
    )
    .unwrap();
    for f in &v.findings {
        println!("{}: {}\n", f.problem, f.render("m"));
    }
    println!(
        "{} migrations, {} findings, {:?}, {:?}",
        set.migrations.len(),
        v.findings.len(),
        v.work,
        t.elapsed()
    );
}
