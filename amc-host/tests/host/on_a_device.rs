//! A model of a table as a device uses it: its numbers are scaled there, and its answers are those of `amc predict`.

use std::fs;

use amc_core::{Net, Objective, Portable, Rows};
use amc_store::model::Stored;

use crate::cli::{json, stdout};

/// Readings that depend on the ones before, far from 1.
fn readings(count: usize) -> Vec<[f32; 2]> {
    (0..count).map(|i| [1000.0 + (i * 7 % 13) as f32, 0.01 * (i * 5 % 17) as f32]).collect()
}

#[test]
fn a_model_file_answers_windows_of_readings_as_the_command_does() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = readings(80);
    let rows = all.iter().map(|[pressure, flow]| format!("{pressure},{flow},{}\n", 3.0 * pressure - 50.0 * flow));
    let table = "pressure,flow,power\n".to_string() + &rows.collect::<String>();
    fs::write(dir.path().join("log.csv"), table).expect("written");
    json(&["train", "--data", "log.csv", "--window", "3", "--steps", "200", "--json"], dir.path());
    let answers = stdout(&["predict", "runs/log/model.amc", "log.csv"], dir.path());

    let file = fs::read(dir.path().join("runs/log/model.amc")).expect("the model");
    let stored = Stored::parse(&file).expect("a model");
    let layers: Vec<_> = stored.description().layers().collect();
    let net = Net::try_new(stored.description().inputs(), &layers).expect("a net");
    let objective = Objective::try_new(net, stored.loss()).expect("its loss");
    let (mut parameters, mut scratch) = (vec![0.0; net.parameters()], vec![0.0; net.scratch(1)]);
    stored.load(&objective, &mut parameters).expect("loaded");
    let mut told = "power\n".to_string();
    for window in all.windows(3) {
        let mut numbers = window.concat();
        stored.scale_inputs(&mut numbers).expect("scaled");
        let numbers = Rows::new(&numbers, 6, 1.0);
        let given = objective.predict(Portable::<1>, &parameters, &numbers, 0, &mut scratch).expect("an answer");
        let mut power = [given[0]];
        stored.unscale_outputs(&mut power).expect("unscaled");
        told += &format!("{}\n", power[0]);
    }
    assert_eq!(told, answers);
    assert!(stored.scale_inputs(&mut all.concat()[..2]).is_err(), "a row is no window");
}
