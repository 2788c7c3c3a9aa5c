/* Neural nets and other functions that learn without gradients. cbindgen made this from the crate amc-c. */

#ifndef AMC_H
#define AMC_H

#include <stddef.h>
#include <stdint.h>

/* Parameters of a layer of `units` neurons with `fan_in` inputs each: a net's N is the sum over its layers. */
#define AMC_PARAMETERS(fan_in, units) (((fan_in) + 1) * (units))

/* Bytes of memory for a trainer of a function of `parameters` numbers. `copies` are 2; one more if epsilon is not 0,
   one less with AMC_IN_PLACE. */
#define AMC_FUNCTION_BYTES(copies, parameters) \
  (AMC_TRAINER_WORDS * sizeof(void *) + ((parameters) - 1) / AMC_RANGE * AMC_STREAM_BYTES + \
   (copies) * (parameters) * sizeof(float))

/* The same for a net of so many `layers`, of which the widest has `widest` units. */
#define AMC_NET_BYTES(copies, parameters, layers, widest) \
  (AMC_FUNCTION_BYTES(copies, parameters) + \
   (layers) * (2 * sizeof(void *) + AMC_LAYER_NUMBERS * sizeof(float)) + 2 * (widest) * sizeof(float))

/* Numbers that whiten the moves of a layer of so many inputs. */
#define AMC_WHITENING(inputs) ((inputs) > 1 && (inputs) <= 32 ? (inputs) * ((inputs) + 1) / 2 : 0)

/* The same for a net that learns by `amc_mixed`: `fan_ins` are the inputs of all its layers together, `whitening` their AMC_WHITENING
   together, `kept` the units of all layers but the last and of all but the first (of a single layer its units), and 4 more where the
   last is a softmax of 4 units or more; `samples` are amc_setup.kept. */
#define AMC_MIXED_BYTES(parameters, layers, widest, fan_ins, whitening, kept, samples) \
  ((AMC_TRAINER_WORDS + AMC_MIXED_WORDS + 2 + (layers) * AMC_MIXED_LAYER_WORDS) * sizeof(void *) + \
   (5 + (layers) * AMC_MIXED_LAYER_NUMBERS + 3 * (parameters) + 3 * (fan_ins) + (whitening) + \
    2 * (widest) + ((kept) + 1) * (samples)) * sizeof(float))

/* The same for a learner, with the newest `window` samples of so many numbers each, inputs and outputs. */
#define AMC_LEARNER_BYTES(copies, parameters, layers, widest, numbers, window) \
  (AMC_NET_BYTES(copies, parameters, layers, widest) + (AMC_LEARNER_WORDS - AMC_TRAINER_WORDS) * sizeof(void *) + \
   (window) * (numbers) * sizeof(float))

/* Bytes of memory for amc_net_predict, for a net of so many `layers`, of which the widest has `widest` units. */
#define AMC_PREDICT_BYTES(layers, widest) \
  ((layers) * (2 * sizeof(void *) + (AMC_LAYER_NUMBERS - 2) * sizeof(float)) + 2 * (widest) * sizeof(float))

/* Bytes of memory for a body of so many `layers`. */
#define AMC_BODY_BYTES(layers) ((AMC_BODY_WORDS + 2 * (layers)) * sizeof(void *))

/* Bytes of memory for amc_body_features, for a body of so many `inputs` and `layers`, of which the widest has `widest` units. */
#define AMC_FEATURES_BYTES(inputs, layers, widest) \
  (2 * ((inputs) > (widest) + (AMC_LAYER_NUMBERS - 2) / 2 * (layers) \
            ? (inputs) \
            : (widest) + (AMC_LAYER_NUMBERS - 2) / 2 * (layers)) * \
   sizeof(float))

/* Bytes that are enough for what amc_save writes; `layers` is 0 without a net. */
#define AMC_SAVED_BYTES(parameters, layers) \
  (192 + 16 * (layers) + ((parameters) - 1) / AMC_RANGE * 17 + 2 * (parameters) * sizeof(float))

/**
 * For `amc_setup.flags`: proposals overwrite the parameters, and are undone exactly where they are rejected. It saves
 * a copy of the parameters, and needs a grid.
 */
#define AMC_IN_PLACE 1

/**
 * For `amc_setup.flags`: the weights of a layer are moved by sigma over the root of the mean square length of its
 * inputs (the paper's Eq. 17). It needs a net.
 */
#define AMC_SIGNAL_NORM 2

/**
 * What memory for a trainer is aligned to, in bytes.
 */
#define AMC_ALIGNMENT 8

/**
 * A body itself, in words of the size of a pointer.
 */
#define AMC_BODY_WORDS 10

/**
 * The trainer itself, in words of the size of a pointer.
 */
#define AMC_TRAINER_WORDS 66

/**
 * Parameters that are drawn from one generator.
 */
#define AMC_RANGE 16384

/**
 * Bytes for each `AMC_RANGE` parameters beyond the first.
 */
#define AMC_STREAM_BYTES 40

/**
 * Numbers for each layer, beside its parameters: its signals, and partial sums.
 */
#define AMC_LAYER_NUMBERS 18

/**
 * The learner itself, in words of the size of a pointer.
 */
#define AMC_LEARNER_WORDS 84

/**
 * What mixed moves have beside the trainer, in words of the size of a pointer.
 */
#define AMC_MIXED_WORDS 68

/**
 * Words for each layer: its description, what is known of what is kept of it, and its two arms.
 */
#define AMC_MIXED_LAYER_WORDS 14

/**
 * Numbers for each layer: partial sums, and what its two arms know.
 */
#define AMC_MIXED_LAYER_NUMBERS 24

/**
 * What became of a call. After anything but `AMC_STATUS_OK` the trainer is as it was.
 */
enum amc_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * It was done.
   */
  AMC_STATUS_OK = 0,
  /**
   * A pointer that is needed is NULL.
   */
  AMC_STATUS_NULL,
  /**
   * A pointer is not aligned: memory to `AMC_ALIGNMENT` bytes, arrays as their type demands.
   */
  AMC_STATUS_MISALIGNED,
  /**
   * The memory is too short: `amc_bytes` tells how much is needed, `AMC_PREDICT_BYTES` for `amc_net_predict`, and
   * `AMC_BODY_BYTES` and `AMC_FEATURES_BYTES` for a body.
   */
  AMC_STATUS_MEMORY,
  /**
   * An array of outputs or features, or a buffer to save to, is not as long as needed; or numbers to scale are not rows of as many
   * as there are scalings.
   */
  AMC_STATUS_LENGTH,
  /**
   * `parameters` is 0, or not the number of parameters of the net; or frozen weights or others are not as many as it has.
   */
  AMC_STATUS_PARAMETERS,
  /**
   * The net takes no input.
   */
  AMC_STATUS_NO_INPUTS,
  /**
   * The net has no layer.
   */
  AMC_STATUS_NO_LAYERS,
  /**
   * A layer has no units.
   */
  AMC_STATUS_NO_UNITS,
  /**
   * An activation is not one of `amc_activation`.
   */
  AMC_STATUS_ACTIVATION,
  /**
   * A softmax is not the last layer, or has a single unit.
   */
  AMC_STATUS_SOFTMAX,
  /**
   * Sizes overflow the address space.
   */
  AMC_STATUS_TOO_LARGE,
  /**
   * The loss is not one of `amc_loss_kind`.
   */
  AMC_STATUS_LOSS_KIND,
  /**
   * Cross-entropy needs a softmax or sigmoid output.
   */
  AMC_STATUS_NOT_PROBABILITIES,
  /**
   * `sigma` is not a finite number above 0.
   */
  AMC_STATUS_SIGMA,
  /**
   * `epsilon` is not finite.
   */
  AMC_STATUS_EPSILON,
  /**
   * `temperature` is negative or not finite.
   */
  AMC_STATUS_TEMPERATURE,
  /**
   * `grid` is not from -100 to 100.
   */
  AMC_STATUS_GRID,
  /**
   * `sigma` is below the step of the grid.
   */
  AMC_STATUS_SIGMA_BELOW_GRID,
  /**
   * `AMC_IN_PLACE` needs a grid.
   */
  AMC_STATUS_NO_GRID,
  /**
   * `flags` has others than `AMC_IN_PLACE` and `AMC_SIGNAL_NORM`.
   */
  AMC_STATUS_FLAGS,
  /**
   * A parameter to start from is infinite or not a number (`amc_check_numbers` tells which), or `start_sigma` is not
   * finite or below 0.
   */
  AMC_STATUS_START,
  /**
   * There is no net to do that with.
   */
  AMC_STATUS_NO_NET,
  /**
   * There are no samples: `amc_set_samples`.
   */
  AMC_STATUS_NO_SAMPLES,
  /**
   * Either `numbers` or `bytes` has to be given, and either `targets` or `classes`.
   */
  AMC_STATUS_SAMPLES,
  /**
   * A `scale` is 0, infinite or not a number, or an `offset` is infinite or not a number.
   */
  AMC_STATUS_SCALE,
  /**
   * A feature is infinite or not a number: `amc_check_samples` tells which, or `amc_check_numbers`.
   */
  AMC_STATUS_FEATURE,
  /**
   * A target is infinite or not a number: `amc_check_samples` tells which.
   */
  AMC_STATUS_TARGET,
  /**
   * A sample's class has no output: `amc_check_samples` tells which.
   */
  AMC_STATUS_CLASS,
  /**
   * Cross-entropy needs targets from 0 to 1, and for a softmax output exactly one 1 to a sample, the others 0:
   * `amc_check_samples` tells which sample has others.
   */
  AMC_STATUS_PROBABILITIES,
  /**
   * With `AMC_SIGNAL_NORM`: the features are so large that the mean of their squares overflows, or so small that it
   * vanishes, and the first layer would not move. `scale` should bring them to about 1.
   */
  AMC_STATUS_SIGNAL,
  /**
   * The loss of the current parameters is infinite or not a number. With finite samples: they, or the parameters,
   * are so large that the net's sums overflow.
   */
  AMC_STATUS_LOSS,
  /**
   * The loss of the current parameters is not known yet: `amc_set_samples`, or `amc_rescore`.
   */
  AMC_STATUS_NO_LOSS,
  /**
   * There is no proposal to evaluate or decide: `amc_propose`.
   */
  AMC_STATUS_NO_PROPOSAL,
  /**
   * A proposal is undecided: trainers are saved between moves. With `AMC_IN_PLACE` nothing is predicted, too.
   */
  AMC_STATUS_UNDECIDED,
  /**
   * A number of the trainer's state is not finite: from there no training could go on. Or one of a body's parameters, or one
   * that `amc_check_numbers`, `amc_scale` or `amc_unscale` was given: the first of these tells which.
   */
  AMC_STATUS_NOT_FINITE,
  /**
   * The bytes are not what `amc_save` wrote, all of it and nothing else.
   */
  AMC_STATUS_NOT_SAVED,
  /**
   * The bytes are of a version that this library does not know.
   */
  AMC_STATUS_VERSION,
  /**
   * They are of another net, number of parameters or loss, or of another arithmetic.
   */
  AMC_STATUS_OTHER_NET,
  /**
   * They are of other hyperparameters.
   */
  AMC_STATUS_OTHER_OPTIONS,
  /**
   * A fault of this library.
   */
  AMC_STATUS_FAULT,
  /**
   * A number of a learner's sample is beyond its limit.
   */
  AMC_STATUS_LIMIT,
  /**
   * A learner's window has no sample, or `limit`, `surprise` or `improved` is negative or not a number.
   */
  AMC_STATUS_WINDOW,
  /**
   * What is asked for does not go with the setup's `method`. Of `amc_mixed`: `start_sigma`, `sigma`, `epsilon`, `n_reset`,
   * `grid` or `flags` is not 0, or `kept` is; or a call is one of those that it does not know, `amc_rescore`, `amc_propose`,
   * `amc_evaluate`, `amc_decide`, `amc_restart`, `amc_save` and `amc_load`. A learner has the chain alone.
   */
  AMC_STATUS_METHOD,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum amc_status amc_status;
#else
typedef uint32_t amc_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What became of a proposal.
 */
enum amc_decision
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The proposed parameters are now the current ones.
   */
  AMC_DECISION_ACCEPTED = 0,
  /**
   * The current parameters stay.
   */
  AMC_DECISION_REJECTED = 1,
  /**
   * The current parameters stay; it was the `n_reset`-th rejection in a row, so sigma was reduced.
   */
  AMC_DECISION_REJECTED_AND_RESET = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum amc_decision amc_decision;
#else
typedef uint32_t amc_decision;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The function that makes a neuron's output from its input.
 */
enum amc_activation
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The input itself.
   */
  AMC_ACTIVATION_LINEAR = 0,
  /**
   * The hyperbolic tangent.
   */
  AMC_ACTIVATION_TANH = 1,
  /**
   * max(0, input)
   */
  AMC_ACTIVATION_RELU = 2,
  /**
   * 1 / (1 + e^-input)
   */
  AMC_ACTIVATION_SIGMOID = 3,
  /**
   * e^input over the sum of that of all the layer's neurons; on the last layer only.
   */
  AMC_ACTIVATION_SOFTMAX = 4,
  /**
   * -1 below 0, else 1.
   */
  AMC_ACTIVATION_SIGN = 5,
  /**
   * 0 below 0, else 1.
   */
  AMC_ACTIVATION_STEP = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum amc_activation amc_activation;
#else
typedef uint32_t amc_activation;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is to become small.
 */
enum amc_loss_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * (output - target)^2, the mean over samples and outputs.
   */
  AMC_LOSS_KIND_MEAN_SQUARED_ERROR = 0,
  /**
   * -ln of the probability given to the target, the mean over samples; for softmax and sigmoid outputs.
   */
  AMC_LOSS_KIND_CROSS_ENTROPY = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum amc_loss_kind amc_loss_kind;
#else
typedef uint32_t amc_loss_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Layers that are not trained, with their parameters, which stay where they are. It does not change: several contexts may use it at a
 * time, each with memory of its own.
 */
typedef struct amc_body amc_body;

/**
 * A net that goes on learning from the newest samples. One context at a time may use it: it has no locks.
 */
typedef struct amc_learner amc_learner;

/**
 * What makes the moves of a trainer. There is nothing in it for C: `amc_mixed` is one.
 */
typedef struct amc_method amc_method;

/**
 * How weights of frozen layers are stored. There is nothing in it for C: `amc_f32`, `amc_f16` and `amc_i8` are ways to.
 */
typedef struct amc_stored amc_stored;

/**
 * A training, in memory of the caller's. One context at a time may use it: it has no locks.
 */
typedef struct amc_trainer amc_trainer;

/**
 * A layer in which every neuron is connected to all outputs of the layer before.
 */
typedef struct amc_layer {
  /**
   * Neurons.
   */
  size_t units;
  /**
   * One of `amc_activation`.
   */
  uint32_t activation;
} amc_layer;

/**
 * A net and its loss. Its parameters are, for each layer in turn, the weights, `[fan-in][units]`, and then the
 * biases, `[units]`.
 */
typedef struct amc_net {
  /**
   * Numbers in a sample.
   */
  size_t inputs;
  /**
   * The layers, in the order in which data pass them. They are copied.
   */
  const struct amc_layer *layers;
  /**
   * How many they are.
   */
  size_t layer_count;
  /**
   * One of `amc_loss_kind`; of a body it is not looked at.
   */
  uint32_t loss;
} amc_net;

/**
 * What is trained, and how. It is read when a trainer is created or loaded, and not needed afterwards; what is 0 has
 * its default.
 */
typedef struct amc_setup {
  /**
   * N, how many parameters there are: with a net, those of its layers by `AMC_PARAMETERS`.
   */
  size_t parameters;
  /**
   * The net, or NULL where a function of your own is trained.
   */
  const struct amc_net *net;
  /**
   * N parameters to start from, or NULL: then they are drawn from N(0, `start_sigma`^2). On a grid they are rounded
   * to it.
   */
  const float *start;
  /**
   * The scale of parameters that are drawn, 0 or above.
   */
  float start_sigma;
  /**
   * The initial scale of moves (step size), above 0.
   */
  float sigma;
  /**
   * The rate at which the centres of moves follow accepted ones; may be negative. If it is not 0, N more numbers of
   * memory are needed.
   */
  float epsilon;
  /**
   * The temperature, in units of the loss; at 0 no rise of the loss is accepted.
   */
  float temperature;
  /**
   * The consecutive rejections after which sigma is multiplied by 0.95; 0 stands for never.
   */
  uint32_t n_reset;
  /**
   * Parameters and moves are multiples of 2 to this power, -100 to 100 (-20 suits most nets: parameters of up to 8
   * in size); 0 stands for no grid.
   */
  int32_t grid;
  /**
   * `AMC_IN_PLACE`, `AMC_SIGNAL_NORM`, both or 0.
   */
  uint32_t flags;
  /**
   * The same seed makes the same moves, on every machine.
   */
  uint64_t seed;
  /**
   * What makes the moves: NULL stands for the paper's chain, `&amc_mixed` for mixed moves. A program that does not name it
   * links nothing of it.
   */
  const struct amc_method *method;
  /**
   * Of `amc_mixed`, at least 1: the samples that there is memory to keep numbers of, so that a move of a neuron costs a part
   * of a pass. Of more samples nothing is kept: each move costs a whole pass, and 64 are enough here.
   */
  size_t kept;
} amc_setup;

/**
 * Samples with what the net should make of them. A trainer reads them at every evaluation, where they are.
 */
typedef struct amc_samples {
  /**
   * How many there are, at least 1.
   */
  size_t count;
  /**
   * Their features, `[sample][feature]`; NULL where they are bytes.
   */
  const float *numbers;
  /**
   * The same as bytes; NULL where they are numbers.
   */
  const uint8_t *bytes;
  /**
   * What each feature is multiplied by before the net sees it, not 0: 1 for numbers as they are, 1.0f / 255 for
   * pixels.
   */
  float scale;
  /**
   * The outputs wanted, `[sample][output]`; NULL where there are classes.
   */
  const float *targets;
  /**
   * The class of each sample, from 0: the output of that number should be 1, the others 0; NULL where there are
   * targets.
   */
  const uint8_t *classes;
} amc_samples;

/**
 * How many proposals were decided, and what became of them.
 */
typedef struct amc_counters {
  /**
   * Proposals decided.
   */
  uint64_t steps;
  /**
   * Proposals accepted.
   */
  uint64_t accepted;
  /**
   * Times that sigma was reduced.
   */
  uint64_t resets;
} amc_counters;

/**
 * The parameters of layers that are not trained. The arrays are read where they are, in flash or RAM.
 */
typedef struct amc_frozen {
  /**
   * How the weights are stored: `&amc_f32`, `&amc_f16` or `&amc_i8`. A program links what it names.
   */
  const struct amc_stored *stored;
  /**
   * Of `amc_f32` all parameters, `float` in the order that `amc_net` tells. Of the others the weights alone, of one layer after
   * another in that order: of `amc_f16` `uint16_t`, the bits of half floats (IEEE 754's binary16), and of `amc_i8` `int8_t`.
   */
  const void *weights;
  /**
   * How many they are.
   */
  size_t weight_count;
  /**
   * Of `amc_f16` and `amc_i8`, for each layer in turn the scales of its units, which their weights are multiplied by, and then
   * its biases. NULL of `amc_f32`.
   */
  const float *others;
  /**
   * How many they are: two for each unit, or 0.
   */
  size_t other_count;
} amc_frozen;

/**
 * How a number was scaled for a net to learn from it: it takes (x - offset) * scale.
 */
typedef struct amc_scaling {
  /**
   * What is taken away, in the unit of what was measured.
   */
  float offset;
  /**
   * What the rest is multiplied by, not 0.
   */
  float scale;
} amc_scaling;

/**
 * What learns, and from how many samples. What is 0 has its default.
 */
typedef struct amc_learner_setup {
  /**
   * The net and the chain: without `AMC_IN_PLACE` and `AMC_SIGNAL_NORM`, and without a method.
   */
  const struct amc_setup *trainer;
  /**
   * Samples that are learned from: the newest so many, at least 1.
   */
  size_t window;
  /**
   * Samples with a number beyond this, in size, are left out; by default none is.
   */
  float limit;
  /**
   * The loss on changed samples over that before, from which sigma starts anew; by default 2.
   */
  float surprise;
  /**
   * The loss over that of the last save, up to which the next is due; by default 0.5.
   */
  float improved;
} amc_learner_setup;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * For `amc_frozen.stored`: weights of 32 bits, as they were trained.
 */
extern const struct amc_stored amc_f32;

/**
 * For `amc_frozen.stored`: weights of 16 bits, times a scale for each unit.
 */
extern const struct amc_stored amc_f16;

/**
 * For `amc_frozen.stored`: weights of 8 bits, times a scale for each unit.
 */
extern const struct amc_stored amc_i8;

/**
 * For `amc_setup.method`: moves of the whole net, of a neuron and of some of its weights, chosen by what they gain for what
 * they cost. It needs a net, has no settings but `temperature`, `start`, `kept` and `seed` (what else the setup has is 0), and
 * makes a move by `amc_step` alone: it is neither proposed by `amc_propose` nor saved by `amc_save`. Who goes on after a reset
 * keeps the parameters, and gives them as `start`.
 */
extern const struct amc_method amc_mixed;

/**
 * How many bytes of memory a trainer needs; `AMC_NET_BYTES`, `AMC_FUNCTION_BYTES` and `AMC_MIXED_BYTES` tell it when you
 * compile.
 *
 * # Safety
 * The setup's pointers are NULL or to as much as its fields say.
 */
amc_status amc_bytes(const struct amc_setup *setup,
                     size_t *bytes);

/**
 * Creates a trainer in `bytes` bytes of `memory`, aligned to `AMC_ALIGNMENT`; or makes `*trainer` NULL. It has no
 * loss yet: `amc_set_samples` or `amc_rescore` comes next.
 *
 * # Safety
 * As for `amc_bytes`; and the memory is the trainer's until it is no longer used. There is nothing to free.
 */
amc_status amc_create(const struct amc_setup *setup, uint8_t *memory, size_t bytes, struct amc_trainer **trainer);

/**
 * Creates a trainer that goes on, bit for bit, from what `amc_save` wrote with the same setup: `length` bytes of
 * `saved`, which needs no alignment. `start`, `start_sigma` and `seed` are not used. With a net, `amc_set_samples`
 * comes next.
 *
 * # Safety
 * As for `amc_create`; `saved` is not in `memory`.
 */
amc_status amc_load(const struct amc_setup *setup,
                    const uint8_t *saved,
                    size_t length,
                    uint8_t *memory,
                    size_t bytes,
                    struct amc_trainer **trainer);

/**
 * Sets the samples that a net learns, checks them, and computes the loss of the current parameters. Call it again
 * when they have changed. A proposal that is undecided is dropped, also where that loss is not finite.
 *
 * # Safety
 * The arrays are as long as `count`, the net's inputs and outputs say, and stay as they are while the trainer uses
 * them. The struct itself is copied.
 */
amc_status amc_set_samples(struct amc_trainer *trainer, const struct amc_samples *samples);

/**
 * Checks samples as `amc_set_samples` does, but for `AMC_STATUS_SIGNAL` and `AMC_STATUS_LOSS`, and changes nothing.
 * `index`, which may be NULL, tells where they are refused: with `AMC_STATUS_FEATURE` the index in `numbers`,
 * `AMC_STATUS_TARGET` in `targets`, `AMC_STATUS_CLASS` in `classes`, `AMC_STATUS_PROBABILITIES` that of the sample's
 * first target; otherwise it is 0.
 *
 * # Safety
 * The arrays are as long as `count`, the net's inputs and outputs say.
 */
amc_status amc_check_samples(const struct amc_trainer *trainer, const struct amc_samples *samples, size_t *index);

/**
 * Checks `count` numbers that are to be features, targets or parameters to start from: all have to be finite. `index`,
 * which may be NULL, tells the first that is not, with `AMC_STATUS_NOT_FINITE`; otherwise it is 0.
 *
 * # Safety
 * There are `count` numbers.
 */
amc_status amc_check_numbers(const float *numbers, size_t count, size_t *index);

/**
 * Tells the loss of the current parameters, a finite number: before the first proposal of a function of your own, and
 * when that function has changed. A proposal that is undecided is dropped.
 */
amc_status amc_rescore(struct amc_trainer *trainer, float loss);

/**
 * Makes a proposal: its N `parameters` stay where they are until the next call that decides it, drops it or makes
 * another. `bound`, which may be NULL, is the largest loss that will be accepted: evaluation may stop above it. An
 * undecided proposal is dropped.
 */
amc_status amc_propose(struct amc_trainer *trainer, const float **parameters, float *bound);

/**
 * Computes the net's loss of the proposal on the samples.
 */
amc_status amc_evaluate(struct amc_trainer *trainer, float *loss);

/**
 * Decides the proposal, whose loss is `loss`: it is accepted if that is at most the bound. A loss that is infinite or
 * not a number is rejected. `decision` may be NULL.
 */
amc_status amc_decide(struct amc_trainer *trainer, float loss, amc_decision *decision);

/**
 * Proposes, evaluates the net, and decides. It stops as soon as the proposal is certain to be rejected; the outcome
 * is that of the three calls, to the bit. `decision` may be NULL.
 */
amc_status amc_step(struct amc_trainer *trainer, amc_decision *decision);

/**
 * Sets sigma to its initial value, and centres to 0: for samples that have become more. A proposal that is undecided
 * is dropped.
 */
amc_status amc_restart(struct amc_trainer *trainer);

/**
 * Computes the outputs that the net with the current parameters gives for one sample: `numbers` or `bytes`, the other
 * NULL, times `scale`, as in `amc_samples`. `outputs` has room for `count` numbers: the units of the last layer. They
 * are infinite or not numbers where finite features are so large that the net's sums overflow.
 *
 * # Safety
 * The arrays are as long as the net's inputs, and `count`.
 */
amc_status amc_predict(struct amc_trainer *trainer,
                       const float *numbers,
                       const uint8_t *bytes,
                       float scale,
                       float *outputs,
                       size_t count);

/**
 * The N current parameters; NULL for NULL. They stay where they are, and change when a proposal is accepted. With
 * `AMC_IN_PLACE` and an undecided proposal they are the proposed ones.
 */
const float *amc_parameters(const struct amc_trainer *trainer);

/**
 * The loss of the current parameters; not a number before it is known, and for NULL.
 */
float amc_loss(const struct amc_trainer *trainer);

/**
 * The current scale of moves, of mixed moves the mean over their kinds; not a number for NULL.
 */
float amc_sigma(const struct amc_trainer *trainer);

/**
 * The counters.
 */
amc_status amc_count(const struct amc_trainer *trainer, struct amc_counters *counters);

/**
 * Writes all that `amc_load` needs to `buffer`, and how many bytes that are to `length`; `AMC_SAVED_BYTES` are enough.
 * Where `size`, the bytes of room, is too small, nothing is written but `length`, and the status is
 * `AMC_STATUS_LENGTH`. While a proposal is undecided nothing is saved.
 *
 * # Safety
 * The buffer has room for `size` bytes.
 */
amc_status amc_save(const struct amc_trainer *trainer, uint8_t *buffer, size_t size, size_t *length);

/**
 * Creates a body, layers that are not trained, in `bytes` bytes of `memory`, aligned to `AMC_ALIGNMENT`; or makes `*body` NULL.
 * `AMC_BODY_BYTES` are enough. All is checked here, once: where `frozen` has not as many numbers as the layers of `net`, the status is
 * `AMC_STATUS_PARAMETERS`, and where one is infinite or not a number `AMC_STATUS_NOT_FINITE`.
 *
 * What a body makes of samples are the features of a head, a net that a trainer or a learner trains, or `amc_net_predict` asks.
 *
 * # Safety
 * The pointers are NULL or to as much as the fields say; the weights have the type that `stored` tells. Net, layers and the struct
 * `amc_frozen` are copied, its arrays stay as they are while the body is used. The memory is the body's until then, and there is
 * nothing to free.
 */
amc_status amc_body_create(const struct amc_net *net,
                           const struct amc_frozen *frozen,
                           uint8_t *memory,
                           size_t bytes,
                           struct amc_body **body);

/**
 * Computes what a body makes of one sample: `numbers` or `bytes`, the other NULL, times `scale`, as in `amc_samples`. `memory`,
 * aligned to `AMC_ALIGNMENT`, has `AMC_FEATURES_BYTES` bytes, is written over, and is free again afterwards. `features` has room
 * for `count` numbers: the units of the body's last layer. They have the same bits on every machine, and are infinite or not numbers
 * where finite numbers are so large that the body's sums overflow.
 *
 * A number that is infinite or not a number is `AMC_STATUS_FEATURE`, and features are not written.
 *
 * # Safety
 * The arrays are as long as the body's inputs, `memory_bytes` and `count`, and nobody else uses the memory and the features meanwhile.
 */
amc_status amc_body_features(const struct amc_body *body,
                             const float *numbers,
                             const uint8_t *bytes,
                             float scale,
                             uint8_t *memory,
                             size_t memory_bytes,
                             float *features,
                             size_t count);

/**
 * Computes the outputs that `net` with these parameters gives for the sample `numbers`, as many as its inputs, without a
 * trainer: the parameters, `AMC_PARAMETERS` of each layer, are read where they are, in flash or RAM. `memory`, aligned to
 * `AMC_ALIGNMENT`, has `AMC_PREDICT_BYTES` bytes, is written over, and is free again afterwards. `outputs` has room for
 * `count` numbers: the units of the last layer. They have the bits that `amc predict` has on a host, before these are
 * unscaled, if the net was trained in portable arithmetic.
 *
 * A number that is infinite or not a number is `AMC_STATUS_FEATURE`, and outputs are not written. Parameters are not looked
 * through, which would take as long as predicting: `amc_check_numbers` does so, once.
 *
 * # Safety
 * The arrays are as long as the net's fields, `parameter_count`, the net's inputs, `bytes` and `count` say, and nobody
 * else uses the memory and the outputs meanwhile.
 */
amc_status amc_net_predict(const struct amc_net *net,
                           const float *parameters,
                           size_t parameter_count,
                           const float *numbers,
                           uint8_t *memory,
                           size_t bytes,
                           float *outputs,
                           size_t count);

/**
 * Makes what was measured into what the net takes, in place: each of `count` numbers becomes (number - offset) * scale. They
 * are a row, with a number for each of the `scaling_count` scalings, or several rows, as where a sample is a window of them;
 * another `count` is `AMC_STATUS_LENGTH`.
 *
 * An offset that is not finite, and a scale that is not or is 0, is `AMC_STATUS_SCALE`; a number that is infinite or not a
 * number is `AMC_STATUS_NOT_FINITE`, and `amc_check_numbers` tells which. Then no number is changed. What is too large for a
 * float when it is scaled becomes infinite.
 *
 * # Safety
 * The arrays are as long as their counts, and nobody else uses the numbers meanwhile; no scaling is among them.
 */
amc_status amc_scale(const struct amc_scaling *scalings,
                     size_t scaling_count,
                     float *numbers,
                     size_t count);

/**
 * Makes what the net gives into numbers in the units of what it has learned, in place: each becomes number / scale +
 * offset. Counts and statuses are those of `amc_scale`.
 *
 * # Safety
 * That of `amc_scale`.
 */
amc_status amc_unscale(const struct amc_scaling *scalings, size_t scaling_count, float *numbers, size_t count);

/**
 * How many bytes of memory a learner needs; `AMC_LEARNER_BYTES` tells it when you compile.
 *
 * # Safety
 * The setups' pointers are NULL or to as much as their fields say.
 */
amc_status amc_learner_bytes(const struct amc_learner_setup *setup, size_t *bytes);

/**
 * Creates a learner in `bytes` bytes of `memory`, aligned to `AMC_ALIGNMENT`; or makes `*learner` NULL. It starts from
 * `start`, or from parameters that are drawn, and has no samples.
 *
 * # Safety
 * As for `amc_learner_bytes`; and the memory is the learner's until it is no longer used. There is nothing to free.
 */
amc_status amc_learner_create(const struct amc_learner_setup *setup,
                              uint8_t *memory,
                              size_t bytes,
                              struct amc_learner **learner);

/**
 * Creates a learner that goes on from what `amc_learner_save` wrote with the same setup: `length` bytes of `saved`, which
 * needs no alignment. `start`, `start_sigma` and `seed` are not used. It has no samples.
 *
 * # Safety
 * As for `amc_learner_create`; `saved` is not in `memory`.
 */
amc_status amc_learner_load(const struct amc_learner_setup *setup,
                            const uint8_t *saved,
                            size_t length,
                            uint8_t *memory,
                            size_t bytes,
                            struct amc_learner **learner);

/**
 * Takes a sample into the window, in place of the oldest: the net's inputs, and what it should make of them. A bad one is
 * counted, left out and changes nothing else: the status tells why, `AMC_STATUS_FEATURE`, `AMC_STATUS_TARGET` (a number is
 * infinite or not a number), `AMC_STATUS_LIMIT` or `AMC_STATUS_PROBABILITIES`.
 *
 * # Safety
 * The arrays are as long as the net's inputs and outputs. They are copied.
 */
amc_status amc_learner_push(struct amc_learner *learner,
                            const float *features,
                            const float *targets);

/**
 * Learns for a slice of at most `multiply_adds` multiply-adds, but a piece of work at least: the draw of a move, or the
 * evaluation of 64 samples. An activation counts as 8, and a number that is drawn as 16. `spent`, which may be NULL, is
 * how many it was; 0 while there are no samples.
 */
amc_status amc_learner_slice(struct amc_learner *learner, size_t multiply_adds, size_t *spent);

/**
 * The most multiply-adds of a piece of work on the samples that are there; 0 for NULL.
 */
size_t amc_learner_largest_piece(const struct amc_learner *learner);

/**
 * Computes what the net makes of `features`, at any time between slices. `outputs` has room for `count` numbers: the
 * units of the last layer.
 *
 * # Safety
 * The arrays are as long as the net's inputs, and `count`.
 */
amc_status amc_learner_predict(struct amc_learner *learner, const float *features, float *outputs, size_t count);

/**
 * Whether the loss has come down far enough since the last save: 1, or 0. Then a move that is under way ends.
 */
uint32_t amc_learner_due(struct amc_learner *learner);

/**
 * Writes all that `amc_learner_load` needs to `buffer`, and how many bytes that are to `length`; `AMC_SAVED_BYTES` are
 * enough. Where `size`, the bytes of room, is too small, nothing is written but `length`, and the status is
 * `AMC_STATUS_LENGTH`. While the window is not full, or the loss on its samples not known, the status is
 * `AMC_STATUS_NO_LOSS`. A move that is under way ends.
 *
 * # Safety
 * The buffer has room for `size` bytes.
 */
amc_status amc_learner_save(struct amc_learner *learner, uint8_t *buffer, size_t size, size_t *length);

/**
 * The net's parameters; NULL for NULL. They stay where they are, and change when a move is accepted.
 */
const float *amc_learner_parameters(const struct amc_learner *learner);

/**
 * The loss of the parameters on the samples of the window as it was when they were last evaluated; not a number for
 * NULL, and the largest number before the first sample.
 */
float amc_learner_loss(const struct amc_learner *learner);

/**
 * The counters, and the bad samples so far; `left_out` may be NULL.
 */
amc_status amc_learner_count(const struct amc_learner *learner, struct amc_counters *counters, uint32_t *left_out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* AMC_H */
