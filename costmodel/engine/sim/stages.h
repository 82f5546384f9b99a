/* What the stages share: reading a figure, writing the log.
 *
 * The stages are compiled with a log and without (LOGGED 1 and 0), and without a second
 * time for cores that lack what few cores have (LEAN 1), so that a run carries nothing it
 * does not need. */
#ifndef LOGGED
#error "plain.c or logged.c says whether the stages keep a log"
#endif
#ifndef LEAN
#define LEAN 0
#endif

#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* Figures a lean machine does not look at: they are 0. */
#define FIGURE_NUMBER(name) (offsetof(struct figures, name) / sizeof(int64_t))
static const bool lacking[sizeof(struct figures) / sizeof(int64_t)] = {
#define X(name) [FIGURE_NUMBER(name)] = LEAN,
	SELDOM(X)
#undef X
};

/* A figure of the core, looked at beside the rules. */
#define SEEN(name) (lacking[FIGURE_NUMBER(name)] ? 0 : m->f->name)

/* A figure of the core; a logged run remembers which ones it has read. */
#if LOGGED
#define FIG(name) \
	(m->used[FIGURE_NUMBER(name) / 64] |= (uint64_t)1 << FIGURE_NUMBER(name) % 64, \
	 m->f->name)
#else
#define FIG(name) SEEN(name)
#endif

/* A function that looks at an instruction: compiled twice into its caller, for an
 * ordinary instruction and for any (see run_insn). */
#define STAGE static inline __attribute__((always_inline))

/* A function that is called, never compiled into its callers: they stay small. */
#define APART static __attribute__((noinline))

/* The number of an event; without a log no event is ever looked up, and all are one. */
#define EVENT_NUMBER(n, stage) ((n) * LOG_ROW + LOG_##stage)
#define EVENT(n, stage) (LOGGED ? EVENT_NUMBER(n, stage) : 0)

static inline int64_t *entry(const struct ring *ring, int64_t number)
{
	return ring->time + (number & ring->mask);
}

static inline void set_entry(struct ring *ring, int64_t number, int64_t time,
			     int64_t event)
{
	ring->time[number & ring->mask] = time;
	if (LOGGED)
		ring->event[number & ring->mask] = event;
}

static inline int64_t event_of(const struct ring *ring, int64_t number)
{
	return LOGGED ? ring->event[number & ring->mask] : -1;
}

/* Keep when, why and after what an event happened. */
static inline void note(struct machine *m, int64_t event, int64_t cycle, int64_t cause,
			int64_t source)
{
	if (!LOGGED)
		return;
	m->log[event] = cycle;
	m->log[event + 1] = cause;
	m->log[event + 2] = source;
}

/* Make room in the log for uop `n`. */
static inline bool log_has_room(struct machine *m, int64_t n)
{
	int64_t uops = m->log_uops;
	int64_t *log;

	if (!LOGGED)
		return true;
	if (n >= uops) {
		uops = uops ? 2 * uops : 512;
		log = realloc(m->log, (size_t)uops * LOG_ROW * sizeof(int64_t));
		if (!log)
			return false;
		m->log = log;
		m->log_uops = uops;
	}
	memset(m->log + n * LOG_ROW, -1, LOG_ROW * sizeof(int64_t));
	return true;
}

static inline int64_t at_least(int64_t value, int64_t least)
{
	return value < least ? least : value;
}
