migrate_core::embed_migrations!(
    static SET = "migrations/layouts/plain",
    database = postgres,
    allow = gap,
    trust_through = "57",
);

fn main() {
    println!("{}", SET.len());
}
