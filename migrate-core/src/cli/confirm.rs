//! Asking before everything is lost.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::cli::on::On;
use crate::cli::table::{self, Column};
use crate::cli::{Command, Error};
use crate::connection::sealed::Connection;
use crate::plan::script::one_line;
use crate::report::Action;
use crate::{Goal, Plan};

/// The command as it is to be run: a `reset` that the user has agreed to says so. Where there is
/// no terminal to ask on, it stays as it is.
pub(super) async fn on_terminal<C: Connection>(
    command: &Command,
    db: &mut On<'_, '_, C>,
) -> Result<Command, Error> {
    let is_terminal = || io::stdin().is_terminal() && io::stderr().is_terminal();
    match command {
        Command::Reset { yes: false, json } if is_terminal() => {
            let plan = db.plan(Goal::Reset).await?;
            let yes = plan.is_empty()
                || ask(
                    &question(&plan),
                    &mut io::stdin().lock(),
                    &mut io::stderr().lock(),
                )?;
            Ok(Command::Reset { yes, json: *json })
        }
        other => Ok(other.clone()),
    }
}

/// Refuses a `reset` that nobody has agreed to, if it would take anything back.
pub(super) async fn refuse<C: Connection>(db: &mut On<'_, '_, C>) -> Result<(), Error> {
    match db.plan(Goal::Reset).await?.steps().len() {
        0 => Ok(()),
        migrations => Err(Error::NotConfirmed { migrations }),
    }
}

/// What is about to be lost.
fn question(plan: &Plan<'_>) -> String {
    let downs = plan.steps().iter().filter(|s| s.action() == Action::Down);
    let rows = downs.map(|step| {
        let version = step.version().map_or("R".to_owned(), |v| v.to_string());
        vec![version, one_line(step.description())]
    });
    let listed = table::of(
        &[Column::right("Version"), Column::text("Description")],
        rows,
    );
    format!(
        "This takes back every migration. What their tables hold is lost.\n\n{listed}\n\nGo on? [y/N] "
    )
}

/// Anything but a yes is a no.
fn ask(question: &str, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<bool> {
    output.write_all(question.as_bytes())?;
    output.flush()?;
    let mut answer = String::new();
    let is_read = input.read_line(&mut answer).is_ok();
    let answer = answer.trim().to_lowercase();
    Ok(is_read && (answer == "y" || answer == "yes"))
}

#[cfg(test)]
mod tests {
    use super::ask;

    #[test]
    fn answers() {
        for (answer, expected) in [
            (&b"y\n"[..], true),
            (b" YES \r\n", true),
            (b"n\n", false),
            (b"\n", false),
            (b"", false),
            (b"yellow\n", false),
            (b"y\xff\n", false),
        ] {
            let mut output = Vec::new();
            let yes = ask("Go on? ", &mut &*answer, &mut output);
            assert_eq!(yes.expect("no trouble"), expected, "{answer:?}");
            assert_eq!(output, b"Go on? ");
        }
    }
}
