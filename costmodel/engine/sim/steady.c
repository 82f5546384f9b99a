/* The rhythm of a trace: trips are run until they repeat, or for one pass.
 *
 * A loop of a machine like this one settles into a period. It is found, not assumed, and
 * two ways lead to it. The sure one: the whole state of the machine is what it was, but
 * for the time (signature()). The other, for machines that fill up slowly: groups of
 * trips have taken the same time over a stretch longer than anything the machine holds.
 * A pattern that never settles is measured over the later half of a bounded run. */

#define MOST_GROUPS 4096 /* groups of trips run */
#define SPACING 48 /* uops between two looks at the whole state */
#define OLDEST 256 /* looks back a state is compared with */
#define FAR 65536 /* lines: never the same one */

/* --- the signature of the machine's state ------------------------------------------- */

#define MIXER 0x9e3779b97f4a7c15u

static inline uint64_t mix(uint64_t h, int64_t x)
{
	h = (h ^ (uint64_t)x) * MIXER;
	return h ^ h >> 29;
}

/* How many bits are set: of a mask of ports few are. */
static inline int bits_in(uint64_t mask)
{
	int count = 0;

	for (; mask; mask &= mask - 1)
		count++;
	return count;
}

/* A cycle counted from `floor`; 0 for any before. */
static inline int64_t since(int64_t cycle, int64_t floor)
{
	return cycle > floor ? cycle - floor : 0;
}

/* How far one address, or one block of them, lies after another; wraps as they do. */
static inline int64_t apart(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* The last `length` entries of a ring whose times never go back. Most of a signature is
 * made of these: they are mixed by a multiplication alone, and well only at the end. */
static uint64_t mix_rising(uint64_t h, const struct ring *ring, int64_t end,
			   int64_t length, int64_t floor)
{
	const int64_t *time = ring->time, mask = ring->mask, least = end - length;
	int64_t k = end - 1;

	for (; k >= least && time[k & mask] > floor; k--)
		h = (h ^ (uint64_t)(time[k & mask] - floor)) * MIXER;
	return mix(h ^ h >> 32, end - k);
}

/* The last `length` entries of a ring in no order. */
static uint64_t mix_any(uint64_t h, const struct ring *ring, int64_t end, int64_t length,
			int64_t floor)
{
	for (int64_t k = end - length; k < end; k++)
		h = mix(h, since(*entry(ring, k), floor));
	return h;
}

/* Bytes that have arrived, and the queue they wait in. */
static uint64_t mix_arrival(uint64_t h, const struct machine *m, int64_t earliest)
{
	int64_t place = m->p->loops ? 0 : m->address >> m->fetch_shift;

	h = mix(mix(h, apart(m->block, place)), m->block_start - m->now);
	h = mix(mix(h, m->block_count), m->block_lcp);
	h = mix(mix(h, m->block_cycles), since(m->restart, earliest));
	if (m->f->predecode_width)
		return mix_any(h, &m->predecoded_ring, m->insn_count,
			       m->f->predecode_queue, m->block_start);
	if (m->f->fetch_queue)
		return mix_any(h, &m->blocks_ring, m->fetched + 1, m->f->fetch_queue,
			       m->block_start);
	return h;
}

/* The front end, from the fetch of bytes to the uop queue. */
static uint64_t mix_front(uint64_t h, const struct machine *m)
{
	int64_t clock = m->restart;

	if (!m->p->loops)
		h = mix(h, m->address & (at_least(m->f->fetch_bytes, SEEN(cache_again)
						  ? m->f->cache_window : 0) - 1));
	if (m->mode == MODE_DECODE) {
		int64_t earliest = m->restart;

		clock = m->decode_cycle;
		if (m->block == NO_BLOCK) {
			h = mix(mix(h, 1), m->restart - m->now);
		} else {
			earliest = clock < m->block_start ? clock : m->block_start;
			h = mix_arrival(h, m, earliest);
		}
		h = mix(mix(h, clock - m->now), m->decode_used);
		h = mix(mix(h, m->decode_left), m->decode_uops);
		h = mix(h, since(m->cache_cycle, earliest));
	} else if (m->mode == MODE_CACHE) {
		clock = m->cache_cycle;
		h = mix(mix(h, clock - m->now), m->cache_uops);
		h = mix(mix(h, m->cache_lines), m->cache_line);
		if (SEEN(cache_again))
			h = mix(h, apart(m->cache_window,
				     m->address >> m->window_shift));
		h = mix(mix(h, since(m->restart, clock)), since(m->decode_cycle, clock));
	} else if (SEEN(loop_width)) {
		clock = m->cache_cycle;
		h = mix(mix(h, clock - m->now), m->cache_uops);
		h = mix(h, since(m->restart, clock));
	} else { /* the loop buffer waits for no room in the queue */
		return mix(h, since(clock, m->now - m->long_ago));
	}
	return mix_rising(h, &m->queue_ring, m->slot_count, m->f->queue, clock);
}

/* When each value can be used, and which registers share one. */
static uint64_t mix_registers(uint64_t h, const struct machine *m)
{
	int64_t floor = at_least(m->now - m->long_ago, 0);

	for (int k = 0; k < REGISTERS; k++) {
		if (m->ready[k] <= floor)
			continue;
		h = mix(mix(h, k), m->ready[k] - m->now);
		if (SEEN(early_wake))
			h = mix(h, m->delay[k]);
	}
	if (SEEN(register_reads)) {
		h = mix(h, m->reads);
		for (int k = 0; k < GENERAL; k++)
			h = mix(h, since(m->permanent[k], m->now));
	}
	for (int k = 0; m->f->elimination_slots && k < GENERAL; k++) {
		int first = 0;

		if (m->alias[k] < 0)
			continue;
		while (m->alias[first] != m->alias[k])
			first++;
		h = mix(mix(h, k), first);
	}
	return h;
}

/* What is bound to ports and has not left. */
static uint64_t mix_ports(uint64_t h, const struct machine *m)
{
	int64_t mask = m->calendar_mask, left = m->in_flight;

	for (int port = 0; port < m->p->port_count; port++)
		h = mix(h, m->usage[port] + ((int64_t)m->pending[port] << 24));
	for (int64_t cycle = m->now; left > 0 && cycle <= m->now + mask; cycle++) {
		uint64_t gone = m->gone[cycle & mask], taken = 0;

		if (gone) {
			h = mix(mix(h, cycle - m->now), (int64_t)gone);
			left -= bits_in(gone);
		}
		if (!SEEN(early_wake))
			continue;
		for (int port = 0; port < m->p->port_count; port++)
			if (is_booked(m, port, cycle))
				taken |= (uint64_t)1 << port;
		h = mix(h, (int64_t)taken);
	}
	return h;
}

/* Where a line lies: seen from those the accesses touch now, if they are moving. */
static uint64_t mix_line(uint64_t h, const struct machine *m, struct line line,
			 bool moving)
{
	if (!moving)
		return mix(mix(h, line.root), line.number);
	for (int32_t a = 0; line.root >= 0 && a < m->p->access_count; a++) {
		struct line now = line_of(m->p->accesses + a, m->copy);
		int64_t away = line.number - now.number;

		if (line.root != now.root || away <= -FAR || away >= FAR)
			away = FAR;
		h = mix(h, away);
	}
	return h;
}

/* The lines written lately. */
static uint64_t mix_lines(uint64_t h, const struct machine *m, bool moving)
{
	for (int64_t k = 0; k < SEEN(combine_lines); k++)
		h = mix_line(h, m, m->recent[k], moving);
	return mix_line(h, m, m->commit_line, moving);
}

/* The banks loads hold that have been bound and have not left. */
static uint64_t mix_banks(uint64_t h, const struct machine *m, bool moving)
{
	int64_t mask = m->calendar_mask, left = m->in_flight;

	for (int64_t cycle = m->now; left > 0 && cycle <= m->now + mask; cycle++) {
		left -= bits_in(m->gone[cycle & mask]);
		for (int k = 0; k < m->p->alternate_count; k++) {
			int64_t cell = m->p->alternates[k] * (mask + 1) + (cycle & mask);
			const struct touched *held = m->touched + cell;

			if (!is_booked(m, m->p->alternates[k], cycle) ||
			    held->line.root < 0)
				continue;
			h = mix(mix(h, cycle - m->now), m->p->alternates[k]);
			h = mix_line(mix(h, (int64_t)held->banks), m, held->line, moving);
		}
	}
	return h;
}

/* Accesses that move at different speeds from one place: how far they are apart. */
static uint64_t mix_parting(uint64_t h, const struct machine *m)
{
	int32_t leaders[64]; /* the first access of each place, by its last bits */

	memset(leaders, -1, sizeof(leaders));
	for (int32_t a = 0; a < m->p->access_count; a++) {
		const struct access *access = m->p->accesses + a, *leader;
		int32_t *first = leaders + access->root % 64;
		int64_t away;

		if (access->fresh)
			continue;
		if (*first < 0)
			*first = a;
		leader = m->p->accesses + *first;
		if (leader->root != access->root || leader->stride == access->stride)
			continue;
		away = line_of(access, m->copy).number - line_of(leader, m->copy).number;
		h = mix(h, away <= -FAR || away >= FAR ? FAR : away);
	}
	return h;
}

/* Stores whose data a later load may take, and where accesses stand in lines. */
static uint64_t mix_memory(uint64_t h, const struct machine *m)
{
	bool moving = false;

	for (int32_t a = 0; a < m->p->access_count; a++) {
		const struct access *access = m->p->accesses + a;

		if (access->stride) {
			int64_t span = at_least(m->f->boundary, 64);

			h = mix(h, (place_of(access, m->copy) & (span - 1)) -
				   (access->offset & (span - 1)));
		}
		moving |= access->stride || access->fresh;
		if (!access->forward)
			continue;
		if (access->forward == FORWARD_ORDERED)
			h = mix(h, since(m->addressed + m->f->forward_order, m->now));
		if (access->forward == FORWARD_WAITS) {
			h = mix(h, since(m->addressed, m->now));
			continue;
		}
		for (int64_t age = 1; age <= access->distance; age++) {
			const struct store *s = cell_of(m, access->store, m->copy - age);

			if (s->committed <= m->now && !at_rename(access))
				continue;
			h = mix(mix(h, a), since(s->committed, m->now));
			h = mix(h, since(s->value, m->now - m->long_ago));
			h = mix(h, since(s->data, m->now - m->long_ago));
			h = mix(h, since(s->address, m->now - m->long_ago));
		}
	}
	if (SEEN(bank_bytes) && m->f->bind_at_issue)
		h = mix_banks(h, m, moving);
	if (moving)
		h = mix_parting(h, m);
	return mix_lines(h, m, moving);
}

/* The machine's state between two trips, counted from its issue clock. */
static uint64_t signature(const struct machine *m)
{
	const struct figures *f = m->f;
	int64_t now = m->now;
	uint64_t h = 1;

#define NOT(x)
#define AS_IS(x) h = mix(h, x);
#define AFTER(x) h = mix(h, since(x, now));
#define ALONE_(x)
#define X(name, first, how) how(m->name)
	STATE(X)
#undef X
#undef NOT
#undef AS_IS
#undef AFTER
#undef ALONE_
	h = mix_front(h, m);
	h = mix(h, m->retired - now);
	if (m->committed > m->retired)
		h = mix(mix(h, m->committed - m->retired), m->committed_in);
	h = mix(h, since(m->commit_clock, m->retired * FIXED));
	h = mix(h, since(m->turn_clock, (m->retired + 1) * FIXED));
	h = mix_registers(h, m);
	h = mix_ports(h, m);
	h = mix_rising(h, &m->rob_ring, m->slots, f->rob, now);
	if (f->load_freed_complete)
		h = mix_any(h, &m->load_entries_ring, m->loads, f->load_buffer, now);
	else
		h = mix_rising(h, &m->load_entries_ring, m->loads, f->load_buffer, now);
	h = mix_rising(h, &m->store_entries_ring, m->stores, f->store_buffer, now);
	h = mix_rising(h, &m->int_entries_ring, m->int_writes, f->int_registers, now);
	h = mix_rising(h, &m->flag_entries_ring, m->flag_writes, SEEN(flag_registers), now);
	if (m->p->cold_count)
		h = mix_any(h, &m->fill_entries_ring, m->fills, f->fill_buffers, now);
	if (m->p->access_count)
		h = mix_memory(h, m);
	return h;
}

/* --- the search ---------------------------------------------------------------------- */

struct search {
	int64_t marks[MOST_GROUPS]; /* last retirement after each group */
	int64_t uops[MOST_GROUPS]; /* run by then */
	int64_t behind[MOST_GROUPS]; /* cycles the writes of stores lie behind then */
	uint64_t looks[MOST_GROUPS]; /* signatures */
};

/* Groups at the end that repeat with some period over `need` uops; 0: none. `count`
 * groups have been run. */
static int64_t settled(const struct search *s, int64_t count, int64_t need)
{
	static const int64_t periods[] = { 1, 2, 3, 4, 5, 6, 8 };
	const int64_t *marks = s->marks;

	for (size_t k = 0; k < sizeof(periods) / sizeof(*periods); k++) {
		int64_t period = periods[k], spans = period > 1 ? 2 * period : 3;
		int64_t n = count - 2, matched;

		if (count - 1 < spans)
			return 0;
		while (n - period >= 0 && marks[n + 1] - marks[n] ==
					  marks[n + 1 - period] - marks[n - period])
			n--;
		matched = count - 2 - n;
		if (matched < spans - period || matched < period)
			continue;
		/* stores that pile up will have to be waited for */
		if (s->behind[count - 1] > s->behind[count - 1 - matched])
			continue;
		if (s->uops[count - 1] - s->uops[count - 1 - matched] >= need)
			return matched / period * period;
	}
	return 0;
}

/* Looks back to the same state as in the last of `looks`; 0: it is a new one. */
static int64_t recurs(const struct search *s, int64_t looks)
{
	for (int64_t j = looks - 2; j >= at_least(looks - 1 - OLDEST, 0); j--)
		if (s->looks[j] == s->looks[looks - 1])
			return looks - 1 - j;
	return 0;
}

static void window(struct outcome *out, const struct search *s, int64_t count,
		   int64_t groups, int64_t group, bool found)
{
	int64_t first = count - groups;

	out->start = first ? s->marks[first - 1] : 0;
	out->cycles = s->marks[count - 1] - out->start;
	out->trips = groups * group;
	out->first = first * group;
	out->settled = found;
}

/* Run groups of trips until they repeat. */
static enum status search_period(struct machine *m, const struct settings *set,
				 struct search *s, struct outcome *out)
{
	int64_t count = 0, spacing = 1, looks = 0;

	for (;;) {
		int64_t groups = 0;

		for (int64_t trip = 0; trip < set->group; trip++)
			if (!run_trip(m))
				return NO_MEMORY;
		if (m->overflow)
			return TOO_LONG;
		if (set->interrupted && count % 64 == 63 && set->interrupted())
			return INTERRUPTED;
		s->marks[count] = m->retired;
		s->uops[count] = m->uops;
		s->behind[count] = since(m->committed, m->retired);
		count++;
		if (count == 1 && m->uops < SPACING)
			spacing = SPACING / at_least(m->uops, 1) + 1;
		if (count % spacing == 0) {
			if (m->copy >= m->p->depth) {
				s->looks[looks++] = signature(m);
				groups = recurs(s, looks) * spacing;
			}
			if (!groups && count >= 4 && m->uops > set->need)
				groups = settled(s, count, set->need);
		}
		if (groups) {
			window(out, s, count, groups, set->group, true);
			return FINE;
		}
		if (count >= 4 && (m->uops >= set->limit || count == MOST_GROUPS)) {
			window(out, s, count, count - count / 2, set->group, false);
			return FINE;
		}
	}
}

/* One group of trips, once: all of it is the window. */
static enum status run_once(struct machine *m, const struct settings *set,
			    struct outcome *out)
{
	for (int64_t trip = 0; trip < set->group; trip++) {
		if (!run_trip(m))
			return NO_MEMORY;
		if (m->overflow)
			return TOO_LONG;
		if (set->interrupted && trip % 1024 == 1023 && set->interrupted())
			return INTERRUPTED;
	}
	*out = (struct outcome){ .cycles = m->retired, .trips = set->group,
				 .settled = true };
	return FINE;
}

/* Run the program of `m` as `set` says. A calendar that proves too short is made longer
 * and the run begun anew. */
enum status NAME(simulate)(struct machine *m, const struct settings *set,
			   struct outcome *out)
{
	int64_t calendar = set->calendar;
	enum status status = TOO_LONG;
	struct search *s = set->limit ? malloc(sizeof(*s)) : NULL;

	if (set->limit && !s)
		return NO_MEMORY;
	for (; status == TOO_LONG && calendar <= LONGEST_CALENDAR; calendar *= 16) {
		status = machine_prepare(m, calendar);
		if (status != FINE)
			break;
		m->mode = set->mode;
		status = set->limit ? search_period(m, set, s, out) : run_once(m, set, out);
		out->calendar = calendar;
	}
	out->uops = m->uops;
	out->last_event = m->uops ? EVENT_NUMBER(m->uops - 1, RETIRE) : -1;
	free(s);
	return status;
}
