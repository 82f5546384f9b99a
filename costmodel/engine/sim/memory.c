/* Memory accesses: the line one touches, and when a load has its data.
 *
 * A blocked load (bytes from a store and from elsewhere) that dispatches before the store
 * has committed reads the cache after the commit: it completes forward_blocked cycles
 * after the later of the store data's dispatch and retire_latency + 2 cycles before the
 * commit. An uncontended store commits exactly those cycles after its data left, so
 * forward_blocked is what a lone pair takes. No load completes before the commit.
 *
 * A load that only seems to meet a store (alias) starts over if the store's address was
 * known when it left and the store has not been written yet: alias_4k cycles more. */

/* Offset of an access in a copy, from its root. Wraps as addresses do. */
static int64_t place_of(const struct access *access, int64_t copy)
{
	return (int64_t)((uint64_t)access->offset +
			 (uint64_t)copy * (uint64_t)access->stride);
}

static struct line line_of(const struct access *access, int64_t copy)
{
	int64_t root = access->root + (access->fresh ? (copy + 1) << 32 : 0);

	return (struct line){ root, place_of(access, copy) >> 6 };
}

/* Whether the access straddles a multiple of `boundary` bytes. */
static bool crosses(const struct access *access, int64_t copy, int64_t boundary)
{
	uint64_t within = (uint64_t)place_of(access, copy) & (uint64_t)(boundary - 1);

	return within + (uint64_t)access->width > (uint64_t)boundary;
}

/* Whether a load takes the value of a store at rename. */
static bool at_rename(const struct access *access)
{
	return access->forward >= FORWARD_RENAMED && access->forward <= FORWARD_PASSED;
}

/* The store of access `a` in a copy, as long as loads may meet it. */
static struct store *cell_of(const struct machine *m, int32_t a, int64_t copy)
{
	return m->cells + (copy & (m->p->depth - 1)) * m->p->access_count + a;
}

/* When a load has its value, when it may retire, and why. */
struct loaded {
	int64_t complete; /* may retire */
	int64_t result; /* the value can be used */
	int64_t result_event;
	int64_t cause;
	int64_t source;
	int64_t reads; /* cycle it asks the cache; -1: a store in flight has its data */
};

/* Cycles a load takes longer from the store buffer than from the cache, at least. */
static int64_t slower(struct machine *m)
{
	return FIG(forward_load) ? m->forward_extra : 0;
}

/* The value comes from the renamer; the guess is checked before the load may retire:
 * against the addresses, and renaming_check after the load and the store data left. */
static void load_renamed(struct machine *m, const struct access *access,
			 const struct store *store, bool in_flight, int64_t n,
			 int64_t issued, int64_t when, int64_t from_cache,
			 struct loaded *l)
{
	int64_t check = FIG(renaming_check), checked = when + check;
	int64_t event = EVENT(n, DISPATCH);

	l->result = store->value + FIG(renaming_latency);
	if (access->forward == FORWARD_PASSED)
		l->result += FIG(renaming_passed);
	l->result_event = store->data_event;
	if (l->result < issued) {
		l->result = issued;
		l->result_event = EVENT(n, ISSUE);
	}
	if (FIG(renaming_addressed) && l->result < from_cache) {
		l->result = from_cache;
		l->result_event = EVENT(n, DISPATCH);
	}
	if (!in_flight && !check)
		return;
	if (in_flight) {
		l->reads = -1;
		if (!check || store->address + FIG(forward_address) > checked) {
			checked = store->address + FIG(forward_address);
			event = store->address_event;
		}
		if (check && store->data + check > checked) {
			checked = store->data + check;
			event = store->data_event;
		}
		if (access->segment)
			checked += FIG(renaming_segment);
		if (from_cache + slower(m) > checked) {
			checked = from_cache + slower(m);
			event = EVENT(n, DISPATCH);
		}
	}
	if (checked > l->complete) {
		l->complete = checked;
		l->cause = CAUSE_FORWARD;
		l->source = event;
	}
}

/* Nothing is renamed behind what drains the pipeline: the value is there once the load
 * has been checked, and address_wait after the store's address; a load that was there
 * before the data starts over with it. */
static void load_checked(struct machine *m, const struct access *access,
			 const struct store *store, bool in_flight, int64_t n,
			 int64_t when, int64_t from_cache, struct loaded *l)
{
	int64_t checked = when + FIG(renaming_check), event = EVENT(n, DISPATCH);
	int64_t value = checked;

	if (in_flight) {
		int64_t known = store->address + FIG(address_wait);
		int64_t again = store->data + from_cache - when;

		l->reads = -1;
		if (known > checked) {
			checked = known;
			event = store->address_event;
		}
		if (again > checked) {
			checked = again;
			event = store->data_event;
		}
		value = checked;
		if (access->segment)
			checked += FIG(renaming_segment);
		if (from_cache + slower(m) > checked) {
			checked = from_cache + slower(m);
			event = EVENT(n, DISPATCH);
		}
	}
	if (value > l->result) {
		l->result = value;
		l->result_event = event;
	} else if (checked > l->complete) { /* the value is there before the check ends */
		l->result_event = EVENT(n, DISPATCH);
	}
	if (checked > l->complete) {
		l->complete = checked;
		l->cause = CAUSE_FORWARD;
		l->source = event;
	}
}

/* A load that meets no store, but left before an older store's address was known. */
static void load_waits(struct machine *m, int64_t when, struct loaded *l)
{
	int64_t known = m->addressed + FIG(address_wait);

	if (FIG(address_wait) && m->addressed > when && known > l->complete) {
		l->complete = known;
		l->result = known;
		l->cause = CAUSE_FORWARD;
		l->source = m->addressed_event;
	}
}

/* The value comes from the store buffer, or once the store is written. */
static void load_forwarded(struct machine *m, const struct access *access,
			   const struct store *store, int64_t n, int64_t from_cache,
			   struct loaded *l)
{
	int64_t value = store->data + FIG(forward_latency), event = store->data_event;
	int64_t cause = CAUSE_FORWARD, address;

	l->reads = -1;
	if (access->forward == FORWARD_INSIDE) {
		value += FIG(forward_narrow);
	} else if (access->forward == FORWARD_MODIFIED) {
		value = at_least(value - FIG(forward_modified), store->data);
	} else if (access->forward == FORWARD_BLOCKED) {
		int64_t late = store->committed - FIG(retire_latency) - 2;

		value = at_least(at_least(store->data, late) + FIG(forward_blocked),
				 store->committed);
		cause = CAUSE_FORWARD_BLOCKED;
	}
	if (from_cache + slower(m) > value) {
		value = from_cache + slower(m);
		event = EVENT(n, DISPATCH);
	}
	if (access->forward == FORWARD_ORDERED && FIG(forward_order) &&
	    m->addressed + m->f->forward_order > value) {
		value = m->addressed + m->f->forward_order;
		event = m->addressed_event;
	}
	address = store->address + FIG(forward_address);
	if (address > value) {
		value = address;
		event = store->address_event;
	}
	if (value > l->complete) {
		l->complete = value;
		l->result = value;
		l->cause = cause;
		l->source = event;
	}
}

/* The cold lines a load touches: who asks first has them filled. */
static void load_cold_lines(struct machine *m, const struct access *access, int64_t n,
			    int64_t when, bool renamed, struct loaded *l)
{
	int32_t lines[2] = { access->cold_first, access->cold_last };

	for (int k = 0; k < 2; k++) {
		bool first;
		int64_t ready;

		if (!lines[k] || (k && lines[1] == lines[0]))
			continue;
		first = m->cold[lines[k] - 1].event < 0;
		ready = fill(m, lines[k], l->reads, when, EVENT(n, DISPATCH));
		if (ready > l->complete) {
			l->complete = ready;
			if (!renamed)
				l->result = ready;
			l->cause = CAUSE_CACHE_MISS;
			l->source = m->cold[lines[k] - 1].event;
		}
		if (LOGGED && first && l->reads >= 0)
			m->log[EVENT(n, FILL_FIRST) + k] = lines[k];
	}
}

/* What becomes of load `n`, which left at `when` and has its value from the cache at
 * `complete`. */
static struct loaded load(struct machine *m, const struct access *access, int64_t n,
			  int64_t copy, int64_t issued, int64_t when, int64_t complete)
{
	struct loaded l = { complete, complete, EVENT(n, COMPLETE), CAUSE_LOAD,
			    EVENT(n, DISPATCH), when };
	bool meets = access->store >= 0 && access->forward && access->distance <= copy;
	bool renamed = at_rename(access);

	if (crosses(access, copy, FIG(boundary)) && FIG(split_load)) {
		l.complete += FIG(split_load);
		l.cause = CAUSE_SPLIT;
		l.result = l.complete;
	}
	if (meets) {
		struct store *store = cell_of(m, access->store, copy - access->distance);
		bool in_flight = store->committed < 0 || store->committed > when;

		if (renamed) {
			m->slot_turns += access->turn;
			load_renamed(m, access, store, in_flight, n, issued, when, complete,
				     &l);
		} else if (access->forward == FORWARD_CHECKED) {
			load_checked(m, access, store, in_flight, n, when, complete, &l);
		} else if (access->forward == FORWARD_ALIAS) {
			if (in_flight && store->address <= when) {
				l.complete += FIG(alias_4k);
				l.result = l.complete;
				l.cause = CAUSE_ALIAS;
			}
		} else if (in_flight) {
			load_forwarded(m, access, store, n, complete, &l);
		}
	}
	if (access->forward == FORWARD_WAITS)
		load_waits(m, when, &l);
	if (access->cold_first | access->cold_last)
		load_cold_lines(m, access, n, when, meets && renamed, &l);
	note(m, EVENT(n, COMPLETE), l.complete, l.cause, l.source);
	return l;
}
