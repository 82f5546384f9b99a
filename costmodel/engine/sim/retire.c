/* A slot retires: what it held is freed, and its stores are written, in order. */

/* Cycle a slot whose uops completed at `complete` retires. */
STAGE int64_t retire(struct machine *m, int64_t complete)
{
	int64_t cycle = complete + FIG(retire_latency);

	if (cycle > m->retired) {
		m->retired = cycle;
		m->retired_in = 1;
		return cycle;
	}
	if (m->retired_in == FIG(retire)) {
		m->retired++;
		m->retired_in = 0;
	}
	m->retired_in++;
	return m->retired;
}

static bool same_line(struct line a, struct line b)
{
	return a.root == b.root && a.number == b.number;
}

/* Cycle a retired store writes to `block` of its line; lines go at the core's rate.
 * `alone`: it is not written beside the one before. */
static int64_t commit(struct machine *m, int64_t retired, struct line line,
		      int64_t block, bool alone)
{
	int64_t cycle = at_least(retired + 1, m->committed), width;
	int64_t combine = FIG(combine_lines);
	bool merges = same_line(line, m->commit_line);
	bool pairs = !alone && block == m->commit_place;

	for (int64_t k = 0; k < combine && !merges; k++)
		merges = same_line(line, m->recent[k]);
	width = merges && pairs ? FIG(commit_same_line) : FIG(commit_per_cycle);
	if (cycle == m->committed && m->committed_in >= width)
		cycle++;
	if (!merges) {
		int64_t due = m->commit_clock / FIXED;

		if (due >= cycle) /* keep the fraction: the rate is that of the interval */
			cycle = due;
		else
			m->commit_clock = cycle * FIXED;
		m->commit_clock += FIG(commit_interval);
		m->commit_lines++;
		if (combine) {
			memmove(m->recent + 1, m->recent,
				(size_t)(combine - 1) * sizeof(*m->recent));
			m->recent[0] = line;
		}
	}
	if (cycle > m->committed) {
		m->committed = cycle;
		m->committed_in = 0;
	}
	m->committed_in++;
	m->commit_line = line;
	m->commit_place = block;
	return cycle;
}

/* Commits more than one that a store takes as it crosses a boundary. */
static int64_t more_commits(struct machine *m, const struct access *access, int64_t copy)
{
	int64_t boundary = FIG(store_boundary) ? m->f->store_boundary : FIG(boundary);

	if (!crosses(access, copy, boundary))
		return 0;
	if (FIG(split_aligned) && !(place_of(access, copy) & 3))
		return m->f->split_aligned;
	return FIG(split_store);
}

/* Cycle in which the store buffer serves what retired at `retired` and takes `cost`
 * 64ths of a cycle of it: in program order, stores and the loads it was renamed for. */
static int64_t take_turn(struct machine *m, int64_t retired, int64_t cost)
{
	int64_t turn = at_least(m->turn_clock, (retired + 1) * FIXED);

	m->turn_clock = turn + cost;
	return turn / FIXED;
}

/* The store of access `a`, whose data uop `n` retired, writes its lines. */
static void commit_store(struct machine *m, int32_t a, int64_t n, int64_t copy,
			 int64_t retired)
{
	const struct access *access = m->p->accesses + a;
	struct store *store = cell_of(m, a, copy);
	struct line line = line_of(access, copy);
	int32_t lines[2] = { access->cold_first, access->cold_last };
	int64_t wrote = m->commit_lines, number, at;
	int64_t after = take_turn(m, retired, FIG(store_turn)) - 1;
	int64_t cause = CAUSE_COMMIT, source = EVENT(n, RETIRE);
	int64_t first = place_of(access, copy) & 63, last = first + access->width - 1;
	bool alone = access->segment && !FIG(segments_pair);

	if (m->committed > retired || after > retired)
		source = m->commit_event;
	for (int k = 0; k < 2; k++) {
		bool first;
		int64_t ready;

		if (!lines[k] || (k && lines[1] == lines[0]))
			continue;
		first = m->cold[lines[k] - 1].event < 0;
		ready = fill(m, lines[k], retired, retired, EVENT(n, RETIRE));
		if (ready > after + 1) {
			after = ready - 1;
			if (ready > m->committed) {
				cause = CAUSE_CACHE_MISS;
				source = m->cold[lines[k] - 1].event;
			}
		}
		if (LOGGED && first)
			m->log[EVENT(n, FILL_FIRST) + k] = lines[k];
	}
	at = commit(m, after, line, first / FIG(commit_block), alone);
	line.number += last >> 6;
	for (int64_t more = more_commits(m, access, copy); more > 0; more--)
		at = commit(m, at, line, (last & 63) / FIG(commit_block), alone);
	number = -1 - store->committed; /* of its buffer entry, until it is written */
	store->committed = at;
	if (m->f->store_buffer && number >= 0)
		set_entry(&m->store_entries_ring, number, at + 1, EVENT(n, COMMIT));
	m->commit_event = EVENT(n, COMMIT);
	if (LOGGED) {
		m->log[EVENT(n, LINES)] = m->commit_lines - wrote;
		note(m, EVENT(n, COMMIT), at, cause, source);
	}
}

/* The last `count` entries of a ring are free when their slot retires. */
static void free_entries_of(struct ring *ring, int64_t end, int64_t count,
			    int64_t retired, int64_t event)
{
	for (int64_t k = 1; k <= count; k++)
		set_entry(ring, end - k, retired, event);
}

/* Why a slot that was done at `done` retired when it did, for each of its uops. */
static void note_retirement(struct machine *m, int64_t n, int64_t done, int64_t before,
			    int64_t retired)
{
	int64_t cause = CAUSE_PIPELINE, source = m->slot_done_event;

	if (retired > done + m->f->retire_latency) {
		cause = retired > before ? CAUSE_RETIRE_WIDTH : CAUSE_RETIRE_ORDER;
		source = m->retire_event;
	}
	for (int64_t member = m->slot_first; member <= n; member++)
		note(m, EVENT(member, RETIRE), retired, cause, source);
}

/* Retire the slot whose last uop is `uop`, number `n`, of an instruction whose own uops
 * begin at `first`. */
STAGE void finish_slot(struct machine *m, const struct uop *uop,
			const struct uop *first, int64_t n, int64_t copy)
{
	const struct figures *f = m->f;
	int64_t before = m->retired, done = m->slot_done;
	int64_t retired = retire(m, done), event = EVENT(n, RETIRE);
	uint64_t writes = (uint64_t)m->slot_writes;

	set_entry(&m->rob_ring, m->slots, retired, event);
	m->slots++;
	if (LOGGED)
		note_retirement(m, n, done, before, retired);
	m->retire_event = event;
	m->slot_writes = 0;
	for (; writes; writes &= writes - 1)
		m->permanent[__builtin_ctzll(writes)] = retired;
	if (f->int_registers)
		free_entries_of(&m->int_entries_ring, m->int_writes, m->slot_ints,
				retired, event);
	if (SEEN(flag_registers))
		free_entries_of(&m->flag_entries_ring, m->flag_writes, m->slot_flags,
				retired, event);
	if (f->load_buffer && m->slot_loads && !FIG(load_freed_complete))
		free_entries_of(&m->load_entries_ring, m->loads, m->slot_loads, retired,
				event);
	if (m->slot_turns)
		take_turn(m, retired, m->slot_turns * FIG(renaming_turn));
	if (!m->slot_stores)
		return;
	/* The instruction's own uops stand side by side; a filler may come before them. */
	for (int64_t member = at_least(m->slot_first, n - (uop - first)); member <= n;
	     member++) {
		const struct uop *of = uop - (n - member);

		if (of->kind == KIND_STORE_DATA && of->access >= 0)
			commit_store(m, of->access, member, copy, retired);
	}
}
