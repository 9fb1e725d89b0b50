//! Figures as text, the same on the terminal and on the page.

use crate::case::{Gate, Row, Verdict};
use crate::peer::Peer;
use crate::samples::Samples;

/// Three significant digits; whole numbers from 100 on.
pub fn figure(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    if text.len() > 4 && !text.contains('.') { thousands(&text) } else { text }
}

/// The median, with least and most behind it if there are several.
pub fn cell(row: &Row, peer: Peer) -> String {
    match row.cells.iter().find(|(other, _)| *other == peer) {
        None => "–".to_owned(),
        Some((_, Err(_))) => "not measured".to_owned(),
        Some((_, Ok(samples))) => spread(samples),
    }
}

/// How many times less than tonic.
pub fn ratio(row: &Row) -> String {
    row.ratio().map_or_else(|| "–".to_owned(), |ratio| format!("{}×", figure(ratio)))
}

/// What has to come out.
pub fn gate(row: &Row) -> String {
    match row.case.gate {
        None => String::new(),
        Some(Gate::Times(times)) => format!("≥ {times}×"),
        Some(Gate::AtMost(most)) => format!("≤ {}", figure(most)),
    }
}

/// Whether it came out.
pub fn verdict(row: &Row) -> &'static str {
    match row.verdict() {
        Verdict::Pass => "pass",
        Verdict::Fail(_) => "FAIL",
        Verdict::None => "",
    }
}

/// What stands below the table for this row: why it failed, which implementation has no figure, what to know.
pub fn notes(row: &Row) -> Vec<String> {
    let name = row.case.name;
    let mut notes = Vec::new();
    if let Verdict::Fail(why) = row.verdict() {
        notes.push(format!("{name}: FAIL: {why}"));
    }
    let failed = row.cells.iter().filter_map(|(peer, cell)| Some((peer, cell.as_ref().err()?)));
    notes.extend(failed.map(|(peer, why)| format!("{name}: {peer} was not measured: {why}")));
    notes.extend(row.notes.iter().map(|note| format!("{name}: {note}")));
    notes
}

fn spread(samples: &Samples) -> String {
    let median = figure(samples.median());
    if samples.least() < samples.most() {
        format!("{median} ({}–{})", figure(samples.least()), figure(samples.most()))
    } else {
        median
    }
}

fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let texts = [0.354, 9.994, 9.996, 26.14, 99.94, 99.96, 1899.6, 44_700.0].map(figure);
        assert_eq!(texts, ["0.35", "9.99", "10.0", "26.1", "99.9", "100", "1900", "44,700"]);
    }
}
