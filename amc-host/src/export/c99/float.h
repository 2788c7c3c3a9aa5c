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
