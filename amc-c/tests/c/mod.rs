//! A caller as C is one: memory, pointers, and statuses that are looked at.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "it stands in for C; all pointers are to live values, and lengths are theirs"
)]

use std::mem::MaybeUninit;
use std::ptr;

use amc::*;

/// What is trained, with its samples.
#[derive(Clone)]
pub struct Case {
    pub setup: Setup,
    pub inputs: usize,
    pub layers: Vec<Layer>,
    pub loss: LossKind,
    pub start: Vec<f32>,
    pub numbers: Vec<f32>,
    pub bytes: Vec<u8>,
    pub scale: f32,
    pub targets: Vec<f32>,
    pub classes: Vec<u8>,
}

fn pointer<T>(values: &[T]) -> *const T {
    if values.is_empty() { ptr::null() } else { values.as_ptr() }
}

impl Case {
    pub fn new(inputs: usize, layers: &[(usize, Activation)]) -> Self {
        let fan_ins = [inputs].into_iter().chain(layers.iter().map(|(units, _)| *units));
        let parameters = fan_ins.zip(layers).map(|(fan_in, (units, _))| (fan_in + 1) * units).sum();
        let layer = |&(units, activation)| Layer { units, activation: activation as u32 };
        Self {
            setup: Setup {
                parameters,
                net: ptr::null(),
                start: ptr::null(),
                start_sigma: 0.2,
                sigma: 0.1,
                epsilon: 0.0,
                temperature: 0.0,
                n_reset: 20,
                grid: 0,
                flags: 0,
                seed: 1,
                method: ptr::null(),
                kept: 0,
            },
            inputs,
            layers: layers.iter().map(layer).collect(),
            loss: LossKind::MeanSquaredError,
            start: vec![],
            numbers: vec![],
            bytes: vec![],
            scale: 1.0,
            targets: vec![],
            classes: vec![],
        }
    }

    pub fn xor() -> Self {
        let mut case = Self::new(2, &[(3, Activation::Tanh), (1, Activation::Linear)]);
        case.numbers = vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
        case.targets = vec![0.0, 1.0, 1.0, 0.0];
        case
    }

    /// By mixed moves, with numbers kept of so many samples.
    pub fn mixed(self, kept: usize) -> Self {
        let method = &raw const amc_mixed;
        let setup = Setup { start_sigma: 0.0, sigma: 0.0, n_reset: 0, method, kept, ..self.setup };
        Self { setup, ..self }
    }

    pub fn function(start: &[f32]) -> Self {
        let mut case = Self::new(0, &[]);
        (case.setup.parameters, case.start) = (start.len(), start.to_vec());
        case
    }

    /// The setup with its pointers.
    pub fn with_setup<T>(&self, call: impl FnOnce(&Setup) -> T) -> T {
        let net = Net {
            inputs: self.inputs,
            layers: pointer(&self.layers),
            layer_count: self.layers.len(),
            loss: self.loss as u32,
        };
        let net = if self.layers.is_empty() { ptr::null() } else { &raw const net };
        call(&Setup { net, start: pointer(&self.start), ..self.setup })
    }

    pub fn bytes(&self) -> Result<usize, Status> {
        let mut bytes = MaybeUninit::uninit();
        match self.with_setup(|setup| unsafe { amc_bytes(Some(setup), Some(&mut bytes)) }) {
            Status::Ok => Ok(unsafe { bytes.assume_init() }),
            status => Err(status),
        }
    }

    pub fn samples(&self) -> Samples {
        let features = if self.bytes.is_empty() { self.numbers.len() } else { self.bytes.len() };
        Samples {
            count: features / self.inputs,
            numbers: pointer(&self.numbers),
            bytes: pointer(&self.bytes),
            scale: self.scale,
            targets: pointer(&self.targets),
            classes: pointer(&self.classes),
        }
    }
}

/// A trainer, and its memory.
pub struct Trained {
    memory: Box<[MaybeUninit<u64>]>,
    trainer: *mut Trainer,
    parameters: usize,
    data: Case,
}

fn ok(status: Status) {
    assert_eq!(status, Status::Ok);
}

fn told<T>(call: impl FnOnce(Option<&mut MaybeUninit<T>>) -> Status) -> T {
    let mut out = MaybeUninit::uninit();
    ok(call(Some(&mut out)));
    unsafe { out.assume_init() }
}

impl Trained {
    fn made(
        case: &Case,
        make: impl FnOnce(&Setup, *mut u8, usize, Option<&mut MaybeUninit<*mut Trainer>>) -> Status,
    ) -> Self {
        let bytes = case.bytes().unwrap();
        // Not a byte more than was asked for, as a tool that watches memory can tell.
        let mut memory = Box::new_uninit_slice(bytes.div_ceil(8));
        let start = memory.as_mut_ptr().cast();
        let trainer = told(|out| case.with_setup(|setup| make(setup, start, bytes, out)));
        Self { memory, trainer, parameters: case.setup.parameters, data: case.clone() }
    }

    fn with_samples(mut self) -> Self {
        if !self.data.layers.is_empty() {
            ok(self.set_samples(&self.data.samples()));
        }
        self
    }

    pub fn without_samples(case: &Case) -> Self {
        Self::made(case, |setup, memory, bytes, out| unsafe { amc_create(Some(setup), memory, bytes, out) })
    }

    pub fn new(case: &Case) -> Self {
        Self::without_samples(case).with_samples()
    }

    pub fn saved_and_loaded(&self, case: &Case) -> Self {
        let saved = self.save();
        Self::made(case, |setup, memory, bytes, out| unsafe {
            amc_load(Some(setup), saved.as_ptr(), saved.len(), memory, bytes, out)
        })
        .with_samples()
    }

    pub fn save(&self) -> Vec<u8> {
        let mut length = MaybeUninit::uninit();
        let short = unsafe { amc_save(self.shared(), ptr::null_mut(), 0, Some(&mut length)) };
        assert_eq!(short, Status::Length);
        let mut saved = vec![0; unsafe { length.assume_init() }];
        let length = told(|out| unsafe { amc_save(self.shared(), saved.as_mut_ptr(), saved.len(), out) });
        assert_eq!(length, saved.len());
        saved
    }

    pub fn trainer(&mut self) -> Option<&mut Trainer> {
        unsafe { self.trainer.as_mut() }
    }

    pub fn shared(&self) -> Option<&Trainer> {
        unsafe { self.trainer.as_ref() }
    }

    pub fn set_samples(&mut self, samples: &Samples) -> Status {
        unsafe { amc_set_samples(self.trainer(), Some(samples)) }
    }

    /// What `amc_check_samples` says, and the index it tells.
    pub fn check_samples(&self, samples: &Samples) -> (Status, usize) {
        let mut index = MaybeUninit::uninit();
        let status = unsafe { amc_check_samples(self.shared(), Some(samples), Some(&mut index)) };
        (status, unsafe { index.assume_init() })
    }

    pub fn rescore(&mut self, loss: f32) -> Status {
        amc_rescore(self.trainer(), loss)
    }

    pub fn restart(&mut self) -> Status {
        amc_restart(self.trainer())
    }

    pub fn step(&mut self) -> Decision {
        told(|out| amc_step(self.trainer(), out))
    }

    pub fn propose(&mut self) -> (Vec<f32>, f32) {
        let n = self.parameters;
        let mut bound = MaybeUninit::uninit();
        let proposed = told(|out| amc_propose(self.trainer(), out, Some(&mut bound)));
        unsafe { (std::slice::from_raw_parts(proposed, n).to_vec(), bound.assume_init()) }
    }

    pub fn evaluate(&mut self) -> f32 {
        told(|out| amc_evaluate(self.trainer(), out))
    }

    pub fn decide(&mut self, loss: f32) -> Decision {
        told(|out| amc_decide(self.trainer(), loss, out))
    }

    pub fn parameters(&self) -> &[f32] {
        unsafe { std::slice::from_raw_parts(amc_parameters(self.shared()), self.parameters) }
    }

    pub fn loss(&self) -> f32 {
        amc_loss(self.shared())
    }

    pub fn sigma(&self) -> f32 {
        amc_sigma(self.shared())
    }

    pub fn counters(&self) -> Counters {
        told(|out| amc_count(self.shared(), out))
    }

    pub fn predict<const O: usize>(&mut self, row: &[f32]) -> [f32; O] {
        let mut outputs = [0.0; O];
        ok(unsafe { amc_predict(self.trainer(), row.as_ptr(), ptr::null(), 1.0, outputs.as_mut_ptr(), O) });
        outputs
    }

    pub fn predict_bytes<const O: usize>(&mut self, row: &[u8], scale: f32) -> [f32; O] {
        let mut outputs = [0.0; O];
        ok(unsafe { amc_predict(self.trainer(), ptr::null(), row.as_ptr(), scale, outputs.as_mut_ptr(), O) });
        outputs
    }
}
