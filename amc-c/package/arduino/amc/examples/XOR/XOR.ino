// A net of 2 inputs, 3 tanh units and an output learns XOR, and says what it answers.
#include <amc.h>

const size_t PARAMETERS = AMC_PARAMETERS(2, 3) + AMC_PARAMETERS(3, 1);
// The mean squared error below which XOR is learned.
const float LEARNED = 0.01f;

const amc_layer LAYERS[] = {{3, AMC_ACTIVATION_TANH}, {1, AMC_ACTIVATION_LINEAR}};
const float FEATURES[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
const float TARGETS[4] = {0, 1, 1, 0};

alignas(AMC_ALIGNMENT) uint8_t memory[AMC_NET_BYTES(2, PARAMETERS, 2, 3)];
amc_trainer *trainer;

void stop(const char *why, amc_status status) {
  Serial.print(why);
  Serial.println(static_cast<int>(status));
  for (;;) {
    delay(1000);
  }
}

void setup() {
  Serial.begin(115200);
  amc_net net = {};
  net.inputs = 2;
  net.layers = LAYERS;
  net.layer_count = 2;
  net.loss = AMC_LOSS_KIND_MEAN_SQUARED_ERROR;
  amc_setup options = {};
  options.parameters = PARAMETERS;
  options.net = &net;
  options.start_sigma = 0.2f;
  options.sigma = 0.1f;
  options.n_reset = 20;
  options.seed = 1;
  amc_samples samples = {};
  samples.count = 4;
  samples.numbers = FEATURES[0];
  samples.scale = 1;
  samples.targets = TARGETS;

  amc_status status = amc_create(&options, memory, sizeof memory, &trainer);
  if (status != AMC_STATUS_OK) {
    stop("amc_create: ", status);
  }
  status = amc_set_samples(trainer, &samples);
  if (status != AMC_STATUS_OK) {
    stop("amc_set_samples: ", status);
  }
}

// A move each time; once XOR is learned, what the net answers.
void loop() {
  if (amc_loss(trainer) >= LEARNED) {
    const amc_status status = amc_step(trainer, nullptr);
    if (status != AMC_STATUS_OK) {
      stop("amc_step: ", status);
    }
    return;
  }
  for (const auto &features : FEATURES) {
    float output;
    const amc_status status = amc_predict(trainer, features, nullptr, 1, &output, 1);
    if (status != AMC_STATUS_OK) {
      stop("amc_predict: ", status);
    }
    Serial.println(output);
  }
  delay(1000);
}
