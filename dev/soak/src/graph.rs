//! The graph: memory of both processes with its trend, and calls a second, as SVG for light and dark pages.

use std::fmt::Write;

use crate::sample::{Curve, Sample};
use crate::trend::Trend;

/// Draws the samples of a run; `caption` stands below, line by line.
pub(crate) fn draw(samples: &[Sample], caption: &[String]) -> String {
    let height = BOTTOM + LINE * (caption.len() as f64 + 1.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title>Memory and calls of a soak</title>\n{STYLE}"
    );
    let end = samples.last().map_or(1.0, |sample| sample.seconds.max(1.0));
    let memory = Panel::new("Resident memory, MiB", 30.0, 230.0, end);
    let calls = Panel::new("Calls a second", 300.0, 130.0, end);
    let (server, client) = (Curve::server(samples), Curve::client(samples));
    let top = memory.frame(&mut svg, server.most().max(client.most()) / MIB);
    for (place, (class, curve)) in [("server", &server), ("client", &client)].into_iter().enumerate() {
        memory.curve(&mut svg, class, top * MIB, &curve.points);
        let trend = Trend::of(&curve.points);
        if let Some(trend) = trend {
            memory.line(&mut svg, class, top * MIB, trend);
        }
        let growth = trend.map_or_else(String::new, |trend| format!(", trend {:+.1} MiB", trend.growth() / MIB));
        let x = LEFT + 260.0 + 220.0 * place as f64;
        let _ = writeln!(svg, "<rect class=\"{class} fill\" x=\"{x}\" y=\"14\" width=\"10\" height=\"10\"/>");
        let _ = writeln!(svg, "<text x=\"{}\" y=\"23\">{class}{growth}</text>", x + 16.0);
    }
    let rate = Curve::calls(samples);
    let top = calls.frame(&mut svg, rate.most());
    calls.curve(&mut svg, "calls", top, &rate.points);
    calls.times(&mut svg);
    for (number, line) in caption.iter().enumerate() {
        let y = BOTTOM + LINE * (number as f64 + 0.5);
        let _ = writeln!(svg, "<text class=\"faint\" x=\"{LEFT}\" y=\"{y}\">{}</text>", escaped(line));
    }
    svg.push_str("</svg>\n");
    svg
}

/// One pair of axes.
struct Panel {
    title: &'static str,
    top: f64,
    height: f64,
    /// Seconds at the right end.
    end: f64,
}

impl Panel {
    fn new(title: &'static str, top: f64, height: f64, end: f64) -> Self {
        Self { title, top, height, end }
    }

    /// Title and grid; returns the value at the upper edge.
    fn frame(&self, svg: &mut String, most: f64) -> f64 {
        let step = step(most);
        let steps = (most / step).ceil().max(1.0);
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">{}</text>", self.top - 7.0, self.title);
        for number in 0..=steps as u32 {
            let value = f64::from(number) * step;
            let y = self.y(value / (steps * step));
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>");
            let x = LEFT - 8.0;
            let _ = writeln!(
                svg,
                "<text class=\"faint\" x=\"{x}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                y + 4.0
            );
        }
        steps * step
    }

    fn curve(&self, svg: &mut String, class: &str, top: f64, points: &[(f64, f64)]) {
        let _ = write!(svg, "<polyline class=\"{class}\" points=\"");
        for (seconds, value) in thinned(points) {
            let _ = write!(svg, "{:.1},{:.1} ", self.x(seconds), self.y(value / top));
        }
        svg.push_str("\"/>\n");
    }

    fn line(&self, svg: &mut String, class: &str, top: f64, trend: Trend) {
        let [from, to] =
            [trend.from, trend.to].map(|(seconds, value)| format!("{:.1} {:.1}", self.x(seconds), self.y(value / top)));
        let _ = writeln!(svg, "<path class=\"{class} trend\" d=\"M{from}L{to}\"/>");
    }

    fn times(&self, svg: &mut String) {
        let (unit, scale) = if self.end > 600.0 { ("min", 60.0) } else { ("s", 1.0) };
        let step = step(self.end / scale);
        let mut time = 0.0;
        while time * scale <= self.end {
            let (x, y) = (self.x(time * scale), self.top + self.height + 16.0);
            let _ = writeln!(
                svg,
                "<text class=\"faint\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{time} {unit}</text>"
            );
            time += step;
        }
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + seconds / self.end * (RIGHT - LEFT)
    }

    fn y(&self, share: f64) -> f64 {
        self.top + self.height * (1.0 - share)
    }
}

/// A round number of which four to ten make `most`.
fn step(most: f64) -> f64 {
    let ten = 10_f64.powf((most.max(1.0) / 10.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * ten).find(|step| most / step <= 8.0).unwrap_or(ten * 10.0)
}

/// The means of so many neighbours that the curve has a point for every other unit of the drawing.
fn thinned(points: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    let group = points.len().div_ceil(POINTS).max(1);
    points.chunks(group).map(|chunk| {
        let count = chunk.len() as f64;
        let sum = chunk.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (sum.0 / count, sum.1 / count)
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Readable on light and dark pages.
const STYLE: &str = "\
<style>
text { fill: #1f2328 } .faint { fill: #59636e; font-size: 11px } .grid { stroke: #d1d9e0; fill: none }
polyline, .trend { fill: none; stroke-width: 1.4 } .trend { stroke-dasharray: 6 4 }
.server { stroke: #0969da } .client { stroke: #9a6700 } .calls { stroke: #8250df }
.server.fill { fill: #0969da } .client.fill { fill: #9a6700 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
.server { stroke: #4493f8 } .client { stroke: #d29922 } .calls { stroke: #ab7df8 }
.server.fill { fill: #4493f8 } .client.fill { fill: #d29922 }
}
</style>
";

/// Of the drawing, in its own units.
const WIDTH: f64 = 920.0;
/// Of both panels.
const LEFT: f64 = 60.0;
const RIGHT: f64 = 900.0;
/// Where the caption begins, and the height of its lines.
const BOTTOM: f64 = 474.0;
const LINE: f64 = 18.0;
/// Points of a curve.
const POINTS: usize = 420;
const MIB: f64 = (1 << 20) as f64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_processes_their_trends_and_the_caption_are_drawn() {
        let sample = |second: u32| Sample {
            seconds: f64::from(second),
            server: 50 << 20,
            client: (60 << 20) + (u64::from(second) << 10),
            ended: u64::from(second) * 100,
        };
        let samples: Vec<Sample> = (0..1800).map(sample).collect();
        let svg = draw(&samples, &["a < b & c".to_owned()]);
        assert_eq!(svg.matches("<polyline").count(), 3);
        assert_eq!(svg.matches("trend\" d=").count(), 2);
        assert!(svg.contains("server, trend +0.0 MiB") && svg.contains("client, trend +1.3 MiB"), "{svg}");
        assert!(svg.contains("a &lt; b &amp; c") && svg.contains(">30 min<") || svg.contains(">25 min<"), "{svg}");
    }

    #[test]
    fn axes_have_round_numbers() {
        for (most, expected) in [(0.3, 0.1), (7.0, 1.0), (61.0, 10.0), (130.0, 20.0), (220.0, 50.0)] {
            assert!((step(most) - expected).abs() < 1e-9, "{most}: {}", step(most));
        }
    }
}
