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

/* Their weights, half floats. */
#define IRIS_BODY_WEIGHT_COUNT 128
static const uint16_t IRIS_BODY_WEIGHTS[IRIS_BODY_WEIGHT_COUNT] = {
    0xb8ee, 0xb21b, 0x2903, 0x3a27, 0x3128, 0x3978, 0x3694, 0xac05, 0xb2bb, 0xb295, 0x3c00, 0xbbb6, 0x3454,
    0xb3d4, 0x2fe2, 0x3098, 0x3c00, 0x3304, 0xbc00, 0x3acc, 0x2cfe, 0x331b, 0xba5d, 0x3472, 0xb330, 0x3080,
    0xac39, 0xb0b4, 0xb077, 0x2ac1, 0x35c8, 0x39e2, 0x3818, 0x3269, 0xb85d, 0xb065, 0x3c00, 0x2ef8, 0xba8d,
    0x3677, 0xb4a2, 0x3865, 0xb989, 0x3c00, 0x21c9, 0x345b, 0xb886, 0xb109, 0xb9c2, 0x2c96, 0x342c, 0xb6f1,
    0x3931, 0xbb31, 0x3ac7, 0xb951, 0xbc00, 0xb7c9, 0xb04d, 0x3394, 0x3456, 0x36bf, 0xb8be, 0xbb2f, 0xbc00,
    0xb5d8, 0x3c00, 0x3c00, 0x30f0, 0xbc00, 0x3c00, 0xb014, 0x3b5b, 0xbb9b, 0x3bbc, 0xbb5e, 0x3046, 0x3adc,
    0x396d, 0xb992, 0x3827, 0xb9c5, 0xbb74, 0x3c00, 0xbc00, 0x3982, 0x3c00, 0x3c00, 0x394d, 0x3c00, 0xbc00,
    0xb90c, 0xb8d7, 0xbb0f, 0x3746, 0x3479, 0xb474, 0xbc00, 0x3a6b, 0x3985, 0xae6e, 0xaf7f, 0x399f, 0xbc00,
    0x3c00, 0xbc00, 0x3851, 0xbb68, 0x3c00, 0x3c00, 0x3c00, 0xbc00, 0xa75f, 0xbc00, 0xb848, 0x3be1, 0x35d5,
    0x3c00, 0xb7f4, 0x3bc4, 0x3a63, 0x3a74, 0xb9a1, 0xbc00, 0xbc00, 0xbc00, 0x3c00, 0x3c00,
};

/* For each layer the scales of its units, and its biases. */
#define IRIS_BODY_OTHER_COUNT 64
static const float IRIS_BODY_OTHERS[IRIS_BODY_OTHER_COUNT] = {
    0.4705273f, 0.36570677f, 0.54707915f, 0.24738257f, 0.13014364f, 0.22584909f, 0.45346093f, 0.38520992f,
    0.37585694f, 0.4173204f, 0.31902367f, 0.26249582f, 0.28242916f, 0.4236511f, 0.58444107f, 0.35240316f,
    0.3026921f, 1.0894706f, 0.25927338f, 0.19316068f, 0.16674088f, 0.41612777f, 0.18290198f, 0.397701f,
    0.09668335f, 0.29187047f, 0.19995672f, 0.5736855f, 0.5754165f, 0.55413574f, 0.40171716f, 0.09114875f,
    -0.22182012f, 0.111916594f, -0.4116648f, -0.40042126f, -0.35048842f, -0.08695619f, -0.11409157f,
    0.16243653f, -0.4407071f, -0.015964624f, 0.5532172f, -0.12927625f, -0.40489984f, -0.4559642f, -0.5810564f,
    0.10460258f, 0.3788816f, 1.0365942f, -0.2241204f, -0.37612227f, -0.017206293f, 0.060378775f,
    -0.0027908804f, 0.20357911f, 0.31976834f, 0.39085576f, 0.09758962f, 0.39280653f, 0.5891638f,
    -0.0010482701f, -0.07976941f, -0.021934085f,
};

/* Their parameters, for amc_body_create. */
static const amc_frozen IRIS_FROZEN = {&amc_f16, IRIS_BODY_WEIGHTS, IRIS_BODY_WEIGHT_COUNT, IRIS_BODY_OTHERS, IRIS_BODY_OTHER_COUNT};

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
