//! The plot: a histogram of response times for each kind of request. One panel for each kind, one axis for all.

use std::fmt::Write;
use std::time::Duration;

use super::closed_loop::Outcome;
use super::latencies::Latencies;
use super::mix::CostGroup;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 20.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 16.0;
const PANEL: f64 = 110.0;
const GAP: f64 = 14.0;
/// The height of a panel's heading.
const HEADING: f64 = 20.0;
const BARS: f64 = PANEL - HEADING;

/// The ends of the axis. Slower requests are at its end.
const FASTEST_MS: f64 = 0.5;
const SLOWEST_MS: f64 = 1000.0;
const BINS: usize = 88;

const TICKS_MS: [f64; 11] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];

/// Readable on a light page and on a dark one.
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#57606a}.name{font-weight:600}\
    .bar{fill:#2f81f7}.grid{stroke:#8b949e;stroke-opacity:.3}.mark{stroke:#d1242f;stroke-width:1.5}\
    .rare{stroke-dasharray:4 3}\
    @media(prefers-color-scheme:dark){text{fill:#9198a1}.mark{stroke:#f85149}}";

pub fn svg(outcome: &Outcome) -> String {
    let panels: Vec<_> = CostGroup::ALL
        .into_iter()
        .map(|group| (group, outcome.of_group(group)))
        .filter(|(_, latencies)| latencies.count() > 0)
        .collect();
    #[allow(clippy::cast_precision_loss, reason = "four at most")]
    let bottom = TOP + panels.len() as f64 * (PANEL + GAP);
    let height = bottom + 34.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Histograms of latencies\">\n<style>{STYLE}</style>\n"
    );
    axis(&mut svg, bottom);
    let mut top = TOP;
    for (group, latencies) in &panels {
        panel(&mut svg, top, *group, latencies);
        top += PANEL + GAP;
    }
    svg + "</svg>\n"
}

fn axis(svg: &mut String, bottom: f64) {
    for tick in TICKS_MS {
        let x = x(tick);
        push(svg, &format!("<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>"));
        let y = bottom + 14.0;
        push(svg, &format!("<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{tick}</text>"));
    }
    let (x, y) = (WIDTH / 2.0, bottom + 30.0);
    push(
        svg,
        &format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">ms until the answer</text>"),
    );
}

#[allow(clippy::cast_precision_loss, reason = "a picture")]
fn panel(svg: &mut String, top: f64, group: CostGroup, latencies: &Latencies) {
    let bottom = top + PANEL;
    let [p50, p99] = [50.0, 99.0].map(|it| latencies.percentile(it).as_secs_f64() * 1000.0);
    let (name, count, y) = (group.name(), latencies.count(), top + 12.0);
    let name = format!("<tspan class=\"name\">{name}</tspan>");
    let heading = format!("{name} · {count} requests · half within {p50:.1} ms, 99 % {p99:.1} ms");
    push(svg, &format!("<text x=\"{LEFT}\" y=\"{y}\">{heading}</text>"));

    let counts = latencies.histogram(&bounds());
    let most = counts.iter().copied().max().unwrap_or_default().max(1) as f64;
    let width = (WIDTH - LEFT - RIGHT) / BINS as f64;
    for (bin, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        let (x, height) = (LEFT + bin as f64 * width, count as f64 / most * BARS);
        let (y, width) = (bottom - height, width - 0.8);
        push(
            svg,
            &format!(
                "<rect class=\"bar\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            ),
        );
    }
    push(svg, &format!("<path class=\"grid\" d=\"M{LEFT} {bottom}H{:.1}\"/>", WIDTH - RIGHT));
    for (class, millis) in [("mark", p50), ("mark rare", p99)] {
        let (x, from) = (x(millis), top + HEADING);
        push(svg, &format!("<path class=\"{class}\" d=\"M{x:.1} {from}V{bottom}\"/>"));
    }
}

fn push(svg: &mut String, line: &str) {
    // Writing to a string never fails.
    let _ = writeln!(svg, "{line}");
}

/// Returns the place of a latency on the logarithmic axis.
fn x(millis: f64) -> f64 {
    let share = (millis / FASTEST_MS).ln() / (SLOWEST_MS / FASTEST_MS).ln();
    LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

/// Returns the upper bounds of the bins, which have the same width on the axis.
#[allow(clippy::cast_precision_loss, reason = "a picture")]
fn bounds() -> Vec<Duration> {
    let step = (SLOWEST_MS / FASTEST_MS).powf(1.0 / BINS as f64);
    let bound = |bin: usize| FASTEST_MS * step.powf(bin as f64 + 1.0);
    (0..BINS).map(|bin| Duration::from_secs_f64(bound(bin) / 1000.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axis_is_logarithmic_and_bounded() {
        let middle = (FASTEST_MS * SLOWEST_MS).sqrt();
        assert!((x(middle) - (LEFT + (WIDTH - LEFT - RIGHT) / 2.0)).abs() < 1e-9);
        assert!((x(0.001) - LEFT).abs() < 1e-9);
        assert!((x(60_000.0) - (WIDTH - RIGHT)).abs() < 1e-9);
    }

    #[test]
    fn last_bin_ends_with_the_axis() {
        let last = bounds()[BINS - 1].as_secs_f64() * 1000.0;
        assert!((last - SLOWEST_MS).abs() < 1e-3);
    }
}
