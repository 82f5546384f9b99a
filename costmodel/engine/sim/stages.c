/* The stages in the order a uop passes them; see stages.h. */
#include "stages.h"

#include "fills.c"
#include "memory.c"
#include "ports.c"
#include "frontend.c"
#include "rename.c"
#include "retire.c"
#include "run.c"
#include "steady.c"
