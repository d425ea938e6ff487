migrate_core::embed_migrations!(static SET = "ui/several_files/migrations");

// The set is there nevertheless, so that its uses are not reported as well.
fn main() {
    println!("{}", SET.len());
}
