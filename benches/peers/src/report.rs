//! The figures as others read them: a table in Markdown, JSON, and a chart as SVG.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use wsproto::Role;

use crate::{
    Row, Times,
    work::{Content, Task},
};

const BEGIN: &str = "<!-- figures: begin -->\n";
const END: &str = "<!-- figures: end -->\n";

/// Puts the table into performance.md, the rest into charts/.
pub(crate) fn write(docs: &Path, rows: &[Row], rounds: usize) {
    let page = docs.join("performance.md");
    let text = fs::read_to_string(&page).expect("docs/performance.md");
    let (before, rest) = text.split_once(BEGIN).expect("the place where the figures begin");
    let (_, after) = rest.split_once(END).expect("the place where they end");
    fs::write(page, format!("{before}{BEGIN}{}{END}{after}", table(rows, rounds))).expect("writable");
    let charts = docs.join("charts");
    fs::create_dir_all(&charts).expect("writable");
    fs::write(charts.join("peers.json"), json(rows)).expect("writable");
    fs::write(charts.join("receive.svg"), chart(rows)).expect("writable");
}

/// Returns everybody's times.
pub(crate) fn json(rows: &[Row]) -> String {
    let rows: Vec<String> = rows.iter().map(json_row).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

fn json_row(row: &Row) -> String {
    let times: Vec<String> = row
        .times
        .iter()
        .map(|times| {
            format!(
                "    {{\"name\": \"{}\", \"minimum\": {:.1}, \"median\": {:.1}}}",
                times.name, times.minimum, times.median
            )
        })
        .collect();
    format!("  {{\"work\": \"{}\", \"times\": [\n{}\n  ]}}", row.work.name, times.join(",\n"))
}

fn is_ours(times: &&Times) -> bool {
    times.name.starts_with("wsproto")
}

fn table(rows: &[Row], rounds: usize) -> String {
    let mut text = format!(
        "Measured on {} on {}, {rounds} rounds, nanoseconds a message, the minimum; everybody's times are in\n\
         [charts/peers.json](charts/peers.json). Versions: {}.\n\n",
        today(),
        cpu(),
        versions().join(", "),
    );
    text.push_str("| work | wsproto | to the best peer | best peer | second | third | wsproto in parts |\n");
    text.push_str("|---|--:|--:|---|---|---|---|\n");
    for row in rows {
        let ours = |name: &str| row.times.iter().find(|times| times.name == name);
        let peers: Vec<&Times> = row.times.iter().filter(|times| !is_ours(times)).collect();
        let Some(whole) = ours("wsproto") else { continue };
        let ratio = |times: &Times| peers.first().map_or(f64::NAN, |best| times.minimum / best.minimum);
        let _ = write!(text, "| {} | {} | {:.2} |", row.work.name, ns(whole.minimum), ratio(whole));
        for place in 0..3 {
            match peers.get(place) {
                Some(times) => {
                    let _ = write!(text, " {} {} |", times.name, ns(times.minimum));
                }
                None => text.push_str(" – |"),
            }
        }
        let part = ours("wsproto (chunks)").or_else(|| ours("wsproto (apart)"));
        match part {
            Some(times) => {
                let _ = writeln!(text, " {} ({:.2}) |", ns(times.minimum), ratio(times));
            }
            None => text.push_str(" |\n"),
        }
    }
    text
}

/// Writes a time with as many digits as mean something.
fn ns(time: f64) -> String {
    if time < 100.0 { format!("{time:.1}") } else { format!("{time:.0}") }
}

fn today() -> String {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() / 86_400);
    // Days to a date: eras of 400 years, years that begin in March.
    let shifted = days as i64 + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find(|line| line.starts_with("model name"));
    let name = name.and_then(|line| line.split_once(": ")).map_or("an unknown CPU", |(_, name)| name);
    format!("{name}, default target features")
}

/// Reads the peers' versions out of the lock file.
fn versions() -> Vec<String> {
    let lock = include_str!("../Cargo.lock");
    let names = [
        "fastwebsockets",
        "nago-wss",
        "sockudo-ws",
        "soketto",
        "tokio-websockets",
        "tungstenite",
        "websocket-sans-io",
        "yawc",
    ];
    names
        .iter()
        .filter_map(|name| {
            let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
            Some(format!("{name} {}", rest.split_once('"')?.0))
        })
        .collect()
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const COLOURS: [(&str, &str); 6] = [
    ("wsproto", "#d62728"),
    ("wsproto (chunks)", "#ff9896"),
    ("tungstenite", "#1f77b4"),
    ("tokio-websockets", "#2ca02c"),
    ("fastwebsockets", "#9467bd"),
    ("websocket-sans-io", "#7f7f7f"),
];

/// Draws the time to receive a message against its length, both logarithmic.
fn chart(rows: &[Row]) -> String {
    let chosen: Vec<&Row> = rows
        .iter()
        .filter(|row| row.work.task == Task::Receive && row.work.role == Role::Server)
        .filter(|row| {
            row.work.content != Content::Mixed && row.work.frames == 1 && row.work.read_len == 64 << 10
        })
        .collect();
    let x = |len: f64| 70.0 + (len.log2() - 4.0) / 16.0 * (WIDTH - 260.0);
    let y = |time: f64| HEIGHT - 50.0 - (time.log10() - 1.0) / 5.0 * (HEIGHT - 80.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"70\" y=\"20\">Receiving as a server: time a message against its length</text>\n"
    );
    for (power, label) in [(1, "10 ns"), (2, "100 ns"), (3, "1 µs"), (4, "10 µs"), (5, "100 µs"), (6, "1 ms")]
    {
        let at = y(10f64.powi(power));
        let _ = writeln!(
            svg,
            "<line x1=\"70\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>",
            WIDTH - 190.0
        );
        let _ = writeln!(svg, "<text x=\"62\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", at + 4.0);
    }
    for (len, label) in [
        (16.0, "16 B"),
        (125.0, "125 B"),
        (1024.0, "1 KiB"),
        (16384.0, "16 KiB"),
        (65536.0, "64 KiB"),
        (1_048_576.0, "1 MiB"),
    ] {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            x(len),
            HEIGHT - 30.0
        );
    }
    for (place, (name, colour)) in COLOURS.iter().enumerate() {
        let points: Vec<String> = chosen
            .iter()
            .filter_map(|row| {
                let times = row.times.iter().find(|times| times.name == *name)?;
                Some(format!("{:.1},{:.1}", x(row.work.len as f64), y(times.minimum)))
            })
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
        let at = 60.0 + 20.0 * place as f64;
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{at}\" fill=\"{colour}\">{name}</text>", WIDTH - 170.0);
    }
    svg.push_str("</svg>\n");
    svg
}
