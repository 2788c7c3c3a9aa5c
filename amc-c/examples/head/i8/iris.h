/* Made by `amc export --c`, for the library amc-c. Trained in portable arithmetic.
   CRC-32 of the parameters as little-endian floats: 6d11d2fd. */
#ifndef IRIS_H
#define IRIS_H

#include "amc.h"

/* Numbers of a sample. */
#define IRIS_INPUTS 4
/* Numbers that the net gives. */
#define IRIS_OUTPUTS 3
/* Layers. */
#define IRIS_LAYER_COUNT 2

/* Units and activation of each layer. */
static const amc_layer IRIS_LAYERS[IRIS_LAYER_COUNT] = {
    {32, AMC_ACTIVATION_TANH},
    {3, AMC_ACTIVATION_SOFTMAX},
};

/* Layers that stay as they are. */
#define IRIS_BODY_LAYER_COUNT 1
/* Units of the widest of them. */
#define IRIS_BODY_WIDEST 32
/* Numbers that they make of a sample. */
#define IRIS_BODY_OUTPUTS 32
/* Bytes of memory for amc_body_create. */
#define IRIS_BODY_BYTES AMC_BODY_BYTES(IRIS_BODY_LAYER_COUNT)
/* Bytes of memory for amc_body_features. */
#define IRIS_FEATURES_BYTES AMC_FEATURES_BYTES(IRIS_INPUTS, IRIS_BODY_LAYER_COUNT, IRIS_BODY_WIDEST)

/* The layers that stay: a net whose loss is not looked at. */
static const amc_net IRIS_BODY = {IRIS_INPUTS, IRIS_LAYERS, IRIS_BODY_LAYER_COUNT, AMC_LOSS_KIND_MEAN_SQUARED_ERROR};

/* Their weights. */
#define IRIS_BODY_WEIGHT_COUNT 128
static const int8_t IRIS_BODY_WEIGHTS[IRIS_BODY_WEIGHT_COUNT] = {
    -78, -24, 5, 98, 20, 87, 52, -8, -27, -26, 127, -122, 34, -31, 16, 18, 127, 28, -127, 108, 10, 28, -101,
    35, -29, 18, -8, -19, -18, 7, 46, 93, 65, 25, -69, -17, 127, 14, -104, 51, -37, 70, -88, 127, 1, 35, -72,
    -20, -91, 9, 33, -55, 82, -114, 108, -84, -127, -62, -17, 30, 34, 54, -75, -114, -127, -46, 127, 127, 20,
    -127, 127, -16, 117, -121, 123, -117, 17, 109, 86, -88, 66, -92, -118, 127, -127, 87, 127, 127, 84, 127,
    -127, -80, -77, -112, 58, 35, -35, -127, 102, 88, -13, -15, 89, -127, 127, -127, 69, -118, 127, 127, 127,
    -127, -4, -127, -68, 125, 46, 127, -63, 123, 101, 102, -89, -127, -127, -127, 127, 127,
};

/* For each layer the scales of its units, and its biases. */
#define IRIS_BODY_OTHER_COUNT 64
static const float IRIS_BODY_OTHERS[IRIS_BODY_OTHER_COUNT] = {
    0.0037049393f, 0.002879581f, 0.0043077096f, 0.0019478942f, 0.0010247531f, 0.0017783393f, 0.0035705585f,
    0.003033149f, 0.0029595033f, 0.0032859873f, 0.0025119975f, 0.0020668963f, 0.0022238516f, 0.0033358354f,
    0.004601898f, 0.002774828f, 0.0023834023f, 0.008578509f, 0.0020415226f, 0.0015209502f, 0.0013129204f,
    0.0032765965f, 0.001440173f, 0.003131504f, 0.00076128624f, 0.0022981928f, 0.0015744623f, 0.004517209f,
    0.0045308387f, 0.0043632737f, 0.0031631272f, 0.0007177067f, -0.22182012f, 0.111916594f, -0.4116648f,
    -0.40042126f, -0.35048842f, -0.08695619f, -0.11409157f, 0.16243653f, -0.4407071f, -0.015964624f,
    0.5532172f, -0.12927625f, -0.40489984f, -0.4559642f, -0.5810564f, 0.10460258f, 0.3788816f, 1.0365942f,
    -0.2241204f, -0.37612227f, -0.017206293f, 0.060378775f, -0.0027908804f, 0.20357911f, 0.31976834f,
    0.39085576f, 0.09758962f, 0.39280653f, 0.5891638f, -0.0010482701f, -0.07976941f, -0.021934085f,
};

/* Their parameters, for amc_body_create. */
static const amc_frozen IRIS_FROZEN = {&amc_i8, IRIS_BODY_WEIGHTS, IRIS_BODY_WEIGHT_COUNT, IRIS_BODY_OTHERS, IRIS_BODY_OTHER_COUNT};

/* Layers behind them. */
#define IRIS_HEAD_LAYER_COUNT 1
/* Units of the widest of those. */
#define IRIS_HEAD_WIDEST 3
/* Bytes of memory for amc_net_predict by those. */
#define IRIS_HEAD_PREDICT_BYTES AMC_PREDICT_BYTES(IRIS_HEAD_LAYER_COUNT, IRIS_HEAD_WIDEST)

/* The layers behind, and the loss that the net was trained on. */
static const amc_net IRIS_HEAD = {IRIS_BODY_OUTPUTS, IRIS_LAYERS + IRIS_BODY_LAYER_COUNT, IRIS_HEAD_LAYER_COUNT, AMC_LOSS_KIND_CROSS_ENTROPY};

/* What the layers behind have learned. */
#define IRIS_HEAD_PARAMETER_COUNT 99
static const float IRIS_HEAD_PARAMETERS[IRIS_HEAD_PARAMETER_COUNT] = {
    0.27753147f, -0.53219813f, -0.5250823f, 0.16369343f, -0.07234274f, -0.27936953f, -0.5742469f,
    -0.020643026f, 0.466323f, -0.352817f, -0.176289f, 0.18082821f, 0.1783131f, -0.29840508f, -0.047950726f,
    -0.12528178f, 0.4745381f, 0.05716061f, -0.991036f, -0.0013239665f, 0.4293374f, -0.049722627f,
    0.004019996f, -0.25973412f, -0.004204401f, 0.01699878f, 0.5837885f, 0.8416431f, -0.10517947f, -0.538265f,
    -0.79918337f, 0.12653255f, -0.17454652f, 0.63694584f, 0.10315763f, -0.25567257f, 0.4066051f,
    -0.066069975f, 0.68104243f, -0.036743935f, -0.9142114f, 0.28145757f, -0.6855124f, -0.11766824f,
    0.94629437f, 0.058097832f, 0.32068038f, -0.40275478f, -0.6796687f, 0.59416497f, -0.29125988f, 0.2433656f,
    0.7697922f, -1.0586149f, 0.46483907f, -0.2561055f, 0.09830806f, -0.19656396f, -0.4006579f, 0.1832177f,
    0.19313733f, 0.038442034f, -0.14614142f, -0.54648083f, 0.17136982f, 0.5409238f, 0.33378956f, -0.15241769f,
    0.0021302337f, -0.55564475f, 0.10809869f, 0.31284383f, 0.31222963f, 0.049584802f, 0.19356793f,
    -0.45341033f, 0.020118864f, -0.25515926f, -0.044663712f, -0.19163086f, -0.1368564f, 0.5219411f,
    0.13347204f, -0.7203808f, 0.5225769f, 0.43300024f, -0.78682363f, 0.7389939f, -0.2281137f, -0.82980543f,
    -0.56626326f, -0.10931445f, 0.4106705f, -0.16517468f, -0.23268443f, -0.115504056f, -0.37283525f,
    0.6691129f, -0.6095278f,
};

/* Numbers of a row. */
#define IRIS_FEATURES 4
/* Rows of a sample, the oldest first. */
#define IRIS_ROWS 1

/* Offset and scale of each number of a row: amc_scale makes (x - offset) * scale of x. */
static const amc_scaling IRIS_INPUT_SCALING[IRIS_FEATURES] = {
    {5.8358335f, 1.1872282f}, /* "sepal length (cm)" */
    {3.0358334f, 2.2097125f}, /* "sepal width (cm)" */
    {3.7425f, 0.56300944f}, /* "petal length (cm)" */
    {1.1833333f, 1.3314935f}, /* "petal width (cm)" */
};

/* What the outputs stand for, in UTF-8; those beyond, if there are, for nothing. */
#define IRIS_CLASS_COUNT 3
static const char *const IRIS_CLASSES[IRIS_CLASS_COUNT] = {
    "setosa",
    "versicolor",
    "virginica",
};

#endif
