//! Charts as SVG: times against the quantity that they depend on, both logarithmic.

use std::fmt::Write as _;

use crate::{Row, work::Group};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;

/// The sides of the field that the lines are in.
const LEFT: f64 = 70.0;
const RIGHT: f64 = WIDTH - 190.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = HEIGHT - 50.0;

const COLOURS: [(&str, &str); 7] = [
    ("wsproto", "#d62728"),
    ("wsproto (chunks)", "#ff9896"),
    ("tungstenite", "#1f77b4"),
    ("tokio-websockets", "#2ca02c"),
    ("fastwebsockets", "#9467bd"),
    ("sockudo-ws", "#8c564b"),
    ("websocket-sans-io", "#7f7f7f"),
];

const TIMES: [(f64, &str); 7] = [
    (1e1, "10 ns"),
    (1e2, "100 ns"),
    (1e3, "1 µs"),
    (1e4, "10 µs"),
    (1e5, "100 µs"),
    (1e6, "1 ms"),
    (1e7, "10 ms"),
];

/// Draws the time to receive a message against its length.
pub(crate) fn lengths(rows: &[Row]) -> String {
    let lengths = rows.iter().filter(|row| row.work.group == Group::Lengths);
    Chart {
        title: "Receiving as a server: time a message against its length",
        places: &[
            (1.0, "1 B"),
            (16.0, "16 B"),
            (256.0, "256 B"),
            (4096.0, "4 KiB"),
            (65536.0, "64 KiB"),
            (1_048_576.0, "1 MiB"),
            (16_777_216.0, "16 MiB"),
        ],
        times: &TIMES,
    }
    .draw(lengths.map(|row| (row.work.len as f64, row)).collect())
}

/// Draws the time to echo a message against the number of connections that take turns.
pub(crate) fn connections(rows: &[Row]) -> String {
    let turns = rows.iter().filter(|row| row.work.group == Group::Turns);
    Chart {
        title: "Echoing 125 B: time a message against the number of connections",
        places: &[(1e0, "1"), (1e1, "10"), (1e2, "100"), (1e3, "1 000"), (1e4, "10 000"), (1e5, "100 000")],
        times: &TIMES[..4],
    }
    .draw(turns.map(|row| (row.work.connections as f64, row)).collect())
}

/// A field with places on both axes. The first and the last place are at its edges.
struct Chart {
    title: &'static str,
    places: &'static [(f64, &'static str)],
    times: &'static [(f64, &'static str)],
}

impl Chart {
    /// Draws a line for each entrant that did all of the works.
    fn draw(&self, works: Vec<(f64, &Row)>) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"20\">{}</text>\n",
            self.title
        );
        self.draw_axes(&mut svg);
        let mut at = TOP + 30.0;
        for (name, colour) in COLOURS {
            let time =
                |row: &Row| row.times.iter().find(|times| times.name == name).map(|times| times.minimum);
            let points: Option<Vec<String>> = works
                .iter()
                .map(|(place, row)| Some(format!("{:.1},{:.1}", self.x(*place), self.y(time(row)?))))
                .collect();
            let Some(points) = points.filter(|points| !points.is_empty()) else { continue };
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n\
                 <text x=\"{}\" y=\"{at}\" fill=\"{colour}\">{name}</text>",
                points.join(" "),
                RIGHT + 20.0
            );
            at += 20.0;
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn draw_axes(&self, svg: &mut String) {
        for (time, label) in self.times {
            let at = self.y(*time);
            let _ = writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\n\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                LEFT - 8.0,
                at + 4.0
            );
        }
        for (place, label) in self.places {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
                self.x(*place),
                BOTTOM + 20.0
            );
        }
    }

    fn x(&self, place: f64) -> f64 {
        LEFT + share(self.places, place) * (RIGHT - LEFT)
    }

    fn y(&self, time: f64) -> f64 {
        BOTTOM - share(self.times, time) * (BOTTOM - TOP)
    }
}

/// Returns how far a value is on the way from the first place to the last.
fn share(places: &[(f64, &str)], value: f64) -> f64 {
    let [(first, _), .., (last, _)] = places else { return 0.0 };
    (value / first).ln() / (last / first).ln()
}
