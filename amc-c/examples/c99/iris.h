/* Made by `amc export --c99`: it needs no library. Trained in portable arithmetic.
   CRC-32 of the parameters as little-endian floats: 6d11d2fd.
   What it computes has the bits of portable arithmetic. */
#ifndef IRIS_H
#define IRIS_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>

/* Bits are the same everywhere if floats are IEEE 754's and each operation is rounded to one of them: to the nearest, as
   it is unless a program says otherwise, and with subnormal numbers. */
#if FLT_RADIX != 2 || FLT_MANT_DIG != 24 || FLT_MAX_EXP != 128
#error "float is not IEEE 754's of 32 bits"
#endif
/* 16 differs from 0 for floats of 16 bits alone. */
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "operations on floats are not rounded to floats: on x86 compile with -msse2 -mfpmath=sse"
#endif
#if defined __FAST_MATH__ || defined __ASSOCIATIVE_MATH__ || defined __RECIPROCAL_MATH__ || \
    defined __NO_SIGNED_ZEROS__ || (defined __FINITE_MATH_ONLY__ && __FINITE_MATH_ONLY__ != 0)
#error "-ffast-math, or a part of it, changes results: compile without"
#endif

/* No multiply-add of one rounding either, which GCC makes by default where a core has it (Cortex-M4F, M7, M33). */
#if defined __GNUC__ && !defined __clang__
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off")
#else
#pragma STDC FP_CONTRACT OFF
#endif

/* Numbers of a sample. */
#define IRIS_INPUTS 4
/* Numbers that the net gives. */
#define IRIS_OUTPUTS 3
/* Parameters. */
#define IRIS_PARAMETER_COUNT 259
/* Numbers of memory that predict needs. */
#define IRIS_SCRATCH 32

/* What it has learned. */
static const float IRIS_PARAMETERS[IRIS_PARAMETER_COUNT] = {
    -0.2900336f, -0.0697825f, 0.021416226f, 0.1902551f, 0.020963455f, 0.1543733f, 0.18638664f, -0.02420012f,
    -0.079053335f, -0.08584099f, 0.31902367f, -0.253046f, 0.07638861f, -0.103650436f, 0.07199399f,
    0.05060939f, 0.3026921f, 0.23884767f, -0.25927338f, 0.1641141f, 0.013010002f, 0.092404656f, -0.14552353f,
    0.11049166f, -0.021716392f, 0.04105747f, -0.013190187f, -0.08431774f, -0.08031064f, 0.029239539f,
    0.14514418f, 0.067022085f, 0.24076875f, 0.073269986f, -0.29825118f, -0.033965733f, 0.13014364f,
    0.024595119f, -0.3713441f, 0.15568334f, -0.10882755f, 0.22926818f, -0.22067042f, 0.26249582f,
    0.003191862f, 0.11527556f, -0.33057636f, -0.05544797f, -0.21785504f, 0.07807472f, 0.06758573f,
    -0.08378974f, 0.10820585f, -0.37413767f, 0.1549892f, -0.26425108f, -0.09668335f, -0.14200881f,
    -0.026869437f, 0.13587885f, 0.15594566f, 0.23361307f, -0.23817773f, -0.08185375f, -0.4705273f,
    -0.13353617f, 0.54707915f, 0.24738257f, 0.020083847f, -0.22584909f, 0.45346093f, -0.04908648f,
    0.34558168f, -0.39681962f, 0.30838424f, -0.24170578f, 0.037728347f, 0.363338f, 0.396316f, -0.24533637f,
    0.15718138f, -0.7855133f, -0.24156518f, 0.19316068f, -0.16674088f, 0.28645438f, 0.18290198f, 0.397701f,
    0.0640451f, 0.29187047f, -0.19995672f, -0.36199683f, -0.34806433f, -0.48898265f, 0.18259607f,
    0.025471412f, -0.13099726f, -0.36570677f, 0.43897882f, 0.17068143f, -0.013075081f, -0.026449151f,
    0.31871873f, -0.38520992f, 0.37585694f, -0.4173204f, 0.17220134f, -0.24306417f, 0.28242916f, 0.4236511f,
    0.58444107f, -0.35240316f, -0.008716661f, -1.0894706f, -0.13874237f, 0.19026136f, 0.060776036f,
    0.41612777f, -0.09091664f, 0.38603038f, 0.077198416f, 0.23547347f, -0.14073259f, -0.5736855f, -0.5754165f,
    -0.55413574f, 0.40171716f, 0.09114875f, -0.22182012f, 0.111916594f, -0.4116648f, -0.40042126f,
    -0.35048842f, -0.08695619f, -0.11409157f, 0.16243653f, -0.4407071f, -0.015964624f, 0.5532172f,
    -0.12927625f, -0.40489984f, -0.4559642f, -0.5810564f, 0.10460258f, 0.3788816f, 1.0365942f, -0.2241204f,
    -0.37612227f, -0.017206293f, 0.060378775f, -0.0027908804f, 0.20357911f, 0.31976834f, 0.39085576f,
    0.09758962f, 0.39280653f, 0.5891638f, -0.0010482701f, -0.07976941f, -0.021934085f, 0.27753147f,
    -0.53219813f, -0.5250823f, 0.16369343f, -0.07234274f, -0.27936953f, -0.5742469f, -0.020643026f, 0.466323f,
    -0.352817f, -0.176289f, 0.18082821f, 0.1783131f, -0.29840508f, -0.047950726f, -0.12528178f, 0.4745381f,
    0.05716061f, -0.991036f, -0.0013239665f, 0.4293374f, -0.049722627f, 0.004019996f, -0.25973412f,
    -0.004204401f, 0.01699878f, 0.5837885f, 0.8416431f, -0.10517947f, -0.538265f, -0.79918337f, 0.12653255f,
    -0.17454652f, 0.63694584f, 0.10315763f, -0.25567257f, 0.4066051f, -0.066069975f, 0.68104243f,
    -0.036743935f, -0.9142114f, 0.28145757f, -0.6855124f, -0.11766824f, 0.94629437f, 0.058097832f,
    0.32068038f, -0.40275478f, -0.6796687f, 0.59416497f, -0.29125988f, 0.2433656f, 0.7697922f, -1.0586149f,
    0.46483907f, -0.2561055f, 0.09830806f, -0.19656396f, -0.4006579f, 0.1832177f, 0.19313733f, 0.038442034f,
    -0.14614142f, -0.54648083f, 0.17136982f, 0.5409238f, 0.33378956f, -0.15241769f, 0.0021302337f,
    -0.55564475f, 0.10809869f, 0.31284383f, 0.31222963f, 0.049584802f, 0.19356793f, -0.45341033f,
    0.020118864f, -0.25515926f, -0.044663712f, -0.19163086f, -0.1368564f, 0.5219411f, 0.13347204f,
    -0.7203808f, 0.5225769f, 0.43300024f, -0.78682363f, 0.7389939f, -0.2281137f, -0.82980543f, -0.56626326f,
    -0.10931445f, 0.4106705f, -0.16517468f, -0.23268443f, -0.115504056f, -0.37283525f, 0.6691129f,
    -0.6095278f,
};

#ifdef AMC_H
typedef amc_scaling iris_scaling;
#else
typedef struct {
    float offset, scale;
} iris_scaling;
#endif

/* Numbers of a row. */
#define IRIS_FEATURES 4
/* Rows of a sample, the oldest first. */
#define IRIS_ROWS 1

/* Offset and scale of each number of a row: iris_scale makes (x - offset) * scale of x. */
static const iris_scaling IRIS_INPUT_SCALING[IRIS_FEATURES] = {
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

/* What iris_check compares with. */
#define IRIS_CHECKED 0xef7c29ac

/* Makes what was measured, a row or the rows of a window, into what the net takes, in place. */
static inline void iris_scale(float numbers[IRIS_INPUTS])
{
    size_t i;

    for (i = 0; i < IRIS_INPUTS; i++) {
        const iris_scaling of = IRIS_INPUT_SCALING[i % IRIS_FEATURES];

        numbers[i] = (numbers[i] - of.offset) * of.scale;
    }
}

/* The class of the largest output, the first of equals; -1 where an output is NaN, or the largest is that of no class. */
static inline int iris_class(const float outputs[IRIS_OUTPUTS])
{
    size_t i, best = 0;

    for (i = 0; i < IRIS_OUTPUTS; i++) {
        if (!(outputs[i] <= outputs[i]))
            return -1;
        if (outputs[i] > outputs[best])
            best = i;
    }
    return best < IRIS_CLASS_COUNT ? (int)best : -1;
}

/* 2^n of a whole number n from -126 to 127. */
static inline float iris_power_of_two(float n)
{
    union {
        float number;
        uint32_t bits;
    } same;

    /* 1.5 * 2^23 + 127 + n has n + 127 in its low bits, which is the exponent of 2^n. */
    same.number = n + 12583039.0f;
    same.bits <<= 23;
    return same.number;
}

/* e^x */
static inline float iris_exp(float x)
{
    float n, r, half, y;

    /* Beyond these ends it is 0 or infinite. NaN stays NaN. */
    x = 89.0f <= x ? 89.0f : x;
    x = x <= -104.0f ? -104.0f : x;
    /* x = n ln 2 + r, ln 2 in two parts. Adding 1.5 * 2^23 and taking it away again rounds to a whole number. */
    n = (x * 1.442695f + 12582912.0f) - 12582912.0f;
    r = n * -0.69314575f + x;
    r = n * -1.4286068e-6f + r;
    y = 1.3814648e-3f;
    y = y * r + 8.368703e-3f;
    y = y * r + 4.1668386e-2f;
    y = y * r + 1.6666521e-1f;
    y = y * r + 4.9999993e-1f;
    y = (r * r) * y + r;
    y = y + 1.0f;
    /* 2^n in two steps, because n reaches from -150 to 128. */
    half = (n * 0.5f + 12582912.0f) - 12582912.0f;
    y = y * iris_power_of_two(half);
    return y * iris_power_of_two(n - half);
}

static inline void iris_tanh(float *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        float x = values[i], n, r, z, t, p, e, sum, difference;

        /* From 9.02 on tanh rounds to 1. NaN stays NaN. */
        x = 10.0f <= x ? 10.0f : x;
        x = x <= -10.0f ? -10.0f : x;
        /* x = n ln 2 / 2 + r. Adding 1.5 * 2^23 and taking it away again rounds to a whole number. */
        n = (x * 2.88539f + 12582912.0f) - 12582912.0f;
        r = n * -0.3465736f + x;
        z = r * r;
        p = 1.3109224e-1f * z + -3.3331227e-1f;
        t = r * (z * p + 1.0f);
        /* Of e = 2^n and t = tanh r, by the addition theorem. */
        e = iris_power_of_two(n);
        sum = 1.0f + e;
        difference = 1.0f - e;
        values[i] = (t * sum - difference) / (sum - t * difference);
    }
}

static inline void iris_softmax(float *values, size_t count)
{
    float largest = values[0], sum = 0.0f;
    size_t i;

    for (i = 1; i < count; i++)
        largest = values[i] <= largest ? largest : values[i];
    for (i = 0; i < count; i++) {
        values[i] = iris_exp(values[i] - largest);
        sum = sum + values[i];
    }
    for (i = 0; i < count; i++)
        values[i] = values[i] / sum;
}

/* Each unit: the inputs times its weights, summed in their order, and then its bias. Weights are [input][unit]. */
static inline void iris_dense(const float *inputs, size_t count, const float *weights, const float *biases,
        size_t units, float *outputs)
{
    size_t unit, i;

    for (unit = 0; unit < units; unit++) {
        float sum = 0.0f;

        for (i = 0; i < count; i++)
            sum = weights[i * units + unit] * inputs[i] + sum;
        outputs[unit] = sum + biases[unit];
    }
}

/* Makes the net's outputs of its inputs. No two of the arrays may overlap.
   Gives the class, as iris_class does. */
static inline int iris_predict(const float inputs[IRIS_INPUTS], float outputs[IRIS_OUTPUTS],
        float scratch[IRIS_SCRATCH])
{
    float *const buffer0 = scratch;

    /* Layer::dense(32, Activation::Tanh) */
    iris_dense(inputs, 4, IRIS_PARAMETERS, IRIS_PARAMETERS + 128, 32, buffer0);
    iris_tanh(buffer0, 32);
    /* Layer::dense(3, Activation::Softmax) */
    iris_dense(buffer0, 32, IRIS_PARAMETERS + 160, IRIS_PARAMETERS + 256, 3, outputs);
    iris_softmax(outputs, 3);
    return iris_class(outputs);
}

/* Whether this computes what it does on a host: 1; or 0 where a compiler has changed it for an option that it does not
   tell (Clang's -ffp-contract=fast, -funsafe-math-optimizations and -ffp-model=fast), or where the core makes 0 of
   subnormal numbers. The bits of the outputs of 16 samples are hashed (FNV-1a). All three arrays are written over. */
static inline int iris_check(float inputs[IRIS_INPUTS], float outputs[IRIS_OUTPUTS],
        float scratch[IRIS_SCRATCH])
{
    volatile float smallest = FLT_MIN;
    uint32_t hash = 2166136261;
    size_t sample, i;

    for (sample = 0; sample < 16; sample++) {
        for (i = 0; i < IRIS_INPUTS; i++)
            inputs[i] = (float)((17 * sample + i) % 61 * 37 % 61) / 30.0f - 1.0f;
        iris_predict(inputs, outputs, scratch);
        for (i = 0; i < IRIS_OUTPUTS; i++) {
            union {
                float number;
                uint32_t bits;
            } same;

            same.number = outputs[i];
            /* Of NaN there are many. */
            hash = (hash ^ (outputs[i] <= outputs[i] ? same.bits : 0x7fc00000)) * 16777619;
        }
    }
    return hash == IRIS_CHECKED && smallest / 2.0f > 0.0f;
}

#if defined __GNUC__ && !defined __clang__
#pragma GCC pop_options
#else
#pragma STDC FP_CONTRACT DEFAULT
#endif

/* What the library amc-c takes, if its header was included before. */
#ifdef AMC_H
/* Layers. */
#define IRIS_LAYER_COUNT 2
/* Units of the widest layer. */
#define IRIS_WIDEST 32
/* Bytes of memory for amc_net_predict. */
#define IRIS_PREDICT_BYTES AMC_PREDICT_BYTES(IRIS_LAYER_COUNT, IRIS_WIDEST)

/* Units and activation of each layer. */
static const amc_layer IRIS_LAYERS[IRIS_LAYER_COUNT] = {
    {32, AMC_ACTIVATION_TANH},
    {3, AMC_ACTIVATION_SOFTMAX},
};

/* The net, and the loss it was trained on. */
static const amc_net IRIS_NET = {IRIS_INPUTS, IRIS_LAYERS, IRIS_LAYER_COUNT, AMC_LOSS_KIND_CROSS_ENTROPY};
#endif

#endif
