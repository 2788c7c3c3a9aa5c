#if defined __GNUC__ && !defined __clang__
#pragma GCC pop_options
#else
#pragma STDC FP_CONTRACT DEFAULT
#endif
