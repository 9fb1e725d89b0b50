//! The table on the terminal: a row as soon as it is measured.

use super::figures;
use crate::case::Row;
use crate::peer::Peer;

/// The heading.
pub fn heading() -> String {
    let names = Peer::ALL.map(|peer| peer.to_string());
    let [farcall, tonic, connectrpc, floor] = &names;
    line(["case", "unit", farcall, tonic, connectrpc, floor, "ratio", "gate", "aim", ""])
}

/// One row.
pub fn row(row: &Row) -> String {
    let [farcall, tonic, connectrpc, floor] = Peer::ALL.map(|peer| figures::cell(row, peer));
    let (ratio, gate, case) = (figures::ratio(row), figures::gate(row), &row.case);
    let verdict = figures::verdict(row);
    line([case.name, case.unit, &farcall, &tonic, &connectrpc, &floor, &ratio, &gate, case.aim, verdict])
}

fn line(cells: [&str; 10]) -> String {
    let padded = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// Characters of each column: figures are a median, and least and most in brackets.
const WIDTHS: [usize; 10] = [37, 10, 18, 18, 18, 18, 6, 8, 9, 4];
