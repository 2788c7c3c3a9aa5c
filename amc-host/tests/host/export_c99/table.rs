//! What a table's net has besides: its scaling, and its classes.

use std::fs;
use std::process::Command;

use super::compile;
use crate::cli::{amc, json, stdout};
use crate::export_c::repository;

/// Answers the rows of a table, windows of three of them, as the command does.
const ANSWERS: &str = r#"
#include <stdio.h>
#include "log.h"

int main(void)
{
    static const float measured[] = {ROWS};
    size_t row, i;

    for (row = 0; row + LOG_ROWS <= sizeof measured / sizeof measured[0] / LOG_FEATURES; row++) {
        float inputs[LOG_INPUTS], outputs[LOG_OUTPUTS], scratch[LOG_SCRATCH];

        for (i = 0; i < LOG_INPUTS; i++)
            inputs[i] = measured[row * LOG_FEATURES + i];
        log_scale(inputs);
        log_predict(inputs, outputs, scratch);
        log_unscale(outputs);
        for (i = 0; i < LOG_OUTPUTS; i++)
            printf("%.9g\n", (double)outputs[i]);
    }
    return 0;
}
"#;

#[test]
fn rows_of_a_table_are_answered_as_by_the_command() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let rows: Vec<_> = (0..80).map(|i| format!("{},{}", 1000 + i * 7 % 13, i * 5 % 17)).collect();
    fs::write(dir.join("log.csv"), rows.iter().map(|row| format!("{row},{}\n", row.len())).collect::<String>())
        .expect("written");
    let train = ["train", "--data", "log.csv", "--window", "3", "--steps", "5", "--task", "regress", "--json"];
    json(&train, dir);
    assert!(amc(&["export", "runs/log/model.amc", "--c99", "-o", "log.h"], dir).status.success());
    fs::write(dir.join("answers.c"), ANSWERS.replace("ROWS}", &(rows.join(", ") + "}"))).expect("written");
    compile(&["cc", "-std=c99", "answers.c"], "host.c", dir).expect("compiled");
    let told = Command::new(dir.join("program")).output().expect("it runs").stdout;
    let numbers = |text: &str| text.lines().filter_map(|line| line.parse::<f32>().ok()).collect::<Vec<_>>();
    let answers = numbers(&stdout(&["predict", "runs/log/model.amc", "log.csv"], dir));
    assert!(answers.len() == 78 && answers.iter().any(|y| *y != answers[0]), "{answers:?}");
    assert_eq!(numbers(&String::from_utf8(told).expect("UTF-8")), answers);
}

/// The example without the library has the header that its commands make; and behind the library's header it has what the
/// example with the library takes.
#[test]
fn the_example_is_of_the_table_and_does_for_the_library_too() {
    let dir = tempfile::tempdir().expect("a folder");
    let (dir, examples) = (dir.path(), repository().join("amc-c/examples"));
    fs::copy(repository().join("data/iris.csv"), dir.join("iris.csv")).expect("the table");
    json(&["train", "--data", "iris.csv", "--json"], dir);
    assert!(amc(&["export", "runs/iris/model.amc", "--c99", "-o", "iris.h"], dir).status.success());
    let header = fs::read_to_string(dir.join("iris.h")).expect("the header");
    let kept = examples.join("c99/iris.h");
    if std::env::var_os("AMC_WRITE_EXAMPLE").is_some() {
        fs::write(&kept, &header).expect("written");
    }
    let up_to_date = fs::read_to_string(kept).is_ok_and(|kept| kept == header);
    assert!(up_to_date, "amc-c/examples/c99/iris.h is not up to date: AMC_WRITE_EXAMPLE=1 makes it");

    fs::copy(examples.join("table/main.c"), dir.join("main.c")).expect("the other example");
    let library = repository().join("amc-c/include/amc.h");
    let options = ["-std=c11", "-fsyntax-only", "-include", library.to_str().expect("UTF-8"), "main.c"];
    compile(&[&["cc"], &options[..]].concat(), "host.c", dir).expect("compiled");
}

/// Tells the classes of outputs.
const CLASSES: &str = r#"
#include <stdio.h>
#include "iris.h"

int main(void)
{
    static const float outputs[][IRIS_OUTPUTS] = {
        {0, 2, 1, 0, 0}, {-1, -2, -1, -1, -1}, {3, 4, 4, 0, 4}, {0, 0, 1, 1.5f, 0}, {0, 0, 0, 0, 1},
    };
    const float nan = (outputs[0][1] * 1e38f * 1e38f) * 0.0f, odd[IRIS_OUTPUTS] = {5, 1, 1, 1, nan};
    size_t i;

    for (i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
        printf("%d ", iris_class(outputs[i]));
    printf("%d", iris_class(odd));
    return 0;
}
"#;

#[test]
fn the_class_is_the_first_of_the_largest_outputs_if_it_has_a_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    fs::copy(repository().join("data/iris.csv"), dir.join("iris.csv")).expect("the table");
    json(&["train", "--data", "iris.csv", "--layers", "4,5", "--steps", "5", "--json"], dir);
    assert!(amc(&["export", "runs/iris/model.amc", "--c99", "-o", "iris.h"], dir).status.success());
    fs::write(dir.join("classes.c"), CLASSES).expect("written");
    compile(&["cc", "-std=c99", "classes.c"], "host.c", dir).expect("compiled");
    let told = Command::new(dir.join("program")).output().expect("it runs").stdout;
    assert_eq!(String::from_utf8(told).expect("UTF-8"), "1 0 1 -1 -1 -1");
}
