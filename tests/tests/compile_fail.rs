//! What the compiler says about a folder that is wrong, and about wrong arguments.
//!
//! Everything that can be wrong has its test in `migrate-source`; here is what the compiler makes
//! of the messages. After a change of their texts `TRYBUILD=overwrite` writes them anew.

#[test]
fn messages() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}
