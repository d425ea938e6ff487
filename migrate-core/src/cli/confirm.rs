//! Asking before everything is lost.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::cli::table::{self, Column};
use crate::cli::{Command, Error};
use crate::plan_script::one_line;
use crate::report::Action;
use crate::{Connection, Goal, Migrator, Plan};

/// The command as it is to be run: a `reset` that the user has agreed to says so. Where there is
/// no terminal to ask on, it stays as it is.
pub(super) fn on_terminal<C: Connection>(
    command: &Command,
    migrator: &Migrator<'_>,
    db: &mut C,
) -> Result<Command, Error> {
    let is_terminal = || io::stdin().is_terminal() && io::stderr().is_terminal();
    match command {
        Command::Reset { yes: false, json } if is_terminal() => {
            let plan = migrator.plan(db, Goal::Reset)?;
            let yes = plan.is_empty() || ask(&plan)?;
            Ok(Command::Reset { yes, json: *json })
        }
        other => Ok(other.clone()),
    }
}

/// Refuses a `reset` that nobody has agreed to, if it would take anything back.
pub(super) fn refuse<C: Connection>(migrator: &Migrator<'_>, db: &mut C) -> Result<(), Error> {
    match migrator.plan(db, Goal::Reset)?.steps().len() {
        0 => Ok(()),
        migrations => Err(Error::NotConfirmed { migrations }),
    }
}

fn ask(plan: &Plan<'_>) -> io::Result<bool> {
    let downs = plan.steps().iter().filter(|s| s.action() == Action::Down);
    let rows = downs.map(|step| {
        let version = step.version().map_or("R".to_owned(), |v| v.to_string());
        vec![version, one_line(step.description())]
    });
    let listed = table::of(
        &[Column::right("Version"), Column::text("Description")],
        rows,
    );
    let mut terminal = io::stderr().lock();
    write!(
        terminal,
        "This takes back every migration. What their tables hold is lost.\n\n{listed}\n\nGo on? [y/N] "
    )?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
