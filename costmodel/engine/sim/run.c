/* One instruction, from delivery to retirement, and trips of them.
 *
 * Rules of one uop, in order. It is issued when the queue has it, a slot is free, and the
 * reorder buffer, its scheduler, the load or store buffer and the register files have
 * room. It is dispatched to its port in the first free cycle at which its inputs are
 * ready and to_dispatch cycles have passed since issue. It completes a latency later;
 * loads that find their data in an older store take it from there. Slots retire in order,
 * and stores commit in order after that. */

/* When a uop is done, and when and by which event its value is there. */
struct execution {
	int64_t complete;
	int64_t result;
	int64_t result_event;
	int64_t delay; /* cycles it lost to a busy port */
	bool eliminated;
};

/* When a uop's inputs are there. */
struct readiness {
	int64_t at;
	int64_t early; /* ... were no producer kept waiting for its port */
	int64_t event;
};

STAGE struct readiness inputs_ready(const struct machine *m, const struct uop *uop)
{
	struct readiness r = { 0, 0, -1 };

	for (int k = 0; k < uop->input_count; k++) {
		int reg = uop->inputs[k].reg;
		int64_t when = m->ready[reg] + uop->inputs[k].delay;

		if (when > r.at) {
			r.at = when;
			r.event = m->producer[reg];
		}
		if (SEEN(early_wake))
			r.early = at_least(r.early, when - m->delay[reg]);
	}
	if (!SEEN(early_wake))
		r.early = r.at;
	return r;
}

/* A store's address or data has left: what loads that meet it must know. */
STAGE void note_store(struct machine *m, const struct uop *uop, int64_t n, int64_t copy,
		       int64_t when, int64_t ready)
{
	struct store *store = cell_of(m, uop->access, copy);

	if (uop->kind == KIND_STORE_ADDRESS) {
		store->address = when;
		store->address_event = EVENT(n, DISPATCH);
		/* not written; until it is, which buffer entry it takes */
		store->committed = -1 - (m->stores & m->store_entries_ring.mask);
		if (when > m->addressed) {
			m->addressed = when;
			m->addressed_event = EVENT(n, DISPATCH);
		}
	} else if (uop->kind == KIND_STORE_DATA) {
		store->data = when;
		store->value = ready;
		store->data_event = EVENT(n, DISPATCH);
	}
}

/* A uop that needs a port: to dispatch and completion. */
STAGE struct execution execute_on_port(struct machine *m, const struct uop *uop,
					int64_t n, int64_t copy, int64_t issued,
					struct readiness r)
{
	int64_t when = dispatch(m, uop, n, copy, issued, r.at, r.early, r.event);
	int64_t complete = when + uop->latency;
	struct execution e = { complete, complete, EVENT(n, COMPLETE), m->waited, false };

	if (uop->kind == KIND_LOAD && uop->access >= 0) {
		struct loaded l = load(m, m->p->accesses + uop->access, n, copy, issued,
				       when, complete);

		e.complete = l.complete;
		e.result = l.result;
		e.result_event = l.result_event;
		e.delay = 0;
		return e;
	}
	note(m, EVENT(n, COMPLETE), complete, CAUSE_EXECUTE, EVENT(n, DISPATCH));
	if (uop->access >= 0)
		note_store(m, uop, n, copy, when, r.at);
	return e;
}

/* Dispatch and complete uop number `n`, and hand on its value. */
STAGE int64_t execute(struct machine *m, const struct uop *uop, const struct insn *insn,
		       int64_t n, int64_t copy, int64_t issued)
{
	struct readiness r = inputs_ready(m, uop);
	bool eliminated = uop->kind == KIND_ELIMINATED &&
			  eliminate(m, uop->inputs[0].reg, uop->outputs[0].reg);
	struct execution e;

	if (uop->kind == KIND_NONE || eliminated) {
		e = (struct execution){ issued, r.at, r.event, r.at - r.early, eliminated };
		if (r.event < 0)
			e.result_event = EVENT(n, ISSUE);
		note(m, EVENT(n, COMPLETE), issued, CAUSE_PIPELINE, EVENT(n, ISSUE));
	} else {
		e = execute_on_port(m, uop, n, copy, issued, r);
	}
	if (insn->latency || insn->after_older) {
		int64_t least = m->insn_first + insn->latency;
		int64_t cause = CAUSE_LATENCY, source = EVENT(n, ISSUE);

		if (insn->after_older && m->older_retired + insn->after_older > least) {
			least = m->older_retired + insn->after_older;
			cause = CAUSE_DRAIN;
			source = m->older_event;
		}
		if (least > e.complete) {
			e.complete = least;
			note(m, EVENT(n, COMPLETE), least, cause, source);
		}
		if (least > e.result) {
			e.result = least;
			e.result_event = least == e.complete ? EVENT(n, COMPLETE)
							     : EVENT(n, ISSUE);
		}
		if (e.delay > e.result - least) /* not promised before that either */
			e.delay = e.result - least;
	}
	for (int k = 0; k < uop->output_count; k++) {
		int reg = uop->outputs[k].reg;

		m->ready[reg] = e.result + uop->outputs[k].delay;
		if (LOGGED)
			m->producer[reg] = e.result_event;
		if (SEEN(early_wake))
			m->delay[reg] = e.delay;
		if (reg < GENERAL) {
			if (SEEN(register_reads)) {
				m->permanent[reg] = UNKNOWN;
				m->slot_writes |= (int64_t)1 << reg;
			}
			if (!e.eliminated && m->alias[reg] >= 0)
				leave_alias(m, reg);
		}
	}
	return e.complete;
}

/* Why uop `n` entered the queue when it did. */
STAGE void note_queue(struct machine *m, int64_t n, int64_t queued, int64_t last_slot)
{
	int64_t cause = m->why, source = m->queue_event;

	if (!LOGGED)
		return;
	if (cause == CAUSE_QUEUE_FULL) {
		source = event_of(&m->queue_ring, last_slot - m->f->queue);
	} else if (m->restart_event >= 0) {
		source = m->restart_event;
		if (cause != CAUSE_CACHE_MISS)
			cause = CAUSE_REDIRECT;
	}
	m->restart_event = -1;
	note(m, EVENT(n, QUEUE), queued, cause, source);
	m->queue_event = EVENT(n, QUEUE);
}

/* Count what a uop takes: buffers, registers, its slot's and instruction's end. */
STAGE void count_uop(struct machine *m, const struct uop *uop, int64_t n,
		      int64_t complete)
{
	if (uop->kind == KIND_LOAD) {
		if (m->f->load_buffer)
			set_entry(&m->load_entries_ring, m->loads, complete,
				  EVENT(n, COMPLETE));
		m->loads++;
		m->slot_loads++;
	} else if (uop->kind == KIND_STORE_ADDRESS) {
		m->stores++;
	} else if (uop->kind == KIND_STORE_DATA) {
		m->slot_stores++;
	}
	if (uop->flags & INT_WRITER) {
		m->int_writes++;
		m->slot_ints++;
	}
	if (uop->flags & FLAG_WRITER) {
		m->flag_writes++;
		m->slot_flags++;
	}
	if (complete >= m->slot_done) {
		m->slot_done = complete;
		m->slot_done_event = EVENT(n, COMPLETE);
	}
	if (complete >= m->insn_done) {
		m->insn_done = complete;
		m->insn_done_event = EVENT(n, COMPLETE);
	}
}

/* What an instruction waits for before its first uop may issue: older instructions to
 * retire, and the store buffer to be empty. */
STAGE int64_t held_until(const struct machine *m, const struct insn *insn,
			  int64_t *event)
{
	*event = -1;
	if (!(insn->flags & WAIT_RETIRE) || insn->after_older)
		return 0;
	if (insn->flags & WAIT_STORES && m->committed > m->retired) {
		*event = m->commit_event;
		return m->committed;
	}
	*event = m->retire_event;
	return m->retired;
}

/* Instruction number `index`. False: no memory for the log. */
STAGE bool run_rules(struct machine *m, const struct insn *insn, int64_t index,
		     int64_t line)
{
	const struct program *p = m->p;
	int64_t copy = m->copy, queued;
	const struct uop *uop = insn->first;
	int64_t fillers = insn->fillers, slots = insn->decode_slots;
	int64_t base = m->slot_count, used = 0, behind = 0, held, held_event;
	bool sync;

	m->index = index;
	queued = deliver(m, insn, line);
	if (insn->flags & FUSED_SECOND)
		return true;
	sync = FIG(stack_engine) && FIG(sync_uop) && needs_sync(m, insn);
	m->slot_count += slots;
	held = held_until(m, insn, &held_event);
	m->older_retired = m->retired;
	m->older_event = m->retire_event;
	m->insn_first = -1;
	m->insn_done = 0;
	while (sync || fillers || uop < insn->last) {
		bool own = !sync;
		const struct uop *this = sync ? p->uops : fillers ? p->filler : uop;
		int64_t n = m->uops++, issued, complete;

		if (!log_has_room(m, n))
			return false;
		if (insn->microcode && this->flags & NEW_SLOT)
			behind = used / FIG(microcode_uops);
		if (LOGGED) {
			note_queue(m, n, queued + behind, base + slots - 1);
			m->log[EVENT(n, UOP)] = this - p->uops;
			m->log[EVENT(n, INSN)] = copy * (p->body + p->tail) + index;
		}
		issued = issue(m, this, n, copy, queued + behind, held, held_event);
		held = 0;
		if (m->insn_first < 0)
			m->insn_first = issued;
		if (this->flags & NEW_SLOT && own) {
			if (used < slots)
				set_entry(&m->queue_ring, base + used, issued + 1,
					  EVENT(n, ISSUE));
			used++;
		}
		complete = execute(m, this, insn, n, copy, issued);
		count_uop(m, this, n, complete);
		if (sync)
			sync = false;
		else if (fillers)
			fillers--;
		else
			uop++;
		if (fillers || uop >= insn->last || uop->flags & NEW_SLOT)
			finish_slot(m, this, insn->first, n, copy);
	}
	for (; used < slots; used++) /* queue slots that no issue slot came from */
		set_entry(&m->queue_ring, base + used, m->slot_issued + 1, m->issue_event);
	if (insn->flags & HOLDS && m->insn_done > m->hold) {
		m->hold = m->insn_done;
		m->hold_event = m->insn_done_event;
	}
	if (insn->flags & REFETCH) {
		restart(m, m->insn_done + insn->redirect, insn->flags & REFETCH_DECODE);
		m->restart_event = m->insn_done_event;
	}
	return true;
}

/* The same for an ordinary instruction: the compiler leaves out what it has not. */
STAGE bool run_ordinary(struct machine *m, const struct insn *insn, int64_t index,
			int64_t line)
{
	struct insn own = *insn;

	own.flags &= ORDINARY;
	own.microcode = 0;
	own.fillers = 0;
	own.latency = 0;
	own.after_older = 0;
	own.prefixes = 0;
	own.cold_first = 0;
	own.cold_last = 0;
	return run_rules(m, &own, index, line);
}

/* The same for any instruction: out of the way of the ordinary ones. */
APART bool run_any(struct machine *m, const struct insn *insn, int64_t index,
		   int64_t line)
{
	return run_rules(m, insn, index, line);
}

/* One instruction; `line` is its uop-cache line. False: no memory for the log. */
STAGE bool run_insn(struct machine *m, int64_t index, int64_t line)
{
	const struct insn *insn = m->p->insns + index;

	return insn->ordinary ? run_ordinary(m, insn, index, line)
			      : run_any(m, insn, index, line);
}

/* One trip: the copies of the body, then what closes the loop. */
static bool run_trip(struct machine *m)
{
	const struct program *p = m->p;
	const int32_t *line = p->lines;

	if (p->loops && m->copy && m->mode == MODE_DECODE)
		fetch_elsewhere(m, 0); /* if no branch has closed the loop */
	if (p->loops || m->copy == 0)
		m->address = p->base;
	if (p->cold_count)
		evict(m);
	for (int32_t k = 0; k < p->repeat; k++) {
		for (int32_t index = 0; index < p->body; index++)
			if (!run_insn(m, index, *line++))
				return false;
		m->copy++;
	}
	for (int32_t index = p->body; index < p->body + p->tail; index++)
		if (!run_any(m, p->insns + index, index, *line++))
			return false;
	return true;
}
