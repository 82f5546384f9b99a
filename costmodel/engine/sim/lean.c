/* The simulator that only counts cycles, for cores that lack what most lack. */
#define LOGGED 0
#define LEAN 1
#define NAME(function) function##_lean
#include "stages.c"
