//! Reading and judging a migrations folder.

pub mod disk;
mod model;
mod problem;

pub use model::{Code, File, Folder, Migration, Options, Repeatable, Script, Up};
pub use problem::{Finding, Place, Problem};
