//! Model files of nets beyond dense ones.

use amc_engine::description::Description;
use amc_host::model::Model;
use amc_kernels::Arithmetic;

#[test]
fn a_recurrent_nets_model_is_read_as_it_was_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("model.amc");
    let description = Description::of_sequences(16, 8);
    let count = description.objective().expect("a net").net().parameters();
    let parameters = (0..count).map(|i| i as f32 / 7.0).collect();
    let model = Model { description, arithmetic: Arithmetic::Portable, parameters, schema: None };
    model.save(&path).expect("saved");
    assert_eq!(Model::load(&path).expect("read"), model);
}
