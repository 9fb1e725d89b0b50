//! Attacks of clients on a server, by the number of the requirement; one family, one file.

mod accept;
mod anomalies;
mod closing;
mod control;
mod data;
mod floods_of_headers;
mod flow;
mod hpack;
mod messages;
mod metadata;
mod resets;
mod slow;

use crate::attack::Attack;
use crate::contract::ECHO;
use crate::failure::{Failure, ensure};
use crate::wire::{Block, Raw};

/// All of them, by their numbers.
pub(crate) fn all() -> Vec<Attack> {
    let families = [
        resets::attacks(),
        floods_of_headers::attacks(),
        hpack::attacks(),
        control::attacks(),
        data::attacks(),
        flow::attacks(),
        slow::attacks(),
        messages::attacks(),
        metadata::attacks(),
        accept::attacks(),
        closing::attacks(),
        anomalies::attacks(),
    ];
    let mut all: Vec<Attack> = families.into_iter().flatten().collect();
    all.sort_by_key(|attack| number(attack.name));
    all
}

/// The number in `s12-settings-flood`.
fn number(name: &str) -> u32 {
    name.trim_start_matches('s').split('-').next().and_then(|number| number.parse().ok()).unwrap_or(u32::MAX)
}

/// The connection still answers an honest call.
fn is_alive(raw: &mut Raw) -> Result<(), Failure> {
    let status = raw.ask(&Block::request(ECHO.path()), b"still there?")?;
    ensure(status == "200/0", || format!("the connection should live, but its next call ended with {status}"))
}
