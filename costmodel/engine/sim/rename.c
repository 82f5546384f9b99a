/* Issue: the windows a uop must find room in, and what the renamer does itself. */

/* --- register reads ----------------------------------------------------------------- */

/* Mask of the registers a uop reads that have left the reorder buffer. */
static int64_t retired_reads(const struct machine *m, const struct uop *uop,
			     int64_t cycle)
{
	int64_t mask = 0;

	for (int k = 0; k < uop->input_count; k++) {
		int reg = uop->inputs[k].reg;

		if (reg < GENERAL && m->permanent[reg] <= cycle)
			mask |= (int64_t)1 << reg;
	}
	return mask;
}

/* --- move elimination --------------------------------------------------------------- */

/* `reg` is overwritten: it no longer shares its elimination slot. */
static void leave_alias(struct machine *m, int reg)
{
	int slot = m->alias[reg];

	if (slot < 0)
		return;
	m->alias[reg] = -1;
	if (--m->members[slot] != 1)
		return;
	for (int other = 0; other < GENERAL; other++)
		if (m->alias[other] == slot)
			m->alias[other] = -1;
	m->members[slot] = 0;
	m->free_aliases++;
}

/* Whether the move `source` -> `target` needs no port; takes a slot if so. */
static bool eliminate(struct machine *m, int source, int target)
{
	int slot;

	leave_alias(m, target);
	slot = m->alias[source];
	if (slot < 0) {
		if (!FIG(elimination_slots) || m->free_aliases <= 0)
			return false;
		/* Each slot in use has two registers: GENERAL of them are never full. */
		for (slot = 0; m->members[slot]; slot++)
			;
		m->free_aliases--;
		m->alias[source] = (int8_t)slot;
		m->members[slot] = 1;
	}
	m->alias[target] = (int8_t)slot;
	m->members[slot]++;
	return true;
}

/* --- the stack engine --------------------------------------------------------------- */

/* Whether an instruction must first fold the stack engine's offset into RSP. */
STAGE bool needs_sync(struct machine *m, const struct insn *insn)
{
	int64_t moved = m->stack_offset;
	bool needed = moved != 0 && insn->flags & USES_RSP;

	if (needed || insn->flags & SETS_RSP)
		moved = 0;
	moved += insn->stack_delta;
	if (moved && (moved > FIG(stack_limit) || moved < -FIG(stack_limit))) {
		needed = true;
		moved = 0;
	}
	m->stack_offset = moved;
	return needed;
}

/* --- issue -------------------------------------------------------------------------- */

/* The latest thing a uop's issue waits for, and why. */
struct wait {
	int64_t at;
	int64_t cause;
	int64_t source;
};

static inline void wait_for(struct wait *w, int64_t at, int64_t cause, int64_t source)
{
	if (at > w->at)
		*w = (struct wait){ at, cause, source };
}

/* A window of `size` entries, used in a circle, of which the uop takes the next. */
static inline void wait_for_entry(struct wait *w, const struct ring *ring, int64_t count,
				  int64_t size, int64_t cause)
{
	wait_for(w, *entry(ring, count - size), cause, event_of(ring, count - size));
}

/* Wait for an entry of the uop's scheduler: of the one with most room, if several can
 * take it. */
STAGE void wait_for_scheduler(struct machine *m, struct wait *w, const struct uop *uop)
{
	bool spans = uop->scheduler == SPANS;
	int scheduler = uop->scheduler;

	if (w->at > m->now)
		advance(m, w->at);
	if (spans)
		scheduler = roomiest(m, uop);
	if (free_entries(m, scheduler) > 0)
		return;
	/* A calendar too short may lose an entry; the run is thrown away then. */
	while (free_entries(m, scheduler) <= 0 && !m->overflow) {
		advance(m, m->now + 1);
		if (spans)
			scheduler = roomiest(m, uop);
	}
	w->at = m->now;
	w->cause = CAUSE_SCHEDULER_FULL;
	w->source = LOGGED ? m->gone_event[m->now & m->calendar_mask] : -1;
}

/* Take an issue slot at or after `cycle`; the cycle taken. */
STAGE int64_t take_slot(struct machine *m, int64_t cycle, bool alone)
{
	if (cycle > m->now)
		advance(m, cycle);
	if (m->issued >= FIG(issue_width) || (alone && m->issued))
		advance(m, m->now + 1);
	m->issued = alone ? m->f->issue_width : m->issued + 1;
	return m->now;
}

STAGE void begin_slot(struct machine *m, int64_t n)
{
	m->slot_first = n;
	m->slot_done = 0;
	m->slot_loads = 0;
	m->slot_ints = 0;
	m->slot_flags = 0;
	m->slot_turns = 0;
	m->slot_stores = 0;
	m->slot_writes = 0;
}

/* Whether a uop is a load that takes a store's value from the renamer, without having
 * been taught to. */
static bool is_renamed(const struct machine *m, const struct uop *uop, int64_t copy)
{
	const struct access *access;

	if (uop->kind != KIND_LOAD || uop->access < 0)
		return false;
	access = m->p->accesses + uop->access;
	return at_rename(access) && access->forward != FORWARD_LEARNED &&
	       access->distance <= copy;
}

/* Cycle uop number `n` issues: every window has room for it. `held`: the cycle until
 * which its instruction waits for older ones. */
STAGE int64_t issue(struct machine *m, const struct uop *uop, int64_t n, int64_t copy,
		     int64_t queued, int64_t held, int64_t held_event)
{
	const struct figures *f = m->f;
	struct wait w = { queued + FIG(queue_latency), CAUSE_PIPELINE, EVENT(n, QUEUE) };
	int32_t flags = uop->flags;
	bool renamed = FIG(renaming_per_cycle) && is_renamed(m, uop, copy);

	if (flags & NEW_SLOT) {
		wait_for(&w, m->hold, CAUSE_SERIALISE, m->hold_event);
		wait_for(&w, held, CAUSE_DRAIN, held_event);
		wait_for_entry(&w, &m->rob_ring, m->slots, FIG(rob), CAUSE_ROB_FULL);
	} else {
		wait_for(&w, m->slot_issued, CAUSE_PIPELINE, m->issue_event);
	}
	if (uop->kind == KIND_LOAD && FIG(load_buffer))
		wait_for_entry(&w, &m->load_entries_ring, m->loads, f->load_buffer,
			       CAUSE_LOAD_BUFFER);
	if (uop->kind == KIND_STORE_ADDRESS && FIG(store_buffer))
		wait_for_entry(&w, &m->store_entries_ring, m->stores, f->store_buffer,
			       CAUSE_STORE_BUFFER);
	if (flags & INT_WRITER && FIG(int_registers))
		wait_for_entry(&w, &m->int_entries_ring, m->int_writes, f->int_registers,
			       CAUSE_REGISTERS);
	if (flags & FLAG_WRITER && FIG(flag_registers))
		wait_for_entry(&w, &m->flag_entries_ring, m->flag_writes,
			       SEEN(flag_registers), CAUSE_REGISTERS);
	wait_for(&w, m->now, CAUSE_ISSUE_WIDTH, m->issue_event);
	if (uop->scheduler != -1 && uop->kind != KIND_NONE)
		wait_for_scheduler(m, &w, uop);
	if (SEEN(register_reads) && m->reads && w.at == m->now) {
		uint64_t reads = (uint64_t)(m->reads | retired_reads(m, uop, w.at));

		if (__builtin_popcountll(reads) > FIG(register_reads))
			w = (struct wait){ w.at + 1, CAUSE_REGISTER_READS,
					   m->issue_event };
	}
	if (flags & NEW_SLOT) {
		int64_t taken;

		if (flags & MEMORY_OP && FIG(memory_per_cycle) && w.at == m->now &&
		    m->issued_memory >= FIG(memory_per_cycle))
			w = (struct wait){ w.at + 1, CAUSE_ISSUE_MEMORY, m->issue_event };
		if (renamed && w.at == m->now &&
		    m->issued_renamed >= f->renaming_per_cycle)
			w = (struct wait){ w.at + 1, CAUSE_FORWARD, m->issue_event };
		taken = take_slot(m, w.at, flags & ALONE);
		wait_for(&w, taken, CAUSE_ISSUE_WIDTH, m->issue_event);
		begin_slot(m, n);
	} else {
		if (w.at > m->now)
			advance(m, w.at);
		if (m->issued == 0) /* a part that comes later takes a slot again */
			m->issued = 1;
	}
	if (flags & MEMORY_OP)
		m->issued_memory++;
	m->issued_renamed += renamed;
	if (uop->input_count && FIG(register_reads))
		m->reads |= retired_reads(m, uop, w.at);
	m->slot_issued = w.at;
	m->issue_event = EVENT(n, ISSUE);
	note(m, EVENT(n, ISSUE), w.at, w.cause, w.source);
	return w.at;
}
