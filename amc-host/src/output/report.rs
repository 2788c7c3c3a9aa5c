//! A run on one page: HTML that needs no other file and no network.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Point, Summary, curves, quality};
use crate::metrics::Metrics;

/// What a run was.
pub struct About {
    /// What it learned.
    pub title: String,
    /// The command line that makes it again.
    pub command: String,
    /// Its settings, by their names.
    pub settings: Vec<(&'static str, String)>,
    /// What was found out about the data.
    pub data: Vec<String>,
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}\
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}table{border-collapse:collapse;margin:.5em 0}\
th,td{padding:.15em .8em;overflow-wrap:anywhere;text-align:left;border-bottom:1px solid #ddd}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
.n{white-space:nowrap}.wide{overflow-x:auto}figure{margin:1em 0}\
pre{background:#f4f4f4;padding:.8em;white-space:pre-wrap;overflow-wrap:anywhere}svg{max-width:100%;height:auto}\
@media(max-width:40em){body{margin:1em auto}th,td{padding:.15em .3em}}";

/// The page.
pub(super) fn page(about: &About, curve: &[Point], summary: &Summary) -> anyhow::Result<String> {
    let parts = [("test", summary.test.as_ref()), ("train", Some(&summary.train))];
    let mut of_parts = Vec::new();
    for (part, metrics) in parts {
        if let Some(metrics) = metrics {
            of_parts.push(html! {
                h2 { "How good, on the samples to " (part) }
                div.wide { (table(metrics)) }
                figure id=(format!("quality-{part}")) { (PreEscaped(quality::draw(metrics)?)) }
            });
        }
    }
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "amc: " (about.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (about.title) }
                (in_numbers(summary))
                @for part in of_parts { (part) }
                h2 { "The way" }
                figure id="loss" { (PreEscaped(curves::loss(curve)?)) }
                figure id="moves" { (PreEscaped(curves::moves(curve)?)) }
                @if !about.data.is_empty() {
                    h2 { "The data" }
                    pre id="data" { (about.data.join("\n")) }
                }
                h2 { "The run" }
                table id="settings" {
                    @for (name, value) in &about.settings { tr { th { (name) } td { (value) } } }
                }
                p { "The same again:" }
                pre id="command" { (about.command) }
            }
        }
    };
    Ok(page.into_string())
}

fn in_numbers(summary: &Summary) -> Markup {
    let percent = |share: f32| format!("{:.1}%", 100.0 * share);
    html! {
        table id="summary" {
            @if let Some(accuracy) = summary.test_accuracy { tr { th { "accuracy, test" } td.n { (percent(accuracy)) } } }
            @if let Some(accuracy) = summary.train_accuracy { tr { th { "accuracy, train" } td.n { (percent(accuracy)) } } }
            @if let Some(loss) = summary.test_loss { tr { th { "loss, test" } td.n { (loss) } } }
            tr { th { "loss" } td.n { (summary.loss) } }
            tr { th { "steps" } td.n { (summary.steps) } }
            @if let Some(why) = &summary.ended { tr { th { "ended early" } td { (why) } } }
            tr { th { "acceptance rate" } td.n { (format!("{:.4}", summary.acceptance_rate)) } }
            tr { th { "sigma" } td.n { (format!("{:e}", summary.sigma)) } }
            tr { th { "parameters" } td.n { (summary.parameters) } }
            tr { th { "seconds" } td.n { (format!("{:.1}", summary.seconds)) } }
            tr { th { "CRC-32 of the parameters" } td.n { (summary.params_hash) } }
        }
    }
}

fn table(metrics: &Metrics) -> Markup {
    let cells = metrics.cells();
    let class = |column: usize| (column > 0).then_some("n");
    html! {
        table {
            @for (row, cells) in cells.iter().enumerate() {
                tr {
                    @for (column, cell) in cells.iter().enumerate() {
                        @if row == 0 { th class=[class(column)] { (cell) } } @else { td class=[class(column)] { (cell) } }
                    }
                }
            }
        }
    }
}
