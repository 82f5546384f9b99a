/* A machine's memory: rings and calendar as long as its figures and its program ask. */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

static int64_t power_of_two(int64_t least)
{
	int64_t size = 1;

	while (size < least)
		size *= 2;
	return size;
}

static int shift_of(int64_t size)
{
	int shift = 0;

	while (((int64_t)2 << shift) <= size)
		shift++;
	return shift;
}

/* The next `bytes` of the arena, or only their size counted while `base` is NULL. */
static void *part(char *base, size_t *at, size_t bytes)
{
	void *here = base ? base + *at : NULL;

	*at += (bytes + 63) & ~(size_t)63;
	return here;
}

static size_t busy_size(const struct machine *m)
{
	return (size_t)((m->busy_mask + 1) * m->p->port_count) * sizeof(uint64_t);
}

static size_t lay_out(struct machine *m, char *base, int64_t calendar)
{
	const struct program *p = m->p;
	int64_t spare = p->widest_insn + p->widest_slot + 1;
	int64_t cells = (int64_t)p->access_count * p->depth;
	size_t at = 0, times = (size_t)calendar * sizeof(int64_t);

#define X(name, count, length, order) do { \
		int64_t size = power_of_two((length) + spare); \
		m->name##_ring.mask = size - 1; \
		m->name##_ring.time = part(base, &at, (size_t)size * sizeof(int64_t)); \
		m->name##_ring.event = part(base, &at, (size_t)size * sizeof(int64_t)); \
	} while (0);
	RINGS(X)
#undef X
	m->calendar_mask = calendar - 1;
	m->busy_mask = power_of_two((calendar + 63) / 64 + 1) - 1;
	m->busy = part(base, &at, busy_size(m));
	m->touched = part(base, &at, m->f->bank_bytes
			  ? (size_t)(p->port_count * calendar) * sizeof(struct touched) : 0);
	m->gone = part(base, &at, times);
	m->gone_event = part(base, &at, times);
	m->recent = part(base, &at, (size_t)m->f->combine_lines * sizeof(struct line));
	m->cells = part(base, &at, (size_t)cells * sizeof(struct store));
	m->cold = part(base, &at, (size_t)p->cold_count * sizeof(struct cold_line));
	return at;
}

static void clear_ring(struct ring *ring)
{
	memset(ring->time, 0, (size_t)(ring->mask + 1) * sizeof(int64_t));
}

/* Make the machine one that has seen no code. Events of rings and of the calendar are
 * read only after they were written, so they may keep what they hold. */
static void reset(struct machine *m)
{
	const struct program *p = m->p;
	int64_t calendar = m->calendar_mask + 1;

#define X(name, first, how) m->name = first;
	STATE(X)
#undef X
#define X(name, count, length, order) clear_ring(&m->name##_ring);
	RINGS(X)
#undef X
	m->free_aliases = m->f->elimination_slots;
	memset(m->ready, 0, sizeof(m->ready));
	memset(m->producer, -1, sizeof(m->producer));
	memset(m->delay, 0, sizeof(m->delay));
	memset(m->permanent, 0, sizeof(m->permanent));
	memset(m->alias, -1, sizeof(m->alias));
	memset(m->members, 0, sizeof(m->members));
	memset(m->usage, 0, sizeof(m->usage));
	memset(m->pending, 0, sizeof(m->pending));
	memset(m->occupancy, 0, sizeof(m->occupancy));
	memset(m->busy, 0, busy_size(m));
	memset(m->gone, 0, (size_t)calendar * sizeof(int64_t));
	m->commit_line = (struct line){ -1, -1 };
	memset(m->recent, -1, (size_t)m->f->combine_lines * sizeof(struct line));
	memset(m->cells, -1, (size_t)p->access_count * (size_t)p->depth *
			     sizeof(struct store));
	memset(m->cold, -1, (size_t)p->cold_count * sizeof(struct cold_line));
	memset(m->used, 0, sizeof(m->used));
}

/* The longest time that is ever added to one of the past: to that of a value, of a store,
 * or of a delivery from the loop buffer. */
static int64_t longest_wait(const struct machine *m)
{
	const struct figures *f = m->f;
	int64_t waits[] = {
		64, m->p->longest_delay, f->queue_latency + m->p->longest_insn,
		f->forward_latency + f->forward_narrow, f->forward_blocked,
		f->forward_address, f->renaming_latency + f->renaming_passed,
		f->renaming_check + f->renaming_segment,
	};
	int64_t longest = 0;

	for (size_t k = 0; k < sizeof(waits) / sizeof(*waits); k++)
		if (waits[k] > longest)
			longest = waits[k];
	return longest;
}

/* Ready `m` to run its program from the start, on a calendar of so many cycles. */
enum status machine_prepare(struct machine *m, int64_t calendar)
{
	const struct figures *f = m->f;
	size_t size = lay_out(m, NULL, calendar);

	if (size > m->arena_size) {
		free(m->arena);
		m->arena = malloc(size);
		m->arena_size = m->arena ? size : 0;
	}
	if (!m->arena)
		return NO_MEMORY;
	lay_out(m, m->arena, calendar);
	m->fetch_shift = shift_of(f->fetch_bytes);
	m->window_shift = shift_of(f->cache_window > 0 ? f->cache_window : 1);
	m->forward_extra = f->forward_load > f->load_latency
		? f->forward_load - f->load_latency : 0;
	m->long_ago = longest_wait(m);
	reset(m);
	return FINE;
}

enum status simulate(struct machine *m, const struct settings *s, bool logged,
		     struct outcome *out)
{
	int64_t has = 0;

#define X(name) has |= m->f->name;
	SELDOM(X)
#undef X
	if (logged)
		return simulate_logged(m, s, out);
	return has ? simulate_plain(m, s, out) : simulate_lean(m, s, out);
}

void machine_free(struct machine *m)
{
	free(m->arena);
	free(m->log);
	m->arena = NULL;
	m->log = NULL;
	m->arena_size = 0;
	m->log_uops = 0;
}
