//! Which layout a folder has, and the files that follow another one.

use super::{Finding, Problem};
use crate::place::Place;

/// A way of naming numbered migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Plain,
    OneFile,
    Folders,
    Refinery,
}

impl Layout {
    const fn name(self) -> &'static str {
        match self {
            Layout::Plain => "plain",
            Layout::OneFile => "one file",
            Layout::Folders => "folders",
            Layout::Refinery => "refinery",
        }
    }
}

/// One finding for each layout but the most frequent, at the first of its files. The files come in
/// order, with their layouts.
pub(super) fn mixed(files: &[(&str, Layout)]) -> Vec<Finding> {
    let mut layouts: Vec<(Layout, &str, usize)> = Vec::new();
    for (path, layout) in files {
        match layouts.iter_mut().find(|(known, ..)| known == layout) {
            Some((_, _, count)) => *count += 1,
            None => layouts.push((*layout, *path, 1)),
        }
    }
    // Of equally frequent ones the first counts: `max_by_key` would take the last.
    let Some(&(main, example, _)) = layouts.iter().rev().max_by_key(|(.., count)| count) else {
        return Vec::new();
    };
    let others = layouts.iter().filter(|(layout, ..)| *layout != main);
    others
        .map(|(layout, path, count)| {
            let more = if *count > 1 {
                format!(", as {} more", count - 1)
            } else {
                String::new()
            };
            Finding::new(
                Problem::MixedLayouts,
                format!(
                    "this file has the layout `{}`{more}, but `{example}` has `{}`",
                    layout.name(),
                    main.name()
                ),
            )
            .at(Place::file(path))
            .help("keep to one layout in a folder; the versions can stay")
        })
        .collect()
}
