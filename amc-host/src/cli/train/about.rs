//! What a run was, for its report.

use amc_engine::description::Description;
use amc_engine::integer;
use amc_engine::train::{Batching, Method, Settings};
use amc_kernels::Arithmetic;

use super::stop::StopArgs;
use crate::output::About;

/// Of a run on the data called `name`.
pub(super) fn about(
    name: &str,
    command: &[String],
    description: &Description,
    (settings, stop): (&Settings, &StopArgs),
    data: Vec<String>,
) -> About {
    let on = |on: bool| if on { "on" } else { "off" }.to_string();
    let options = settings.options;
    let layers = description.layers.iter().map(|layer| layer.units().to_string());
    let sizes: Vec<_> = std::iter::once(description.inputs.to_string()).chain(layers).collect();
    let of_method = match settings.method {
        Method::Amc => vec![
            ("sigma at the start", options.sigma.to_string()),
            ("epsilon", options.epsilon.to_string()),
            ("n_reset", options.n_reset.to_string()),
            ("signal norm", on(settings.signal_norm)),
            ("in place", on(settings.in_place)),
        ],
        Method::Mixed => Vec::new(),
    };
    let of_run = vec![
        ("layers", sizes.join(", ")),
        ("loss", description.loss.name().to_string()),
        ("method", settings.method.name().to_string()),
        ("temperature", options.temperature.to_string()),
        (
            "batch",
            match settings.batching {
                Batching::Full => "full".into(),
                Batching::Progressive => "progressive".into(),
                Batching::Mini(size) => size.to_string(),
            },
        ),
        ("steps", settings.steps.to_string()),
        ("loss to end at", stop.loss().map_or("none".into(), |loss| loss.to_string())),
        ("seed", settings.seed.to_string()),
        ("arithmetic", Arithmetic::name(settings.arithmetic).to_string()),
        ("amc", env!("CARGO_PKG_VERSION").to_string()),
    ];
    page(name, command, of_run.into_iter().chain(of_method).collect(), data)
}

/// Of a run of an integer net.
pub(super) fn about_integers(
    name: &str,
    command: &[String],
    description: &integer::Description,
    (settings, stop): (&integer::Settings, &StopArgs),
    data: Vec<String>,
) -> About {
    let layers = description.layers.iter().map(|layer| layer.units().to_string());
    let sizes: Vec<_> = std::iter::once(description.inputs.to_string()).chain(layers).collect();
    let shifts: Vec<_> = description.scales.iter().map(|scale| scale.shift.to_string()).collect();
    let biases: Vec<_> = description.scales.iter().map(|scale| scale.bias.to_string()).collect();
    let settings = vec![
        ("layers", sizes.join(", ")),
        ("numbers", "int8".to_string()),
        ("inputs", description.of.name().to_string()),
        ("largest weight", description.limit.to_string()),
        ("sums are divided by 2 to the", shifts.join(", ")),
        ("biases are multiplied by 2 to the", biases.join(", ")),
        ("loss", description.of_floats().loss.name().to_string()),
        ("steps", settings.steps.to_string()),
        ("loss to end at", stop.loss().map_or("none".into(), |loss| loss.to_string())),
        ("seed", settings.seed.to_string()),
        ("amc", env!("CARGO_PKG_VERSION").to_string()),
    ];
    page(name, command, settings, data)
}

fn page(name: &str, command: &[String], settings: Vec<(&'static str, String)>, data: Vec<String>) -> About {
    let words = std::iter::once("amc").chain(command.iter().skip(1).map(String::as_str));
    let command = shlex::try_join(words.clone()).unwrap_or_else(|_| words.collect::<Vec<_>>().join(" "));
    About { title: name.to_string(), command, settings, data }
}
