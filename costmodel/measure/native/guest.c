/* Placeholder of the guest: see the next change. */
#include "harness.h"

int guest_main(void)
{
	return 2;
}
