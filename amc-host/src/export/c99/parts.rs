//! The C that is written: functions, each in a file of its own beside this one, in which names begin with `model_` or `MODEL_`.

/// A file, in which some functions may be that belong together.
struct Part {
    name: &'static str,
    /// The parts that it calls.
    calls: &'static [&'static str],
    text: &'static str,
}

macro_rules! parts {
    ($($name:ident($($calls:ident),*),)+) => {
        &[$(Part {
            name: stringify!($name),
            calls: &[$(stringify!($calls)),*],
            text: include_str!(concat!(stringify!($name), ".h")),
        }),+]
    };
}

/// All of them, in an order in which each stands behind what it calls.
const PARTS: &[Part] = parts![
    scale(),
    unscale(),
    class(),
    power_of_two(),
    exp(power_of_two),
    tanh(power_of_two),
    relu(),
    sign(),
    step(),
    sigmoid(exp),
    softmax(exp),
    dense(),
    side(),
    convolution(side),
    max_pool(side),
    global_average(),
    normalization(),
    states(),
    recurrent(dense, states),
    gru(dense, states, sigmoid, tanh),
    add(),
];

/// Parts, and what they call.
pub(super) fn parts(wanted: &[&'static str]) -> String {
    let mut wanted = wanted.to_vec();
    let mut texts = Vec::new();
    for part in PARTS.iter().rev() {
        if wanted.contains(&part.name) {
            wanted.extend(part.calls);
            texts.push(format!("\n{}", part.text));
        }
    }
    texts.into_iter().rev().collect()
}
