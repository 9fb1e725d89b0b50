//! The chart: `docs/performance.svg`, bars of CPU time with tonic's as 100 %.

use std::fmt::Write;

use super::figures::figure;
use crate::case::{Gate, Row};
use crate::peer::Peer;

/// The chart of the rows whose gate compares with tonic.
pub fn chart(rows: &[Row]) -> String {
    let compared: Vec<&Row> = rows.iter().filter(|row| matches!(row.case.gate, Some(Gate::Times(_)))).collect();
    let height = TOP + compared.len() * GROUP + 16;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title>CPU time, tonic being 100 %</title>\n{STYLE}"
    );
    legend(&mut svg);
    for (place, row) in compared.into_iter().enumerate() {
        group(&mut svg, row, TOP + place * GROUP);
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String) {
    let mut x = LEFT;
    for peer in Peer::ALL {
        let _ = writeln!(svg, "<rect class=\"{peer}\" x=\"{x}\" y=\"12\" width=\"12\" height=\"12\"/>");
        let _ = writeln!(svg, "<text x=\"{}\" y=\"22\">{peer}</text>", x + 18);
        x += 110;
    }
    let _ = writeln!(svg, "<text class=\"faint\" x=\"{x}\" y=\"22\">CPU time, less is better; tonic is 100 %</text>");
}

fn group(svg: &mut String, row: &Row, top: usize) {
    let middle = top + 2 * BAR;
    let _ = writeln!(svg, "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>", LEFT - 12, row.case.name);
    if let Some(ratio) = row.ratio() {
        let (x, y, text) = (LEFT - 12, middle + 15, figure(ratio));
        let _ = writeln!(
            svg,
            "<text class=\"faint\" x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{text}× less than tonic</text>"
        );
    }
    let Some(whole) = row.samples(Peer::Tonic).map(|samples| samples.median()).filter(|median| *median > 0.0) else {
        return;
    };
    for (place, peer) in Peer::ALL.into_iter().enumerate() {
        let Some(samples) = row.samples(peer) else { continue };
        let (y, width) = (top + place * BAR, (samples.median() / whole * FULL).min(MOST));
        let _ = writeln!(
            svg,
            "<rect class=\"{peer}\" x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{}\"/>",
            BAR - 2
        );
        let (x, y) = (LEFT as f64 + width + 6.0, y + BAR - 4);
        let unit = row.case.unit.split('/').next().unwrap_or_default();
        let _ =
            writeln!(svg, "<text class=\"small\" x=\"{x:.1}\" y=\"{y}\">{} {unit}</text>", figure(samples.median()));
    }
}

/// Readable on light and dark pages.
const STYLE: &str = "\
<style>
text { fill: #1f2328 } .faint { fill: #59636e } .small { font-size: 10px }
.farcall { fill: #0969da } .tonic { fill: #9a6700 } .connectrpc { fill: #8250df } .floor { fill: #8c959f }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .faint { fill: #9198a1 }
.farcall { fill: #4493f8 } .tonic { fill: #d29922 } .connectrpc { fill: #ab7df8 } .floor { fill: #656c76 }
}
</style>
";

/// Of the drawing, in its own units.
const WIDTH: usize = 920;
/// Where the bars begin.
const LEFT: usize = 220;
/// Where the first group begins.
const TOP: usize = 44;
/// Height of a case.
const GROUP: usize = 68;
/// Height of a bar, with the gap below it.
const BAR: usize = 14;
/// Length of 100 %.
const FULL: f64 = 460.0;
/// Length at which a bar is cut off.
const MOST: f64 = 560.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalogue;
    use crate::samples::Samples;

    #[test]
    fn every_compared_case_has_a_bar_for_every_server() {
        let rows: Vec<Row> = catalogue::gates()
            .into_iter()
            .map(|case| {
                let samples = |figure: f64| Ok([figure].into_iter().collect::<Samples>());
                let cells =
                    Peer::ALL.into_iter().zip([1.25, 9.5, 10.1, 0.5]).map(|(peer, figure)| (peer, samples(figure)));
                Row { case, cells: cells.collect(), notes: Vec::new() }
            })
            .collect();
        let svg = chart(&rows);
        let compared = rows.iter().filter(|row| matches!(row.case.gate, Some(Gate::Times(_)))).count();
        assert_eq!(svg.matches("<rect").count(), Peer::ALL.len() * (compared + 1));
        assert!(svg.contains("server c1 m100, multi_thread") && svg.contains("7.60× less than tonic"), "{svg}");
    }
}
