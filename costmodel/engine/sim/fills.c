/* Lines that are not in the first cache when a trip starts: their fills.
 *
 * A cold line is asked for by the accesses of the trip that need it: a load when it
 * dispatches, unless it takes its data from a store in flight; a store when it retires
 * (the request for ownership), for no source says when a core would do so sooner; an
 * instruction when the fetch of its bytes would start. The line is there the latency of
 * its level after the first of them asked, as far as older accesses know: an access does
 * not learn of one that is younger in program order and asked sooner. Who asks later
 * waits for the same fill.
 *
 * Data lines take a fill buffer, in the order in which the trip first touches them: the
 * fill starts no sooner than that of the line `fill_buffers` before it, as its first
 * access asked for it, is done; or than that access has left, if it did not ask. */

static int64_t level_latency(struct machine *m, int32_t line)
{
	switch (m->p->cold[line - 1]) {
	case 1:
		return FIG(l2_latency);
	case 2:
		return FIG(l3_latency);
	default:
		return FIG(memory_latency);
	}
}

/* Cycle cold line `line` is there for an access that left at `left` and asks for it at
 * `at` (-1: it does not ask). */
static int64_t fill(struct machine *m, int32_t line, int64_t at, int64_t left,
		    int64_t event)
{
	struct cold_line *cold = m->cold + line - 1;
	int64_t ready;
	bool first = cold->room < 0;

	if (first) {
		cold->room = 0;
		if (FIG(fill_buffers))
			cold->room = *entry(&m->fill_entries_ring,
					    m->fills - m->f->fill_buffers);
		*entry(&m->fill_entries_ring, m->fills) = left;
		m->fills++;
	}
	if (at < 0)
		return -1;
	ready = at_least(at, cold->room) + level_latency(m, line);
	if (cold->ready < 0 || ready < cold->ready) {
		cold->ready = ready;
		cold->event = event;
	}
	if (first)
		*entry(&m->fill_entries_ring, m->fills - 1) = ready;
	return cold->ready;
}

/* Cycle the bytes of cold code line `line` are there, wanted at `at`. */
static int64_t fetch_line(struct machine *m, int32_t line, int64_t at)
{
	struct cold_line *cold = m->cold + line - 1;

	if (cold->ready >= 0)
		return at;
	m->missed = 1;
	cold->ready = at + level_latency(m, line);
	return cold->ready;
}

/* A trip starts: its cold lines are not in the first cache any more. */
static void evict(struct machine *m)
{
	memset(m->cold, -1, (size_t)m->p->cold_count * sizeof(struct cold_line));
}
