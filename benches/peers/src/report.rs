//! The figures for readers: tables in Markdown, JSON, and charts.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{Row, Times, chart, work::Group};

const BEGIN: &str = "<!-- figures: begin -->\n";
const END: &str = "<!-- figures: end -->\n";

/// Puts the tables into performance.md, and the others into charts/.
pub(crate) fn write(docs: &Path, rows: &[Row], rounds: usize) {
    let page = docs.join("performance.md");
    let text = fs::read_to_string(&page).expect("docs/performance.md");
    let (before, rest) = text.split_once(BEGIN).expect("the place where the figures begin");
    let (_, after) = rest.split_once(END).expect("the place where they end");
    fs::write(page, format!("{before}{BEGIN}{}{END}{after}", tables(rows, rounds))).expect("writable");
    let charts = docs.join("charts");
    fs::create_dir_all(&charts).expect("writable");
    fs::write(charts.join("peers.json"), json(rows)).expect("writable");
    fs::write(charts.join("receive.svg"), chart::lengths(rows)).expect("writable");
    fs::write(charts.join("connections.svg"), chart::connections(rows)).expect("writable");
}

/// Returns all entrants' times.
pub(crate) fn json(rows: &[Row]) -> String {
    let rows: Vec<String> = rows.iter().map(json_row).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

fn json_row(row: &Row) -> String {
    let times = row.times.iter().map(|Times { name, minimum, median }| {
        format!("{{\"name\": \"{name}\", \"minimum\": {minimum:.1}, \"median\": {median:.1}}}")
    });
    let cannot =
        row.cannot.iter().map(|(name, why)| format!("{{\"name\": \"{name}\", \"can't\": \"{why}\"}}"));
    let all: Vec<String> = times.chain(cannot).map(|entry| format!("    {entry}")).collect();
    format!("  {{\"work\": \"{}\", \"times\": [\n{}\n  ]}}", row.work.name(), all.join(",\n"))
}

fn tables(rows: &[Row], rounds: usize) -> String {
    let mut text = format!(
        "Measured on {} on {}, {rounds} rounds, load {}; nanoseconds a message, the minimum.\n\
         All times are in [charts/peers.json](charts/peers.json). Versions: {}.\n",
        today(),
        cpu(),
        load(),
        versions().join(",\n"),
    );
    let of = |groups: &'static [Group]| {
        let mut rows: Vec<_> = rows.iter().filter(|row| groups.contains(&row.work.group)).collect();
        rows.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)));
        rows
    };
    let heads = "wsproto | to the best peer | best peer | second | third | another way";
    let _ = writeln!(
        text,
        "\nThe worst first:\n\n| work | {heads} | limits |\n|---|--:|--:|---|---|---|---|---|"
    );
    for row in of(&[Group::Messages, Group::Handshakes, Group::Broadcast]) {
        messages_line(row, true, &mut text);
    }
    text.push_str("\nCompressed JSON, each backend with its ratio to the same library by itself:\n");
    text.push_str("\n| work | miniz_oxide | to it alone | zlib-rs | to it alone | zlib-rs to the best peer | best peer | second |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|---|---|\n");
    of(&[Group::Deflate]).iter().for_each(|row| deflate_line(row, &mut text));
    let _ =
        writeln!(text, "\nConnections that take turns:\n\n| work | {heads} |\n|---|--:|--:|---|---|---|---|");
    of(&[Group::Turns]).iter().for_each(|row| messages_line(row, false, &mut text));
    text.push_str("\nKiB that are held more than before a message of 1 MiB: after it, and after what can be given back was:\n\n");
    text.push_str("| who | text | given back | binary | given back |\n|---|--:|--:|--:|--:|\n");
    memory_lines(&of(&[Group::Memory]), &mut text);
    text.push_str(&cannot(rows));
    text
}

/// Returns the ratio to the best peer's time.
fn ratio(row: &Row) -> f64 {
    let ours = find(row, "wsproto").or_else(|| find(row, "wsproto (zlib-rs)"));
    let best = row.times.iter().find(|times| times.is_peer());
    ours.zip(best).map_or(0.0, |(ours, best)| ours.minimum / best.minimum)
}

fn messages_line(row: &Row, with_limits: bool, text: &mut String) {
    let Some(whole) = find(row, "wsproto") else { return };
    let _ = write!(text, "| {} | {} | {} |", row.work.name(), ns(whole.minimum), to_best(row, whole));
    places(row, 3, text);
    let another = row.times.iter().filter_map(|times| Some((times.name.strip_prefix("wsproto (")?, times)));
    let another: Vec<String> = another
        .map(|(name, times)| {
            format!("{} {} ({})", name.trim_end_matches(')'), ns(times.minimum), to_best(row, times))
        })
        .collect();
    let _ = write!(text, " {} |", another.join(", "));
    if with_limits {
        let limit = |times: &Times| Some(format!("{} {}", times.limit()?, ns(times.minimum)));
        let limits: Vec<String> = row.times.iter().filter_map(limit).collect();
        let _ = write!(text, " {} |", limits.join(", "));
    }
    text.push('\n');
}

/// Writes a line for each entrant: the bytes that it keeps for each kind of message, and those that can't be freed.
fn memory_lines(rows: &[&Row], text: &mut String) {
    let Some(first) = rows.first() else { return };
    for Times { name, .. } in &first.times {
        let _ = write!(text, "| {name} |");
        for kept in rows.iter().filter_map(|row| find(row, name)) {
            let _ = write!(text, " {:.0} | {:.0} |", kept.minimum / 1024.0, kept.median / 1024.0);
        }
        text.push('\n');
    }
}

fn deflate_line(row: &Row, text: &mut String) {
    let _ = write!(text, "| {} |", row.work.name());
    for (ours, limit) in
        [("wsproto (miniz_oxide)", "limit: miniz_oxide"), ("wsproto (zlib-rs)", "limit: zlib-rs")]
    {
        if let (Some(ours), Some(limit)) = (find(row, ours), find(row, limit)) {
            let _ = write!(text, " {} | {:.2} |", ns(ours.minimum), ours.minimum / limit.minimum);
        }
    }
    if let Some(ours) = find(row, "wsproto (zlib-rs)") {
        let _ = write!(text, " {} |", to_best(row, ours));
    }
    places(row, 2, text);
    text.push('\n');
}

fn find<'a>(row: &'a Row, name: &str) -> Option<&'a Times> {
    row.times.iter().find(|times| times.name == name)
}

/// Writes the ratio to the best peer's time.
fn to_best(row: &Row, times: &Times) -> String {
    let best = row.times.iter().find(|times| times.is_peer());
    best.map_or("–".to_owned(), |best| format!("{:.2}", times.minimum / best.minimum))
}

/// Writes the best peers, as many as there are columns.
fn places(row: &Row, columns: usize, text: &mut String) {
    let mut peers = row.times.iter().filter(|times| times.is_peer());
    for _ in 0..columns {
        match peers.next() {
            Some(times) => {
                let _ = write!(text, " {} {} |", times.name, ns(times.minimum));
            }
            None => text.push_str(" – |"),
        }
    }
}

/// Lists the peers that can't do a work, and the reason.
fn cannot(rows: &[Row]) -> String {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, reason) in rows.iter().flat_map(|row| &row.cannot) {
        let names = reasons.entry(reason).or_default();
        if !names.contains(name) {
            names.push(name);
        }
    }
    let line = |(reason, names): (&&str, &Vec<&str>)| format!("- {reason}: {}.\n", names.join(", "));
    let lines: String = reasons.iter().map(line).collect();
    format!("\nPeers that can't do all of it, and why:\n\n{lines}")
}

/// Writes a time with its significant digits.
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

/// Returns how many processes wanted to run in the last quarter of an hour, and on how many processors.
fn load() -> String {
    let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let average = average.split(' ').nth(2).unwrap_or("unknown");
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{average} on {processors} processors")
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
        "websocket-codec",
        "wtx",
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
