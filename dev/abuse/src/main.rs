//! Every attack of the requirements as a small program against a running server or client, with what it may cost.
//!
//! No engine here: attackers write bytes by hand. The attacked process is this program again, with the first word
//! `serve` or `call`, so that its memory and CPU time are measured from outside; honest calls go on beside each attack.

mod ambush;
mod arguments;
mod attack;
mod attacks;
mod caller;
mod contract;
mod failure;
mod honest;
mod process;
mod report;
mod run;
mod scene;
mod servers;
mod target;
mod wire;

use std::process::ExitCode;

use arguments::{USAGE, Wish};
use attack::{Attack, Kind};

fn main() -> ExitCode {
    let wish = match Wish::parse(std::env::args().skip(1).collect()) {
        Ok(wish) => wish,
        Err(error) => return misuse(&error),
    };
    let done = match wish {
        Wish::Help => {
            println!("{USAGE}");
            Ok(())
        }
        Wish::List => {
            catalogue().iter().for_each(|attack| println!("{}", attack.name));
            Ok(())
        }
        Wish::Serve { hasty } => target::serve(hasty),
        Wish::Call(words) => caller::call(&words),
        Wish::Run { names, markdown } => return attack(&names, markdown),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("abuse: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Every attack there is, in the order of the table.
fn catalogue() -> &'static [Attack] {
    // Never given back: threads hold on to its rows, and there is one.
    Vec::leak(attacks::all().into_iter().chain(servers::all()).collect())
}

fn attack(names: &[String], markdown: bool) -> ExitCode {
    let wanted: Vec<&'static Attack> =
        catalogue().iter().filter(|attack| arguments::is_wanted(attack.name, names)).collect();
    let is_none =
        |name: &&String| !wanted.iter().any(|attack| arguments::is_wanted(attack.name, std::slice::from_ref(*name)));
    if let Some(name) = names.iter().find(is_none) {
        return misuse(&format!("no attack is named {name}: --list says which there are"));
    }
    if markdown {
        println!("{}", report::HEADING);
    }
    let (mut held, mut failed, mut absent) = (0, 0, 0);
    run::all(&wanted, |row| {
        *match (&row.attack.kind, row.holds()) {
            (Kind::NoSurface(_), _) => &mut absent,
            (_, true) => &mut held,
            (_, false) => &mut failed,
        } += 1;
        println!("{}", if markdown { row.markdown() } else { row.text() });
    });
    let all = held + failed;
    eprintln!("{held} of {all} attacks held within their bounds, {failed} did not; {absent} have no surface yet");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn misuse(error: &str) -> ExitCode {
    eprintln!("abuse: {error}");
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_attack_of_the_list_is_there_and_named_once() {
        let names: Vec<&str> = catalogue().iter().map(|attack| attack.name).collect();
        assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{names:?}");
        for number in (1..=29).chain(31..=33) {
            let family = [format!("s{number}")];
            assert!(names.iter().any(|name| arguments::is_wanted(name, &family)), "no attack {number}");
        }
    }
}
