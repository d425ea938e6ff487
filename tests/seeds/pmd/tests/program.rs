//! The program as its users have it: real processes on real files.

mod common;

use common::Place;

#[test]
fn documents_are_added_and_found() {
    let place = Place::new();
    place.file("bread.md", "# Bread\n\nMix flour and water.\n");
    place.file("tea.md", "Steep the leaves\nin hot water.");
    let cases = [
        (&["search", "water"][..], "nothing found\n"),
        (
            &["add", "bread.md", "--tag", "baking"],
            "added bread.md: Bread, 6 words\n",
        ),
        (
            &["add", "tea.md"],
            "added tea.md: Steep the leaves, 6 words\n",
        ),
        (
            &["search", "steeped"],
            "tea.md: Steep the leaves\n    [Steep] the leaves in hot water.\n",
        ),
        (
            &["search", "flour", "water"],
            "bread.md: Bread\n    # Bread Mix [flour] and [water].\n",
        ),
        (&["search", "hot flour"], "nothing found\n"),
        (&["search", "\"", "OR"], "nothing found\n"),
        (&["tagged", "baking"], "bread.md\n"),
        (&["tagged", "drink"], ""),
    ];
    for (line, expected) in cases {
        assert_eq!(place.pmd(line).well(), expected, "{line:?}");
    }
}

/// The triggers take what was there before out of the index.
#[test]
fn a_document_is_taken_in_anew() {
    let place = Place::new();
    for (text, words) in [("leaves", 1), ("black tea", 2)] {
        place.file("tea.md", text);
        let expected = format!("added tea.md: {text}, {words} words\n");
        assert_eq!(place.pmd(&["add", "tea.md"]).well(), expected);
    }
    assert_eq!(place.pmd(&["search", "leaves"]).well(), "nothing found\n");
    assert_eq!(
        place.pmd(&["search", "tea"]).well(),
        "tea.md: black tea\n    black [tea]\n"
    );
    place
        .connect()
        .execute_batch("DELETE FROM collections")
        .unwrap();
    assert_eq!(place.pmd(&["search", "tea"]).well(), "nothing found\n");
}

#[test]
fn a_file_that_is_not_there_makes_no_store() {
    let place = Place::new();
    let said = place.pmd(&["add", "nothing.md"]).badly();
    assert!(said.starts_with("error: nothing.md: "), "{said}");
    assert!(!place.store().exists());
}

#[test]
fn the_mounted_commands_look_at_the_store_as_it_is() {
    let place = Place::new();
    let said = place.pmd(&["db", "status"]).well();
    assert!(said.starts_with("Current version: 0\n"), "{said}");
    assert!(!place.store().exists());

    let place = Place::in_use_since_version_1();
    let said = place.pmd(&["db", "status"]).well();
    assert!(
        said.starts_with("Current version: 1\nAvailable migrations: 4\nPending migrations: 3\n"),
        "{said}"
    );
    place.pmd(&["db", "migrate"]).well();
    place.pmd(&["db", "verify"]).well();
}

#[test]
#[cfg(unix)]
fn the_demonstration_plays() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/demo.sh");
    let mut bash = std::process::Command::new("bash");
    let output = bash
        .args([script, env!("CARGO_BIN_EXE_pmd")])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for part in [
        "$ pmd init\nmigrated from version 0 to 4\n",
        "$ pmd init\nup to date at version 4\n",
    ] {
        assert!(said.contains(part), "{said}");
    }
}
