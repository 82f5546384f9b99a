/* Delivery of instructions to the uop queue: legacy decode, uop cache, loop buffer.
 *
 * All of it is in order, so the cycle an instruction is delivered follows from the
 * instructions before it and from how far issue has emptied the queue. Each function
 * handles one instruction and returns the cycle; m->why says what it waited for.
 *
 * Arrival. Code comes in aligned fetch blocks. With predecode (Intel) a block is done
 * when the instructions that end in it, and those whose opcode lies in it but that end in
 * the next, have been through, predecode_width a cycle; the next block starts then. A
 * length-changing prefix costs lcp_stall more, less what the block before hid. Without
 * predecode (AMD) one block arrives a cycle, fetch_queue blocks ahead of decode.
 *
 * Decoding. A group of instructions a cycle: slot 0 is the complex decoder; an
 * instruction of several uops leaves simple_after others; long ones need slot 0; a taken
 * branch ends the group, any branch if the core says so (ENDS_GROUP). On some cores a
 * fusible instruction never takes the last decoder; with fewer left beside a complex one,
 * the last of those is not the last decoder.
 *
 * Cold code. The first byte of a cold line in a trip is there the latency of its level
 * later; such code is not in the uop cache either.
 *
 * Uop cache. cache_lines lines and cache_width uops a cycle. With cache_again the lines
 * of one cycle all begin in one window, and more lines of that window come cache_again
 * cycles after the ones before; a taken branch begins anew, a cycle later if it lies in a
 * window after the one its line begins in. So does code that comes after a refetch or
 * after the decoders. After a cycle of cache_lines lines the next window is
 * cache_full_saves 64ths of a cycle earlier, whole ones when they have added up: then its
 * lines come with the ones before.
 *
 * Loop buffer. All is there at once; or loop_width uops a cycle, and the next turn begins
 * in a cycle of its own. Turns of issue_width uops and more lose loop_turn besides. */

static int shift_of_blocks(struct machine *m)
{
	return FIG(fetch_bytes) ? m->fetch_shift : 0;
}

static int shift_of_windows(struct machine *m)
{
	return FIG(cache_window) ? m->window_shift : 0;
}

/* One more block is fetched; no instruction that ends in it has been decoded. */
static void next_block(struct machine *m)
{
	m->fetched++;
	*entry(&m->blocks_ring, m->fetched) = 0;
}

/* The address `count` bytes on. Wraps as addresses do. */
static int64_t after_bytes(int64_t address, int64_t count)
{
	return (int64_t)((uint64_t)address + (uint64_t)count);
}

/* Fetch (re)starts with the block of the next instruction's first byte. */
STAGE void start_block(struct machine *m, const struct insn *insn)
{
	m->block = m->address >> shift_of_blocks(m);
	m->block_start = m->restart;
	next_block(m);
	m->block_count = 0;
	m->block_lcp = 0;
	m->block_cycles = 1;
	if (insn->cold_first)
		m->block_start = fetch_line(m, insn->cold_first, m->block_start);
}

/* Blocks without predecode, up to the one numbered `block`. */
STAGE int64_t arrive_in_blocks(struct machine *m, const struct insn *insn, int64_t block)
{
	while (m->block < block) {
		int64_t start = m->block_start + 1;

		m->block++;
		next_block(m);
		if (FIG(fetch_queue))
			start = at_least(start, *entry(&m->blocks_ring, m->fetched -
						       m->f->fetch_queue) + 1);
		m->block_start = start;
		if (insn->cold_last && m->block == block)
			m->block_start = fetch_line(m, insn->cold_last, start);
	}
	return m->block_start + FIG(predecode_latency);
}

/* How many instructions predecode finds in a cycle that begins with this one: those that
 * end in the block and are next to be decoded. */
static int64_t found_together(struct machine *m, const struct insn *insn)
{
	const struct program *p = m->p;
	int64_t index = m->index, copy = m->copy % p->repeat, count = 1;
	int64_t address = m->address, place;

	for (; count < m->f->predecode_width; count++) {
		if (insn->flags & (TAKEN | REFETCH | MOVES))
			break;
		address = after_bytes(address, insn->length);
		index++;
		if (index == p->body && copy + 1 < p->repeat) {
			index = 0;
			copy++;
		} else if (index == p->body + p->tail) {
			if (p->loops)
				break;
			index = 0;
			copy = 0;
		}
		place = index < p->body ? copy * p->body + index
					: (p->repeat - 1) * (int64_t)p->body + index;
		insn = p->insns + index;
		if (p->lines[place] >= 0 && !FIG(cache_at_branch))
			break;
		if (after_bytes(address, insn->length - 1) >> m->fetch_shift != m->block)
			break;
	}
	return count;
}

/* Number of the instruction whose place in the queue before decode this one waits for.
 * Found together, all wait for that of the last: the first of them does. */
static int64_t queued_before(struct machine *m, const struct insn *insn)
{
	int64_t number = m->insn_count - m->f->predecode_queue;

	if (FIG(predecode_together))
		number += found_together(m, insn) - 1;
	return number < m->insn_count ? number : m->insn_count - 1;
}

/* Cycle from which the instruction can be decoded. */
STAGE int64_t arrive(struct machine *m, const struct insn *insn)
{
	int64_t width = FIG(predecode_width);
	int64_t block = after_bytes(m->address, insn->length - 1) >> m->fetch_shift;
	int64_t at, room;

	if (m->block == NO_BLOCK)
		start_block(m, insn);
	if (!width)
		return arrive_in_blocks(m, insn, block);
	if (m->block < block) {
		int64_t cycles = 1;

		if (after_bytes(m->address, insn->opcode_at) >> m->fetch_shift ==
		    m->block)
			m->block_count++;
		if (m->block_count > width)
			cycles = (m->block_count + width - 1) / width;
		m->block_start += cycles + (block - m->block - 1);
		m->block_cycles = cycles;
		m->block = block;
		m->block_count = 0;
		m->block_lcp = 0;
		if (insn->cold_last)
			m->block_start = fetch_line(m, insn->cold_last, m->block_start);
	}
	if (insn->flags & LCP) {
		int64_t stall = FIG(lcp_stall);

		if (m->block_lcp == 0)
			stall -= m->block_cycles - 1;
		if (stall > 0)
			m->block_start += stall;
		m->block_lcp++;
	}
	at = m->block_start;
	if (m->block_count >= width)
		at += m->block_count / width;
	if (FIG(predecode_queue) &&
	    !(FIG(predecode_together) && m->block_count % width)) {
		room = *entry(&m->predecoded_ring, queued_before(m, insn));
		if (room > at) { /* the queue before the decoders is full */
			m->block_start += room - at;
			at = room;
		}
	}
	m->block_count++;
	return at + FIG(predecode_latency);
}

/* Cycle from which the queue has room for `slots` more. What is larger than the queue
 * does not wait for it. */
static int64_t queue_room(struct machine *m, int64_t slots)
{
	if (slots > FIG(queue))
		return 0;
	return *entry(&m->queue_ring, m->slot_count + slots - 1 - m->f->queue);
}

/* `at`, or the cycle from which the queue has room for these slots, if that is later. */
static inline int64_t with_room(struct machine *m, int64_t at, int64_t slots)
{
	int64_t room = slots ? queue_room(m, slots) : at;

	if (room <= at)
		return at;
	m->why = CAUSE_QUEUE_FULL;
	return room;
}

STAGE int64_t sequencer_cycles(struct machine *m, const struct insn *insn)
{
	return (insn->microcode + FIG(microcode_uops) - 1) / m->f->microcode_uops;
}

/* The jump of a fused pair is decoded with the instruction before it: it needs only its
 * own bytes. */
STAGE int64_t decode_second(struct machine *m, const struct insn *insn, int64_t at,
			     int64_t came)
{
	if (at > m->decode_cycle) {
		m->decode_cycle = at;
		m->decode_used = 1;
		m->decode_left = FIG(decode_width) - 1;
		m->decode_uops = FIG(decode_uops);
		m->why = came;
	}
	if (insn->flags & ENDS_GROUP)
		m->decode_left = 0;
	return m->decode_cycle;
}

/* Whether an instruction that is there must wait for the next cycle's decoders. */
STAGE bool needs_new_group(struct machine *m, const struct insn *insn, int64_t width)
{
	if (m->decode_left < width || m->decode_uops < insn->decode_slots) {
		m->why = CAUSE_DECODE;
		return true;
	}
	if (insn->flags & (COMPLEX | LONG) && m->decode_used) {
		m->why = CAUSE_DECODE_FIRST;
		return true;
	}
	m->why = CAUSE_DECODE;
	return insn->flags & FUSIBLE && m->decode_used &&
	       m->decode_used == FIG(decode_width) - 1 && FIG(fusible_last_waits);
}

/* Cycle the instruction leaves the decoders. */
STAGE int64_t decode(struct machine *m, const struct insn *insn)
{
	int64_t at = arrive(m, insn);
	int64_t came = m->missed ? CAUSE_CACHE_MISS : CAUSE_FETCH;
	int64_t cycle = m->decode_cycle, width = 1, room;
	bool fresh;

	m->missed = 0;
	if (insn->flags & FUSED_SECOND)
		return decode_second(m, insn, at, came);
	m->why = insn->flags & LCP ? CAUSE_LENGTH_PREFIX : came;
	room = queue_room(m, insn->decode_slots);
	if (room > at) {
		at = room;
		m->why = CAUSE_QUEUE_FULL;
	}
	if (insn->flags & FUSED_PAIR)
		width = FIG(fused_pair_slots);
	if (at > cycle) {
		cycle = at;
		fresh = true;
	} else {
		fresh = needs_new_group(m, insn, width);
		cycle += fresh;
	}
	if (insn->prefixes) {
		cycle += insn->prefixes + !fresh;
		fresh = true;
	}
	if (fresh) {
		m->decode_cycle = cycle;
		m->decode_used = 0;
		m->decode_left = FIG(decode_width);
		m->decode_uops = FIG(decode_uops);
	}
	m->decode_used += width;
	m->decode_left -= width;
	if (insn->flags & COMPLEX && insn->simple_after < m->decode_left)
		m->decode_left = insn->simple_after;
	m->decode_uops -= insn->decode_slots;
	if (insn->flags & ENDS_GROUP)
		m->decode_left = 0;
	if (insn->microcode) {
		m->decode_cycle = cycle + sequencer_cycles(m, insn) - 1 +
				  FIG(microcode_switch);
		m->decode_left = 0;
		m->why = CAUSE_MICROCODE;
	}
	if (m->f->predecode_width)
		*entry(&m->predecoded_ring, m->insn_count) =
			cycle + FIG(predecode_freed);
	else if (m->f->fetch_queue)
		*entry(&m->blocks_ring, m->fetched) = cycle;
	return cycle;
}

/* Cycles from the last access of the uop cache to the first of another window: 1, less
 * what full accesses have saved. */
static int64_t next_window(struct machine *m, int64_t slots)
{
	if (!FIG(cache_full_saves) || m->cache_line < 0 || m->cache_lines)
		return 1;
	m->cache_saved += m->f->cache_full_saves;
	if (m->cache_saved < FIXED)
		return 1;
	m->cache_saved -= FIXED;
	if (m->cache_uops < slots)
		return 1;
	m->cache_lines = FIG(cache_lines);
	return 0;
}

/* Cycles from the last access of the uop cache to the one that brings line `line`. */
static int64_t cache_step(struct machine *m, int64_t line, int64_t slots)
{
	int64_t step = m->cache_uops < slots;

	if (line == m->cache_line)
		return step;
	if (m->cache_lines <= 0)
		step = 1;
	if (FIG(cache_again)) {
		int64_t window = m->address >> shift_of_windows(m);

		if (m->cache_line < 0 || window != m->cache_window)
			step = next_window(m, slots);
		else if (step)
			step = SEEN(cache_again);
		m->cache_window = window;
	}
	return step;
}

/* Cycle the instruction comes out of line `line` of the uop cache. */
STAGE int64_t read_cache(struct machine *m, const struct insn *insn, int64_t line)
{
	int64_t slots = insn->flags & FUSED_SECOND ? 0 : insn->decode_slots;
	int64_t at = m->restart, cycle = m->cache_cycle, step;

	m->why = CAUSE_UOP_CACHE;
	at = with_room(m, at, slots);
	step = cache_step(m, line, slots);
	if (at > cycle && at >= cycle + step) {
		cycle = at;
		m->cache_uops = FIG(cache_width);
		m->cache_lines = FIG(cache_lines) - 1;
	} else {
		if (step) {
			cycle += step;
			m->cache_uops = FIG(cache_width);
			m->cache_lines = FIG(cache_lines) - 1;
		} else if (line != m->cache_line) {
			m->cache_lines--;
		}
		m->why = CAUSE_UOP_CACHE;
	}
	m->cache_line = line;
	m->cache_cycle = cycle;
	m->cache_uops -= slots;
	if (insn->microcode) {
		m->cache_cycle = cycle + sequencer_cycles(m, insn) - 1 +
				 FIG(microcode_switch);
		m->cache_uops = 0;
		m->why = CAUSE_MICROCODE;
	}
	return cycle;
}

/* Cycle the loop buffer replays the instruction: loop_width uops a cycle, of one turn. */
STAGE int64_t replay(struct machine *m, const struct insn *insn)
{
	int64_t slots = insn->flags & FUSED_SECOND ? 0 : insn->decode_slots;
	int64_t at = m->restart;

	m->why = CAUSE_UOP_CACHE;
	at = with_room(m, at, slots);
	if (slots && m->cache_uops < slots && at <= m->cache_cycle) {
		at = m->cache_cycle + 1;
		m->why = CAUSE_UOP_CACHE;
	}
	if (at > m->cache_cycle) {
		m->cache_cycle = at;
		m->cache_uops = FIG(loop_width);
	}
	m->cache_uops -= slots;
	m->turn_slots += slots;
	return m->cache_cycle;
}

/* The next instruction is elsewhere: its block is fetched from the cycle after this one's
 * last byte came, or `more` cycles later. */
static void fetch_elsewhere(struct machine *m, int64_t more)
{
	int64_t start = m->block_start + 1 + more;

	if (m->block == NO_BLOCK)
		return;
	/* a block of many instructions takes several cycles */
	if (m->f->predecode_width)
		start += (m->block_count - 1) / m->f->predecode_width;
	m->restart = at_least(m->restart, start);
	m->block = NO_BLOCK;
}

/* From now on lines of the uop cache are read; none is still being read. `cycle`: of the
 * last decoding. */
static void enter_cache(struct machine *m, int64_t cycle)
{
	m->mode = MODE_CACHE;
	m->restart = at_least(m->restart, cycle + FIG(cache_switch));
	m->cache_line = NOT_CACHED;
	m->cache_uops = 0;
	m->cache_lines = 0;
}

/* Delivery breaks off: bytes and lines come anew from the next instruction on. */
static void jump(struct machine *m, int64_t cycle, int64_t line)
{
	if (m->mode == MODE_CACHE) {
		m->restart = at_least(m->restart, cycle + FIG(taken_branch));
		m->cache_line = NOT_CACHED;
		m->cache_uops = 0;
	} else if (m->mode == MODE_DECODE) {
		fetch_elsewhere(m, FIG(taken_branch));
		if (line >= 0)
			enter_cache(m, cycle);
	} else if (FIG(loop_width)) {
		if (m->turn_slots >= FIG(issue_width))
			m->turn_debt += FIG(loop_turn);
		m->restart = at_least(m->restart, cycle + 1 + m->turn_debt / FIXED);
		m->turn_debt %= FIXED;
		m->turn_slots = 0;
	}
}

/* Younger code is fetched again from `cycle` on. */
static void restart(struct machine *m, int64_t cycle, bool decode_first)
{
	m->restart = cycle;
	m->block = NO_BLOCK;
	m->cache_line = NOT_CACHED;
	m->cache_uops = 0;
	m->decode_left = 0;
	if (decode_first && m->mode != MODE_LOOP)
		m->mode = MODE_DECODE;
}

/* Cycle the instruction enters the uop queue. `line` is its uop-cache line. */
STAGE int64_t deliver(struct machine *m, const struct insn *insn, int64_t line)
{
	int64_t cycle, after;

	if (m->mode == MODE_DECODE && line >= 0 && !FIG(cache_at_branch)) {
		enter_cache(m, m->decode_cycle);
	} else if (m->mode == MODE_CACHE && line < 0) {
		m->mode = MODE_DECODE;
		m->restart = at_least(m->restart, m->cache_cycle + FIG(cache_switch));
		m->block = NO_BLOCK;
	}
	if (m->mode == MODE_DECODE) {
		cycle = decode(m, insn);
	} else if (m->mode == MODE_CACHE) {
		cycle = read_cache(m, insn, line);
	} else if (FIG(loop_width)) {
		cycle = replay(m, insn);
	} else {
		cycle = m->restart;
		m->why = CAUSE_PIPELINE;
	}
	after = cycle;
	if (SEEN(cache_again) && m->mode == MODE_CACHE &&
	    m->address >> m->window_shift != m->cache_window)
		after++;
	if (m->f->predecode_width && (m->mode != MODE_DECODE || insn->flags & FUSED_SECOND))
		*entry(&m->predecoded_ring, m->insn_count) = 0; /* it takes no place */
	m->insn_count++;
	m->address = after_bytes(m->address, insn->length);
	if (insn->flags & MOVES)
		m->address = insn->next;
	if (insn->flags & TAKEN)
		jump(m, after, line);
	else if (insn->flags & MOVES && m->mode == MODE_DECODE)
		fetch_elsewhere(m, 0); /* no branch says why */
	return cycle;
}
