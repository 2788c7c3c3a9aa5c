/* es-ude's OnDeviceTraining: one layer of rectifiers (it has no tanh), softmax, cross-entropy, SGD with momentum 0.9.

   -DRATE=r, of the gradients' mean over a batch; -DSYM8: weights and biases are packed in 8 bits, and signals and what is passed back in 12,
   while gradients, momenta and the update are floats, as in its example har_classifier with SYM_WIRES=1 */
#include "CalculateGradsSequential.h"
#include "heap.h"
#include "InferenceApi.h"
#include "Linear.h"
#include "LinearApi.h"
#include "OptimizerApi.h"
#include "QuantizationApi.h"
#include "RNG.h"
#include "ReluApi.h"
#include "SgdApi.h"
#include "SoftmaxApi.h"
#include "StorageApi.h"
#include "TensorApi.h"
#include "TensorConversion.h"
#include "peer.h"

enum { LAYERS = 4 };

static layer_t *model[LAYERS];
static optimizer_t *optimizer;
static tensor_t *item, *label;

/* A row of so many floats. */
static tensor_t *row(size_t width)
{
    shape_t *shape = reserveMemory(sizeof *shape);

    shape->numberOfDimensions = 2;
    shape->dimensions = reserveMemory(2 * sizeof(size_t));
    shape->orderOfDimensions = reserveMemory(2 * sizeof(size_t));
    shape->dimensions[0] = 1;
    shape->dimensions[1] = width;
    setOrderOfDimsForNewTensor(2, shape->orderOfDimensions);
    return initTensor(shape, quantizationInitFloat(), NULL);
}

#ifdef SYM8
/* Parameters are made as floats, and packed afterwards: there is no other way. */
static void pack(tensor_t *tensor, quantization_t *like)
{
    quantization_t *packed = getQLike(like);
    tensor_t to = {.data = getDataLike(packed, calcNumberOfElementsByTensor(tensor)), .shape = tensor->shape, .quantization = packed};

    convertTensor(tensor, &to);
    freeData(tensor);
    freeQuantization(tensor->quantization);
    tensor->data = to.data;
    tensor->quantization = to.quantization;
}
#endif

uint32_t peer_start(void)
{
    const arithmetic_t floats = {ARITH_FLOAT32, HALF_AWAY};
    quantization_t *exact = quantizationInitFloat();
    layerQuant_t dense, other;

    rngSetSeed(SEED);
    layerQuantInitUniform(&dense, exact);
    layerQuantInitUniform(&other, exact);
#ifdef SYM8
    quantization_t *wire = quantizationInitSymInt32(HALF_AWAY), *packed = quantizationInitSym(8, HALF_AWAY);

    layerQuantInitUniform(&other, wire);
    dense.forwardMath = dense.propLossMath = (arithmetic_t){ARITH_SYM_INT32, HALF_AWAY};
    dense.outputQ = dense.propLossQ = wire;
#endif
    model[0] = linearLayerInit(&(linearInit_t){.inFeatures = PIXELS, .outFeatures = HIDDEN}, &dense);
    model[1] = reluLayerInit(&other);
    model[2] = linearLayerInit(&(linearInit_t){.inFeatures = HIDDEN, .outFeatures = CLASSES}, &dense);
    model[3] = softmaxLayerInit(&other);
#ifdef SYM8
    for (size_t i = 0; i < LAYERS; i += 2) {
        pack(model[i]->config->linear->weights->param, packed);
        pack(model[i]->config->linear->bias->param, packed);
    }
#endif
    optimizer = sgdMCreateOptim(RATE, 0.9f, 0, model, LAYERS, exact, floats);
    item = row(PIXELS);
    label = row(CLASSES);
    return 0;
}

static void show(const uint8_t *pixels)
{
    for (size_t pixel = 0; pixel < PIXELS; pixel++)
        ((float *)item->data)[pixel] = pixels[pixel] / 16.0f;
}

void peer_update(size_t first)
{
    lossConfig_t loss = defaultLossConfig(CROSS_ENTROPY);

    for (size_t i = 0; i < BATCH; i++) {
        size_t digit = (first + i) % LEARNED;

        show(pixels_of(digit));
        for (size_t class = 0; class < CLASSES; class++)
            ((float *)label->data)[class] = class == class_of(digit);
        freeTrainingStats(calculateGradsSequential(model, LAYERS, loss, REDUCTION_MEAN, item, label));
    }
    scaleOptimizerGradients(optimizer, lossFunctions[CROSS_ENTROPY].computeMeanScale(BATCH, label));
    optimizerFunctions[optimizer->type].step(optimizer);
    optimizerFunctions[optimizer->type].zero(optimizer);
}

size_t peer_class(const uint8_t *pixels)
{
    tensor_t *found;
    size_t class;

    show(pixels);
    found = inference(model, LAYERS, item);
#ifdef SYM8
    const int32_t *outputs = (const int32_t *)found->data;
#else
    const float *outputs = (const float *)found->data;
#endif
    class = LARGEST(outputs);
    freeTensor(found);
    return class;
}

uint32_t peer_ram(void)
{
    return sizeof model + sizeof optimizer + sizeof item + sizeof label + heap_used();
}
