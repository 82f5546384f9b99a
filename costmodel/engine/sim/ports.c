/* Ports and schedulers: which port takes a uop, and when it is free.
 *
 * Binding. A core that binds at issue counts, per port, the uops bound in earlier cycles
 * that had not left by the start of this one. Even slots of the issue group take the port
 * with the fewest (of equals the highest number), odd slots the second choice unless it is
 * LAG or more behind; with bind_evenly, every slot takes the port with fewest, those of
 * its own cycle counted; loads and store addresses take the load ports in turn. A core that
 * binds at dispatch takes whichever port of its set is free first. Where the ports belong
 * to several schedulers, only those whose scheduler has room are bound to, and ports
 * chosen at dispatch are those of the scheduler with most room at issue.
 *
 * Banks. Where loads have banks, a load bound to a port leaves in the first cycle in which
 * its port is free and no older load on another of the alternating ports touches the same
 * bank of another line; only addresses that count from one place are compared. With
 * bank_loads, that many older ones may touch a bank of the load's, whatever their lines
 * and what they count from: places all begin with bank 0. */

#define LAG 3

/* The bits of the 64 cycles around `cycle` in which a port is booked. */
static inline uint64_t *booked(const struct machine *m, int port, int64_t cycle)
{
	return m->busy + (cycle >> 6 & m->busy_mask) * m->p->port_count + port;
}

static inline bool is_booked(const struct machine *m, int port, int64_t cycle)
{
	return *booked(m, port, cycle) >> (cycle & 63) & 1;
}

/* Cycles before the 64 that `to` is in have gone by: their bits are those to come. */
static void forget_booked(struct machine *m, int64_t to)
{
	int64_t word = m->now >> 6, last = to >> 6;

	if (last - word > m->busy_mask)
		last = word + m->busy_mask + 1;
	for (; word < last; word++)
		memset(m->busy + (word & m->busy_mask) * m->p->port_count, 0,
		       (size_t)m->p->port_count * sizeof(uint64_t));
}

/* Move the issue clock to cycle `to`: uops that left free their entries. */
static void advance(struct machine *m, int64_t to)
{
	int64_t mask = m->calendar_mask;
	int64_t span = to - m->now;
	uint64_t left = (uint64_t)m->pending_ports;

	m->pending_ports = 0;
	while (left) {
		int port = __builtin_ctzll(left);

		left &= left - 1;
		m->usage[port] += m->pending[port];
		m->pending[port] = 0;
	}
	if (span > mask) /* everything booked lies within one turn of the calendar */
		span = mask + 1;
	for (int64_t step = 0; step < span && m->in_flight; step++) {
		uint64_t *gone = m->gone + ((m->now + step) & mask);

		left = *gone;
		*gone = 0;
		while (left) {
			int port = __builtin_ctzll(left);
			int scheduler = m->p->scheduler_of[port];

			left &= left - 1;
			m->usage[port]--;
			m->in_flight--;
			if (scheduler >= 0)
				m->occupancy[scheduler]--;
		}
	}
	if (to >> 6 != m->now >> 6)
		forget_booked(m, to);
	m->now = to;
	m->reads = 0;
	m->issued = 0;
	m->issued_memory = 0;
	m->issued_renamed = 0;
}

static int32_t free_entries(const struct machine *m, int scheduler)
{
	return m->p->scheduler_size[scheduler] - m->occupancy[scheduler];
}

/* Of the schedulers that serve a uop's ports the one with most room; of equals the first
 * listed. */
static int roomiest(const struct machine *m, const struct uop *uop)
{
	int best = m->p->scheduler_of[uop->ports[0]];

	for (int k = 1; k < uop->port_count; k++) {
		int scheduler = m->p->scheduler_of[uop->ports[k]];

		if (free_entries(m, scheduler) > free_entries(m, best))
			best = scheduler;
	}
	return best;
}

/* Uops bound to a port and not yet gone; `all`: those of this cycle too. */
static int32_t bound_to(const struct machine *m, int port, bool all)
{
	return m->usage[port] + (all ? m->pending[port] : 0);
}

/* Of the ports of a uop that have room the one with fewest uops bound, of equals the
 * first; in `*second` the same of the others. -1: there is none. */
static inline int fewest(const struct machine *m, const struct uop *uop, bool spans,
			 bool all, int *second)
{
	int best = -1;

	*second = -1;
	for (int k = 0; k < uop->port_count; k++) {
		int port = uop->ports[k];

		if (spans && free_entries(m, m->p->scheduler_of[port]) <= 0)
			continue;
		if (best < 0 || bound_to(m, port, all) < bound_to(m, best, all)) {
			*second = best;
			best = port;
		} else if (*second < 0 || m->usage[port] < m->usage[*second]) {
			*second = port;
		}
	}
	return best;
}

/* Port a uop is bound to at issue, of its own (highest first). Where they belong to
 * several schedulers, one that has room: there is one. */
static int bind(struct machine *m, const struct uop *uop)
{
	bool evenly = FIG(bind_evenly);
	int best, second;

	if (uop->flags & IN_TURN && m->p->alternate_count > 1) {
		int64_t turn = m->turn;

		m->turn = turn + 1 < m->p->alternate_count ? turn + 1 : 0;
		return m->p->alternates[turn];
	}
	if (uop->port_count == 1)
		return uop->ports[0];
	best = uop->scheduler == SPANS ? fewest(m, uop, true, evenly, &second)
				       : fewest(m, uop, false, evenly, &second);
	if (best < 0) /* a calendar too short: the run is thrown away */
		return uop->ports[0];
	/* The slot being filled has been counted: slots 1, 3 .. are the even ones. */
	if (m->issued & 1 || evenly)
		return best;
	if (second < 0 || m->usage[second] - m->usage[best] >= LAG)
		return best;
	return second;
}

/* First cycle at or after `cycle` in which `port` is free. */
static inline int64_t earliest(struct machine *m, int port, int64_t cycle)
{
	uint64_t taken = *booked(m, port, cycle) >> (cycle & 63);

	if (!(taken & 1))
		return cycle;
	for (int64_t words = 0; words <= m->busy_mask; words++) {
		int64_t left = 64 - (cycle & 63);
		int64_t run = ~taken ? __builtin_ctzll(~taken) : 64;

		if (run < left)
			return cycle + run;
		cycle += left;
		taken = *booked(m, port, cycle);
	}
	m->overflow = 1;
	return cycle;
}

/* Nothing else starts on `port` in `cycle`. */
STAGE void occupy(struct machine *m, int port, int64_t cycle)
{
	*booked(m, port, cycle) |= (uint64_t)1 << (cycle & 63);
}

/* A uop takes `port` in `cycle`; its scheduler's entry is free entry_held + 1 cycles
 * later. */
STAGE void book(struct machine *m, int port, int64_t cycle)
{
	int64_t leaves = cycle + FIG(entry_held);
	int scheduler = m->p->scheduler_of[port];

	if (leaves - m->now >= m->calendar_mask)
		m->overflow = 1;
	occupy(m, port, cycle);
	m->gone[leaves & m->calendar_mask] |= (uint64_t)1 << port;
	m->in_flight++;
	m->pending[port]++;
	m->pending_ports |= (int64_t)((uint64_t)1 << port);
	if (scheduler >= 0)
		m->occupancy[scheduler]++;
}

/* The port of `ports` that is free first, of equals the first listed; when, in `*at`. */
static int first_free(struct machine *m, const uint8_t *ports, int count, int64_t cycle,
		      int64_t *at)
{
	int best = ports[0];

	*at = earliest(m, best, cycle);
	for (int k = 1; k < count && *at > cycle; k++) {
		int64_t candidate = earliest(m, ports[k], cycle);

		if (candidate < *at) {
			*at = candidate;
			best = ports[k];
		}
	}
	return best;
}

/* A uop woken at `early` takes a port in vain if one is free before `ready`, the cycle
 * its inputs are really there. */
static void misfire(struct machine *m, const uint8_t *ports, int count, int64_t early,
		    int64_t ready)
{
	int64_t at;
	int port = first_free(m, ports, count, early, &at);

	if (at >= ready)
		return;
	if (at - m->now >= m->calendar_mask)
		m->overflow = 1;
	occupy(m, port, at);
}

/* --- banks of the first cache ------------------------------------------------------- */

/* What an access touches in a copy: root, line of 64 bytes, and a bit for each bank. */
static struct touched banks_of(struct machine *m, const struct access *access,
			       int64_t copy)
{
	struct touched touched = { line_of(access, copy), 0 };
	int64_t within = place_of(access, copy) & 63, size = FIG(bank_bytes);

	for (int64_t byte = 0; byte < access->width; byte += size)
		touched.banks |= (uint64_t)1 << (((within + byte) & 63) / size);
	touched.banks |= (uint64_t)1 << (((within + access->width - 1) & 63) / size);
	return touched;
}

/* What the load booked on a port in a cycle touches; NULL: none is. */
static const struct touched *held_by(const struct machine *m, int port, int64_t cycle)
{
	int64_t cell = port * (m->calendar_mask + 1) + (cycle & m->calendar_mask);

	if (cycle - m->now > m->calendar_mask) /* the run is thrown away */
		return NULL;
	return is_booked(m, port, cycle) ? m->touched + cell : NULL;
}

/* Whether `most` loads on other ports touch a bank of `banks` in `cycle`. */
static bool crowded(const struct machine *m, int port, int64_t cycle, uint64_t banks,
		    int64_t most)
{
	for (; banks; banks &= banks - 1) {
		int64_t count = 0;

		for (int k = 0; k < m->p->alternate_count; k++) {
			int other = m->p->alternates[k];
			const struct touched *held = held_by(m, other, cycle);

			count += other != port && held && held->banks & banks & -banks;
		}
		if (count >= most)
			return true;
	}
	return false;
}

/* Whether a load that would leave in `cycle` must wait for those on other ports. */
static bool clashes(struct machine *m, int port, int64_t cycle,
		    const struct touched *load)
{
	if (FIG(bank_loads))
		return crowded(m, port, cycle, load->banks, SEEN(bank_loads));
	for (int k = 0; k < m->p->alternate_count; k++) {
		int other = m->p->alternates[k];
		const struct touched *held = held_by(m, other, cycle);

		if (other != port && held && held->line.root == load->line.root &&
		    held->line.number != load->line.number && held->banks & load->banks)
			return true;
	}
	return false;
}

/* --- dispatch ----------------------------------------------------------------------- */

/* Port and cycle of a uop that was bound at issue. */
STAGE int dispatch_bound(struct machine *m, const struct uop *uop, int64_t copy,
			  int64_t ready, int64_t *when)
{
	int port = bind(m, uop);
	struct touched touched = { { -1, -1 }, 0 };

	*when = earliest(m, port, ready);
	if (FIG(bank_bytes)) {
		if (uop->kind == KIND_LOAD && uop->access >= 0) {
			touched = banks_of(m, m->p->accesses + uop->access, copy);
			while (clashes(m, port, *when, &touched))
				*when = earliest(m, port, *when + 1);
		}
		m->touched[port * (m->calendar_mask + 1) + (*when & m->calendar_mask)] =
			touched;
	}
	return port;
}

/* Port and cycle of a uop whose port is chosen when it leaves. */
STAGE int dispatch_free(struct machine *m, const struct uop *uop, int64_t early,
			 int64_t inputs, int64_t earliest_leave, int64_t ready,
			 int64_t *when)
{
	const uint8_t *ports = uop->ports;
	int count = uop->port_count;

	if (uop->scheduler == SPANS) { /* only ports of the scheduler that takes it */
		int scheduler = roomiest(m, uop);

		while (m->p->scheduler_of[*ports] != scheduler)
			ports++, count--;
		for (int k = 1; k < count; k++)
			if (m->p->scheduler_of[ports[k]] != scheduler)
				count = k;
	}
	if (early < inputs && earliest_leave < inputs)
		misfire(m, ports, count, at_least(early, earliest_leave), inputs);
	return first_free(m, ports, count, ready, when);
}

/* Cycle the uop leaves for its port, given when its inputs are ready and when it is
 * woken; m->waited is how long it then waits for the port. */
STAGE int64_t dispatch(struct machine *m, const struct uop *uop, int64_t n, int64_t copy,
			int64_t issued, int64_t inputs, int64_t early, int64_t source)
{
	int64_t leaves = issued + FIG(to_dispatch);
	int64_t ready = inputs, cause = CAUSE_INPUT, when;
	int port = -1;

	if (leaves >= ready) {
		ready = leaves;
		cause = CAUSE_PIPELINE;
		source = EVENT(n, ISSUE);
	}
	if (uop->busy && m->divider > ready) {
		ready = m->divider;
		cause = CAUSE_DIVIDER;
		source = m->divider_event;
	}
	when = ready;
	if (uop->port_count) {
		if (FIG(bind_at_issue))
			port = dispatch_bound(m, uop, copy, ready, &when);
		else
			port = dispatch_free(m, uop, early, inputs, leaves, ready, &when);
		book(m, port, when);
	}
	m->waited = 0;
	if (when > ready && !m->f->bind_at_issue && FIG(early_wake))
		m->waited = when - ready;
	if (uop->busy) {
		m->divider = when + uop->busy;
		m->divider_event = EVENT(n, DISPATCH);
	}
	if (LOGGED) {
		note(m, EVENT(n, READY), ready, cause, source);
		if (when > ready) {
			cause = CAUSE_PORT;
			source = EVENT(n, READY);
		}
		note(m, EVENT(n, DISPATCH), when, cause, source);
		m->log[EVENT(n, PORT)] = port;
		if (port >= 0)
			m->gone_event[(when + SEEN(entry_held) + 1) & m->calendar_mask] =
				EVENT(n, DISPATCH);
	}
	return when;
}
