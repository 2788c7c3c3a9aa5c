#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

/* The most bytes that malloc has had; 0 on a host. */
size_t heap_used(void);

#endif
