/* The machine: what the simulator carries from one uop to the next.
 *
 * A trace is read once into a struct program, which nothing changes afterwards. All that
 * changes lives in a struct machine: scalars, rings indexed by a running count, and a
 * calendar that says what each port does in each cycle to come. How each scalar starts
 * and how it enters the signature of the machine's state is said in one table, STATE;
 * how long each ring is and how its times run, in another, RINGS.
 */
#ifndef COSTMODEL_MACHINE_H
#define COSTMODEL_MACHINE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "figures.h"
#include "layout.h"

#define MOST_PORTS 64
#define MOST_SCHEDULERS 64
#define GENERAL 16 /* general registers, which moves between are eliminated */
#define FIXED 64 /* fractions of a cycle are whole 64ths */
#define UNKNOWN ((int64_t)1 << 40) /* of a cycle that is not known yet */
#define NOT_CACHED (-1)
#define LONGEST_CALENDAR ((int64_t)1 << 22) /* cycles */

/* --- the program: a trace, checked, and ready to run ------------------------------- */

struct operand {
	int32_t reg;
	int32_t delay; /* cycles an input is needed early, or an output comes late */
};

struct uop {
	int32_t kind;
	int32_t flags;
	int32_t latency;
	int32_t busy;
	int32_t access; /* of the copy; -1: none */
	int32_t scheduler; /* -1: none; SPANS: its ports belong to several */
	const uint8_t *ports;
	int32_t port_count;
	int32_t input_count;
	int32_t output_count;
	const struct operand *inputs;
	const struct operand *outputs;
};

struct insn {
	const struct uop *first, *last; /* its own uops; one past them */
	int64_t next; /* address of the next instruction, if MOVES is set */
	int32_t length;
	int32_t flags;
	int32_t decode_slots;
	int32_t simple_after;
	int32_t microcode;
	int32_t fillers;
	int32_t opcode_at;
	int32_t stack_delta;
	int32_t latency;
	int32_t after_older;
	int32_t redirect;
	int32_t prefixes;
	int32_t cold_first, cold_last;
	bool ordinary; /* it has none of what only some instructions have */
};

/* Flags an ordinary instruction may have. */
#define ORDINARY (COMPLEX | FUSIBLE | LONG | USES_RSP | SETS_RSP)

struct access {
	int64_t root, offset, stride;
	int32_t store; /* access whose store a load meets; -1: none */
	int32_t distance; /* copies back to it */
	int32_t forward; /* FORWARD_* */
	int32_t fresh;
	int32_t width;
	int32_t segment; /* 1: it has one */
	int32_t cold_first, cold_last;
	int32_t turn; /* 1: renamed, it takes a turn of the store buffer */
};

struct program {
	const struct insn *insns;
	const struct uop *uops; /* the first folds the stack engine's offset into RSP, */
	const struct uop *filler; /* the second only takes an issue slot */
	const struct access *accesses;
	const int32_t *lines; /* uop-cache line of each instruction of a trip */
	const int32_t *cold; /* level of each cold line: 1 L2, 2 L3, 3 memory */
	int64_t base;
	int32_t body, tail, repeat, depth, loops;
	int32_t access_count, line_count, cold_count;
	int32_t port_count, scheduler_count, alternate_count;
	int32_t widest_insn, widest_slot; /* decode slots, uops: for the size of rings */
	int32_t longest_delay, longest_insn; /* cycles of an input, uops */
	int8_t scheduler_of[MOST_PORTS];
	int32_t scheduler_size[MOST_SCHEDULERS];
	uint8_t alternates[MOST_PORTS];
	void *memory; /* all arrays above */
	size_t memory_size;
};

/* --- the state --------------------------------------------------------------------- */

/* How a scalar enters the signature of the machine's state:
 *   NOT      it says nothing about what comes, or only the log reads it
 *   AS_IS    by its value
 *   AFTER    a cycle: by how far it lies after the issue clock, 0 if before
 *   ALONE_   by rules of its own, in signature()
 */
#define STATE(X) \
	/* fetch and predecode */ \
	X(address, 0, ALONE_) /* of the next instruction */ \
	X(block, NO_BLOCK, ALONE_) /* fetch block of the last byte seen */ \
	X(block_start, 0, ALONE_) /* cycle its predecoding, or its fetch, starts */ \
	X(block_count, 0, ALONE_) /* instructions counted in it */ \
	X(block_lcp, 0, ALONE_) /* length-changing prefixes seen in it */ \
	X(block_cycles, 0, ALONE_) /* cycles the block before it took */ \
	X(fetched, 0, NOT) /* blocks fetched, in order, since the start */ \
	X(insn_count, 0, NOT) \
	X(index, 0, NOT) /* of the instruction in the program */ \
	X(missed, 0, NOT) /* the last bytes came from a cold line */ \
	X(restart, 0, ALONE_) /* cycle delivery can go on after a break */ \
	/* decoders */ \
	X(mode, 0, AS_IS) \
	X(decode_cycle, -1, ALONE_) \
	X(decode_used, 0, ALONE_) \
	X(decode_left, 0, ALONE_) \
	X(decode_uops, 0, ALONE_) /* uops left in the cycle */ \
	/* uop cache */ \
	X(cache_cycle, -1, ALONE_) \
	X(cache_uops, 0, ALONE_) /* left in the cycle */ \
	X(cache_lines, 0, ALONE_) \
	X(cache_line, NOT_CACHED, ALONE_) /* being read */ \
	X(cache_saved, 0, AS_IS) /* 64ths of a cycle full accesses have saved */ \
	X(cache_window, 0, ALONE_) /* in which that line begins */ \
	/* loop buffer */ \
	X(turn_slots, 0, AS_IS) /* replayed of this turn */ \
	X(turn_debt, 0, AS_IS) /* 64ths of a cycle the turns before have lost */ \
	X(slot_count, 0, NOT) /* queue slots delivered */ \
	X(why, 0, NOT) /* cause of the last delivery */ \
	/* issue */ \
	X(now, 0, NOT) /* the issue clock: cycle of the last issue */ \
	X(issued, 0, AS_IS) /* slots taken in it */ \
	X(issued_memory, 0, AS_IS) \
	X(issued_renamed, 0, AS_IS) /* loads that took a store's value */ \
	X(turn, 0, AS_IS) /* of the alternating ports */ \
	X(hold, 0, AFTER) /* younger uops issue no earlier */ \
	X(stack_offset, 0, AS_IS) /* bytes the stack engine has not folded in */ \
	X(free_aliases, 0, NOT) /* move-elimination slots */ \
	X(reads, 0, ALONE_) /* mask: registers out of the reorder buffer read now */ \
	X(in_flight, 0, NOT) /* uops bound to ports whose entries are not free again */ \
	X(pending_ports, 0, NOT) /* mask: ports bound to in this cycle */ \
	/* running counts, by which the rings are indexed */ \
	X(uops, 0, NOT) \
	X(slots, 0, NOT) \
	X(loads, 0, NOT) \
	X(stores, 0, NOT) \
	X(int_writes, 0, NOT) \
	X(flag_writes, 0, NOT) \
	X(fills, 0, NOT) \
	X(copy, 0, NOT) \
	/* execution */ \
	X(divider, 0, AFTER) /* cycle the unit that is not pipelined is free */ \
	X(addressed, 0, ALONE_) /* cycle the last store address left */ \
	/* retirement and commit */ \
	X(retired, 0, ALONE_) /* cycle of the last retirement */ \
	X(retired_in, 0, AS_IS) /* slots retired in it */ \
	X(committed, 0, ALONE_) \
	X(committed_in, 0, ALONE_) \
	X(commit_place, 0, AS_IS) /* block of its line last written to */ \
	X(commit_clock, 0, ALONE_) /* 64ths: when the next line may be written */ \
	X(turn_clock, 0, ALONE_) /* 64ths: when the store buffer serves the next */ \
	X(commit_lines, 0, NOT) /* lines written apart from others */ \
	/* the instruction and the issue slot being built */ \
	X(insn_first, -1, NOT) /* cycle its first uop issued */ \
	X(older_retired, 0, NOT) /* cycle the last of those before it retired */ \
	X(insn_done, 0, NOT) /* cycle the last of its uops completed */ \
	X(slot_first, 0, NOT) /* number of the slot's first uop */ \
	X(slot_issued, 0, NOT) \
	X(slot_done, 0, NOT) \
	X(slot_loads, 0, NOT) \
	X(slot_ints, 0, NOT) \
	X(slot_flags, 0, NOT) \
	X(slot_turns, 0, NOT) /* loads in it that take a turn of the store buffer */ \
	X(slot_stores, 0, NOT) /* stores whose data is in it */ \
	X(slot_writes, 0, NOT) /* mask: registers it writes */ \
	X(waited, 0, NOT) /* cycles the last uop waited for its port */ \
	/* events that go with the cycles above, for the log */ \
	X(older_event, -1, NOT) \
	X(insn_done_event, -1, NOT) \
	X(slot_done_event, -1, NOT) \
	X(issue_event, -1, NOT) \
	X(queue_event, -1, NOT) \
	X(hold_event, -1, NOT) \
	X(retire_event, -1, NOT) \
	X(commit_event, -1, NOT) \
	X(restart_event, -1, NOT) \
	X(divider_event, -1, NOT) \
	X(addressed_event, -1, NOT) \
	/* outcome */ \
	X(overflow, 0, NOT) /* a booking fell outside the calendar */

/* Mechanisms few cores have: the lean machine is for those that have none of them. */
#define SELDOM(X) \
	X(register_reads) X(early_wake) X(memory_per_cycle) X(flag_registers) \
	X(entry_held) X(bank_bytes) X(bank_loads) X(bind_evenly) X(cache_again) \
	X(combine_lines) X(loop_width) X(loop_turn)

#define NO_BLOCK INT64_MIN

/* Rings: name, the running count that indexes it, and how many entries back it is read.
 * Of a RISING ring the times never go back, in an ANY ring they may. */
#define RINGS(X) \
	X(queue, slot_count, m->f->queue, RISING) /* cycle after a queue slot issued */ \
	X(predecoded, insn_count, m->f->predecode_queue, ANY) /* decode cycles */ \
	X(blocks, fetched, m->f->fetch_queue, ANY) /* cycle a block's last insn decoded */ \
	X(rob, slots, m->f->rob, RISING) /* retire cycles */ \
	X(load_entries, loads, m->f->load_buffer, ANY) /* cycle an entry is free */ \
	X(store_entries, stores, m->f->store_buffer, RISING) \
	X(int_entries, int_writes, m->f->int_registers, RISING) \
	X(flag_entries, flag_writes, m->f->flag_registers, RISING) \
	X(fill_entries, fills, m->f->fill_buffers, ANY) /* cycle a fill is done */

struct ring {
	int64_t *time;
	int64_t *event; /* that goes with each time, for the log */
	int64_t mask;
};

struct line {
	int64_t root, number; /* 64-byte lines of different roots never meet */
};

struct touched {
	struct line line;
	uint64_t banks;
};

struct cold_line {
	int64_t ready; /* cycle it is in the cache; -1: not asked for */
	int64_t room; /* cycle there is a fill buffer for it; -1: not touched */
	int64_t event; /* that asked for it */
};

/* What a later load may want to know of a store, by copy and access. */
struct store {
	int64_t value; /* cycle the stored value was ready */
	int64_t data; /* cycle the store data left */
	int64_t address; /* cycle the store address left */
	int64_t committed; /* -1 - its buffer entry, until it is written */
	int64_t data_event, address_event;
};

struct machine {
	const struct figures *f;
	const struct program *p;
	int fetch_shift, window_shift;
	int64_t forward_extra; /* cycles past those of the load itself, see memory.c */
	int64_t long_ago; /* cycles: no latency is added to a time further back */

#define X(name, first, how) int64_t name;
	STATE(X)
#undef X
#define X(name, count, length, order) struct ring name##_ring;
	RINGS(X)
#undef X

	int64_t ready[REGISTERS]; /* cycle the value can be used */
	int64_t producer[REGISTERS]; /* event that made it */
	int64_t delay[REGISTERS]; /* cycles its maker lost to a busy port */
	int64_t permanent[GENERAL]; /* cycle the value left the reorder buffer */
	int8_t alias[GENERAL]; /* move-elimination slot it shares; -1: none */
	int32_t members[GENERAL + 1]; /* of each such slot */

	int32_t usage[MOST_PORTS]; /* uops bound, not yet gone */
	int32_t pending[MOST_PORTS]; /* bound in this cycle */
	int32_t occupancy[MOST_SCHEDULERS];

	/* the calendar, by cycle modulo its length */
	int64_t calendar_mask;
	/* Bits: the cycles in which a port is booked, of 64 cycles a word, all ports of
	 * those side by side. A word more than the calendar has: the one the clock is in
	 * may still hold cycles gone by. */
	uint64_t *busy;
	int64_t busy_mask; /* words of a port, less one */
	struct touched *touched; /* port by port: what the load booked there touches */
	uint64_t *gone; /* mask of ports whose uop frees its entry */
	int64_t *gone_event;

	struct line commit_line;
	struct line *recent; /* lines written lately, the latest first */
	struct store *cells;
	struct cold_line *cold;

	int64_t *log; /* NULL: none is kept */
	int64_t log_uops; /* it has room for */
	uint64_t used[(sizeof(struct figures) / 8 + 63) / 64]; /* figures read, logged runs */

	void *arena;
	size_t arena_size;
};

/* --- the outcome ------------------------------------------------------------------- */

enum status {
	FINE,
	TOO_LONG, /* something waits longer than any calendar holds */
	NO_MEMORY,
	INTERRUPTED,
};

struct settings {
	int64_t mode; /* MODE_* the first instruction is delivered in */
	int64_t group; /* trips after which code is at the same place in its fetch block */
	int64_t need; /* uops over which a rhythm must hold */
	int64_t limit; /* uops run in search of one; 0: one group of trips, once */
	int64_t calendar; /* cycles the first calendar holds */
	int (*interrupted)(void);
};

struct outcome {
	int64_t cycles; /* of the window measured */
	int64_t trips; /* in it */
	int64_t first; /* trip it starts with */
	int64_t start; /* cycle it starts at */
	int64_t settled; /* whether a period was found */
	int64_t uops; /* run in all */
	int64_t calendar; /* cycles the calendar had to hold */
	int64_t last_event; /* of the log: the last retirement */
};

enum status simulate_plain(struct machine *m, const struct settings *s,
			   struct outcome *out);
enum status simulate_lean(struct machine *m, const struct settings *s,
			  struct outcome *out);
enum status simulate_logged(struct machine *m, const struct settings *s,
			    struct outcome *out);

/* machine.c: the one of them that fits; with a log in `m->log` if `logged`. */
enum status simulate(struct machine *m, const struct settings *s, bool logged,
		     struct outcome *out);

/* program.c */
const char *program_read(struct program *p, const int64_t *wire, size_t size);
void program_free(struct program *p);

/* machine.c */
enum status machine_prepare(struct machine *m, int64_t calendar);
void machine_free(struct machine *m);

#endif
