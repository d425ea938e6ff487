//! That no case of the contract is written and then not run.

use std::fs;
use std::path::Path;

#[test]
fn every_case_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let list = fs::read_to_string(folder.join("mod.rs")).unwrap();
    let mut cases = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let heads = text.lines().filter_map(|line| line.strip_prefix("pub fn "));
        for case in heads.filter_map(|head| head.strip_suffix("<D: TestDatabase>() {")) {
            let listed = list.lines().any(|line| line.trim() == case);
            assert!(listed, "{} has `{case}`, which no list has", path.display());
            cases += 1;
        }
    }
    assert!(cases > 100, "only {cases} cases were found");
}
