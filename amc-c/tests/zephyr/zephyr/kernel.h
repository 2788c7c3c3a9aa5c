/* What the sample uses of Zephyr, on the machine that compiled it. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdio.h>

#define printk printf

#endif
