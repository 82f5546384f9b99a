/* Which samples count: those taken while nobody else used the core.
 *
 * Another hardware thread halves every width of a core for a fraction of a millisecond
 * and then is gone. The NOPs before and after a sample tell. What they take on a quiet
 * core is learned while sampling, next to the code that is timed: the lowest quartile
 * of any window of samples. When a lower one turns up, what was kept so far was taken
 * beside a neighbour, and is dropped.
 */
#include "harness.h"

#include <string.h>

#define QUIET_SHARE 1.10
#define LOWER_SHARE 0.85
#define CHAINS_AGREE 0.05
#define STEPS 2 /* readings are so many steps of the counter off at most */

static struct shared *shared;
static uint32_t programs, wanted, unfiltered;
static uint32_t step; /* ticks the counter advances by at once */
static double quiet;  /* cycles of the NOPs */

void filter_open(struct shared *with, const struct job *job)
{
	shared = with;
	programs = job->programs;
	wanted = job->samples;
	unfiltered = job->flags & UNFILTERED;
	quiet = job->nop_millicycles / 1000.0;
	step = 0;
}

NO_CANARY static void learn_step(uint32_t reading)
{
	uint32_t other = reading;

	while (other) {
		uint32_t rest = step % other;

		step = other;
		other = rest;
	}
}

/* Both readings of the clock agree: no interrupt hit one of them. */
NO_CANARY static int clock_held(const struct sample *it)
{
	double a = it->before.chain, b = it->after.chain;
	double apart = a > b ? a - b : b - a;

	return a > 0 && b > 0 && apart <= CHAINS_AGREE * a + STEPS * step;
}

NO_CANARY static double slower_nops(const struct sample *it)
{
	double before = nop_cycles(it->before.nops, it->before.chain);
	double after = nop_cycles(it->after.nops, it->after.chain);

	return before > after ? before : after;
}

/* The lower quartile of the window's NOPs; 0 if no clock held. */
NO_CANARY static double window_quartile(const struct sample *window, uint32_t count)
{
	double sorted[WINDOW];
	uint32_t held = 0;

	for (uint32_t k = 0; k < count; k++) {
		double value = slower_nops(&window[k]);
		uint32_t at = held;

		if (!clock_held(&window[k]))
			continue;
		for (; at > 0 && sorted[at - 1] > value; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = value;
		held++;
	}
	return held < count / 2 ? 0 : sorted[held / 4];
}

NO_CANARY static void keep(const struct sample *it)
{
	struct report *report = &shared->report;
	uint32_t *row = shared->rows[report->kept++];

	for (uint32_t k = 0; k < programs; k++)
		row[k] = it->program[k];
	row[programs] = it->before.chain + it->after.chain;
	row[programs + 1] = it->before.nops > it->after.nops ? it->before.nops :
							       it->after.nops;
}

NO_CANARY void filter_take(const struct sample *window, uint32_t count)
{
	struct report *report = &shared->report;
	double here, most;

	for (uint32_t k = 0; k < count; k++) {
		learn_step(window[k].before.nops);
		learn_step(window[k].after.nops);
		learn_step(window[k].before.chain);
	}
	here = window_quartile(window, count);
	if (here > 0 && (quiet <= 0 || here < quiet)) {
		if (here < quiet * LOWER_SHARE)
			report->kept = 0;
		quiet = here;
	}
	report->nop_millicycles = quiet < 4e6 ? (uint32_t)(quiet * 1000) : 0;
	report->taken += count;
	for (uint32_t k = 0; k < count && report->kept < wanted; k++) {
		most = quiet * QUIET_SHARE +
		       STEPS * nop_cycles(step, window[k].before.chain);
		if (unfiltered ||
		    (clock_held(&window[k]) && slower_nops(&window[k]) <= most))
			keep(&window[k]);
	}
}
