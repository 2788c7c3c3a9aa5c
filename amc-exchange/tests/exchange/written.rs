//! What is written is read again, with the same bits; and what came from elsewhere is written as it was.

use amc_core::{Activation, Image, Kernel, Layer, Net};
use amc_engine::description::{Description, LayerNames, LossName};
use amc_exchange::{arrays, keras, onnx, safetensors, torch};

use crate::nets::{bytes, read};

use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};

/// Nets with layers of every kind, and every activation that these have.
fn nets() -> Vec<(usize, Vec<Layer>)> {
    let (image, row) = (Image::new(4, 3, 2), Image::new(1, 6, 3));
    let small = Kernel::new(3, 2, 1);
    let halved = image.through(small, 3);
    vec![
        (1, vec![Layer::dense(1, Linear)]),
        (5, vec![Layer::dense(4, Tanh), Layer::dense(3, Relu), Layer::dense(2, Sigmoid), Layer::dense(3, Softmax)]),
        (5, vec![Layer::dense(4, Linear), Layer::normalization(4, Tanh), Layer::dense(2, Linear)]),
        (5, vec![Layer::normalization(5, Linear)]),
        (
            24,
            vec![
                Layer::convolution(image, 3, small, Relu),
                Layer::max_pool(halved, Kernel::new(2, 1, 1)),
                Layer::normalization(27, Sigmoid),
                Layer::convolution(Image::new(3, 3, 3), 2, Kernel::new(2, 1, 0), Tanh),
                Layer::dense(2, Linear),
            ],
        ),
        (24, vec![Layer::convolution(image, 3, small, Softmax)]),
        (24, vec![Layer::convolution(image, 3, small, Linear), Layer::global_average(halved)]),
        (18, vec![Layer::conv1d(6, 3, 2, small, Relu), Layer::dense(2, Linear)]),
        (18, vec![Layer::conv1d(6, 3, 4, small, Tanh), Layer::recurrent(4, 2, 3, Tanh)]),
        (18, vec![Layer::conv1d(6, 3, 3, Kernel::new(3, 1, 1), Relu), Layer::global_average(row)]),
        (18, vec![Layer::gru_states(3, 4, 6), Layer::conv1d(6, 4, 2, small, Linear), Layer::dense(2, Linear)]),
        (18, vec![Layer::gru_states(3, 4, 6), Layer::gru(4, 2, 6), Layer::dense(2, Softmax)]),
        (18, vec![Layer::recurrent_states(3, 4, 6, Relu), Layer::dense(2, Linear)]),
        (3, vec![Layer::recurrent_states(3, 4, 1, Tanh), Layer::gru_states(4, 3, 1)]),
    ]
}

/// Nets that PyTorch has no modules for.
fn others() -> Vec<(usize, Vec<Layer>)> {
    let image = Image::new(4, 3, 2);
    let conv = |filters, activation| Layer::convolution(image, filters, Kernel::new(3, 1, 1), activation);
    vec![
        (18, vec![Layer::recurrent_states(3, 4, 6, Linear), Layer::recurrent(4, 2, 6, Sigmoid)]),
        (24, vec![Layer::keep(24), conv(2, Relu), Layer::add(24, Tanh), Layer::dense(2, Linear)]),
        (
            24,
            vec![
                conv(2, Relu),
                Layer::keep(24),
                conv(3, Linear),
                Layer::swap(24),
                conv(3, Linear),
                Layer::add(36, Relu),
                Layer::dense(2, Linear),
            ],
        ),
        (
            6,
            vec![
                Layer::keep(6),
                Layer::dense(6, Tanh),
                Layer::add(6, Linear),
                Layer::keep(6),
                Layer::dense(6, Tanh),
                Layer::add(6, Tanh),
            ],
        ),
    ]
}

/// The net, and parameters of which no two are alike; zeros of both signs and the smallest numbers are among them.
fn with_parameters((inputs, layers): (usize, Vec<Layer>)) -> (Description, Vec<f32>) {
    let count = Net::try_new(inputs, &layers).expect("a net").parameters();
    let mut parameters: Vec<_> =
        (0..count).map(|index| (index as f32 + 1.0) / 7.0 * if index % 2 == 0 { 1.0 } else { -1.0 }).collect();
    let specials = [-0.0, f32::from_bits(1), f32::MAX, 0.0, f32::MIN_POSITIVE];
    for (parameter, special) in parameters.iter_mut().step_by(3).zip(specials.into_iter().cycle()) {
        *parameter = special;
    }
    (Description::unnamed(inputs, layers, LossName::Mse), parameters)
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn graphs_are_read_again() {
    for net in nets().into_iter().chain(others()) {
        let (net, parameters) = with_parameters(net);
        let file = onnx::write(&net, &parameters, &[("amc", "a text")]).expect("written");
        let read = onnx::read(&file).unwrap_or_else(|error| panic!("{:?}: {error}", net.layers));
        assert_eq!((read.inputs, &read.layers), (net.inputs, &net.layers));
        assert_eq!(bits(&read.parameters), bits(&parameters), "{:?}", net.layers);
        assert_eq!(read.metadata.get("amc").map(String::as_str), Some("a text"));
        assert_eq!(read.told, [] as [&str; 0], "it takes samples as the net does");
        assert!(read.names.is_empty(), "{}: numbered nodes have no names", read.names);

        let called = |(index, layer): (usize, &Layer)| match layer {
            // No node is these.
            Layer::Keep(_) | Layer::Swap(_) => None,
            _ => Some(format!("the layer {index}")),
        };
        let names = LayerNames::guessed(&net.layers.iter().enumerate().map(called).collect::<Vec<_>>());
        let net = Description { names: names.clone(), ..net };
        let named = onnx::write(&net, &parameters, &[]).expect("written");
        assert_eq!(onnx::read(&named).expect("read").names, names, "{:?}", net.layers);
    }
}

#[test]
fn tensors_are_read_again() {
    for net in nets() {
        let (net, parameters) = with_parameters(net);
        let modules = torch::modules(&net, &parameters).expect("modules");
        let file = safetensors::write(&modules.tensors, ("amc", "a text".to_string())).expect("written");
        assert_eq!(file, safetensors::write(&modules.tensors, ("amc", "a text".to_string())).expect("written"));
        let (tensors, metadata) = safetensors::read(&file).expect("read");
        assert_eq!(metadata.get("amc").map(String::as_str), Some("a text"));
        let same =
            torch::parameters(&tensors, torch::Order::Names, net.inputs, &net.layers).expect("parameters").parameters;
        assert_eq!(bits(&same), bits(&parameters), "{:?}", net.layers);

        let file = arrays::write(&keras::arrays(&net, &parameters).expect("arrays")).expect("written");
        let tensors = arrays::read(file, "a.npz").expect("read");
        let same = keras::parameters(&tensors, net.inputs, &net.layers).expect("parameters").parameters;
        assert_eq!(bits(&same), bits(&parameters), "{:?}", net.layers);
    }
    for net in others().into_iter().skip(1) {
        let (net, parameters) = with_parameters(net);
        let tensors = torch::modules(&net, &parameters).expect("modules").tensors;
        let same =
            torch::parameters(&tensors, torch::Order::Given, net.inputs, &net.layers).expect("parameters").parameters;
        assert_eq!(bits(&same), bits(&parameters), "{:?}", net.layers);
    }
}

#[test]
fn a_state_dict_of_pytorch_is_written_as_it_was() {
    for file in ["dense.float32", "images", "averaged"].map(|name| format!("{name}.safetensors")) {
        let (net, _) = read(&file, &bytes(&file)).expect("read");
        let description = Description::unnamed(net.inputs, net.layers, LossName::Mse);
        let mut ours = torch::modules(&description, &net.parameters).expect("modules").tensors;
        let (theirs, _) = safetensors::read(&bytes(&file)).expect("read");
        ours.sort_by(|one, other| one.name.cmp(&other.name));
        assert_eq!(ours, theirs, "{file}");
    }
}

#[test]
fn weights_of_keras_are_written_as_they_were() {
    for file in ["dense", "images", "rnn"].map(|name| format!("keras-{name}.npz")) {
        let (net, _) = read(&file, &bytes(&file)).expect("read");
        let description = Description::unnamed(net.inputs, net.layers, LossName::Mse);
        let ours = keras::arrays(&description, &net.parameters).expect("arrays");
        assert_eq!(ours, arrays::read(bytes(&file), &file).expect("read"), "{file}");
    }
}

#[test]
fn modules_are_the_python_that_makes_them() {
    let (net, parameters) = with_parameters(nets().swap_remove(4));
    let modules = torch::modules(&net, &parameters).expect("modules");
    let wanted = [
        "net = nn.Sequential(",
        "    nn.Conv2d(2, 3, 3, stride=2, padding=1),",
        "    nn.ReLU(),",
        "    nn.MaxPool2d(2, stride=1, padding=1),",
        "    nn.LayerNorm([3, 3, 3]),",
        "    nn.Sigmoid(),",
        "    nn.Conv2d(3, 2, 2, stride=1, padding=0),",
        "    nn.Tanh(),",
        "    nn.Flatten(),",
        "    nn.Linear(8, 2),",
        ")",
    ];
    assert_eq!(modules.python.lines().collect::<Vec<_>>(), wanted);
    let names: Vec<_> = modules.tensors.iter().map(|tensor| &*tensor.name).collect();
    let of = ["0.weight", "0.bias", "3.weight", "3.bias", "5.weight", "5.bias", "8.weight", "8.bias"];
    assert_eq!(names, of);
}

/// What no module does stands in `forward`.
#[test]
fn residual_and_recurrent_nets_have_a_forward_of_their_own() {
    let layers = vec![
        Layer::recurrent_states(2, 3, 4, Tanh),
        Layer::gru(3, 5, 4),
        Layer::keep(5),
        Layer::dense(5, Relu),
        Layer::swap(5),
        Layer::add(5, Tanh),
    ];
    let (net, parameters) = with_parameters((8, layers));
    let modules = torch::modules(&net, &parameters).expect("modules");
    let wanted = "class Net(nn.Sequential):
    def forward(self, x):
        x = x.reshape(len(x), 4, 2)
        x = self[0](x)[0]
        x = x.reshape(len(x), 4, 3)
        x = self[1](x)[0][:, -1]
        kept = x
        x = self[2](x)
        x = self[3](x)
        x, kept = kept, x
        x = x + kept.reshape_as(x)
        x = self[4](x)
        return x


net = Net(
    nn.RNN(2, 3, nonlinearity='tanh', batch_first=True),
    nn.GRU(3, 5, batch_first=True),
    nn.Linear(5, 5),
    nn.ReLU(),
    nn.Tanh(),
)
";
    assert_eq!(modules.python, wanted);
}

#[test]
fn numbers_that_are_kept_for_nothing_are_no_graph() {
    for layers in [vec![Layer::keep(6)], vec![Layer::keep(6), Layer::keep(6), Layer::add(6, Linear)]] {
        let (net, parameters) = with_parameters((6, layers));
        let error = onnx::write(&net, &parameters, &[]).expect_err("no graph");
        assert_eq!(error, onnx::WriteError::Lost(0));
    }
}

#[test]
fn a_net_without_a_counterpart_is_refused() {
    let image = Image::new(4, 3, 2);
    let conv = Layer::convolution(image, 2, Kernel::new(3, 1, 1), Linear);
    for (net, words) in [
        ((18, vec![Layer::recurrent(3, 2, 6, Sigmoid)]), "layer 0: PyTorch's nn.RNN has tanh and relu"),
        ((5, vec![Layer::dense(24, Linear), conv]), "layer 1 is convolution of 4 rows, 3 columns and 2 channels, but"),
        ((24, vec![conv, Layer::recurrent(4, 2, 6, Tanh)]), "layer 1 is recurrent of 6 steps of 4 numbers, but"),
        ((24, vec![conv, Layer::keep(24), Layer::dense(24, Tanh), Layer::add(24, Tanh)]), "layer 3 adds numbers"),
    ] {
        let (net, parameters) = with_parameters(net);
        let error = torch::modules(&net, &parameters).expect_err(words).to_string();
        assert!(error.starts_with(words), "{error}");
    }
}

/// ONNX's Sign of 0 is 0, and ours is 1; PyTorch has no module of either.
#[test]
fn steps_are_refused_by_name_of_layers_of_any_kind() {
    for (activation, name) in [(Activation::Sign, "with sign"), (Activation::Step, "with step")] {
        let dense = (2, vec![Layer::dense(3, activation), Layer::dense(1, Linear)]);
        for net in [dense, (18, vec![Layer::recurrent(3, 2, 6, activation)])] {
            let (net, parameters) = with_parameters(net);
            let told = onnx::write(&net, &parameters, &[]).expect_err("refused").to_string();
            assert!(told.contains(name), "{told}");
            assert!(torch::modules(&net, &parameters).is_err());
        }
    }
}
