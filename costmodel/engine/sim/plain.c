/* The simulator that only counts cycles. */
#define LOGGED 0
#define NAME(function) function##_plain
#include "stages.c"
