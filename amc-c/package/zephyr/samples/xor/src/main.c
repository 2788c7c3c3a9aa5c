/* A net of 2 inputs, 3 tanh units and an output learns XOR. */
#include <amc.h>
#include <zephyr/kernel.h>

#define N (AMC_PARAMETERS(2, 3) + AMC_PARAMETERS(3, 1))

static _Alignas(AMC_ALIGNMENT) uint8_t memory[AMC_NET_BYTES(2, N, 2, 3)];

int main(void)
{
	static const amc_layer layers[] = {{3, AMC_ACTIVATION_TANH}, {1, AMC_ACTIVATION_LINEAR}};
	static const float rows[] = {0, 0, 0, 1, 1, 0, 1, 1}, wanted[] = {0, 1, 1, 0};
	const amc_net net = {
		.inputs = 2, .layers = layers, .layer_count = 2, .loss = AMC_LOSS_KIND_MEAN_SQUARED_ERROR};
	const amc_setup setup = {
		.parameters = N, .net = &net, .start_sigma = 0.2f, .sigma = 0.1f, .n_reset = 20, .seed = 1};
	const amc_samples samples = {.count = 4, .numbers = rows, .scale = 1, .targets = wanted};
	amc_counters counters;
	amc_trainer *trainer;
	amc_status status = amc_create(&setup, memory, sizeof memory, &trainer);

	if (status == AMC_STATUS_OK) {
		status = amc_set_samples(trainer, &samples);
	}
	while (status == AMC_STATUS_OK && amc_loss(trainer) >= 0.01f) {
		status = amc_step(trainer, NULL);
	}
	if (status == AMC_STATUS_OK) {
		status = amc_count(trainer, &counters);
	}
	if (status == AMC_STATUS_OK) {
		printk("learned XOR in %u moves\n", (unsigned int)counters.steps);
	} else {
		printk("amc: status %d\n", (int)status);
	}
	return 0;
}
