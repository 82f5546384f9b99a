/* The simulator that keeps when, why and after what everything happened. */
#define LOGGED 1
#define NAME(function) function##_logged
#include "stages.c"
