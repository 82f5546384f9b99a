/* From the integers of a trace to a program: every one of them checked.
 *
 * A program that was read holds no index out of range, so the stages need not look. */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define MOST_ROWS ((int64_t)1 << 24)
#define MOST_SLOTS ((int64_t)1 << 16) /* of an instruction */
#define MOST_ROOTS ((int64_t)1 << 32)
#define MOST_TIME ((int64_t)1 << 30) /* cycles, of any one latency */

struct reader {
	const int64_t *at, *end;
	const char *problem;
};

/* The next integers of the trace, `count` of them; NULL if there are not so many. */
static const int64_t *take(struct reader *r, int64_t count)
{
	const int64_t *rows = r->at;

	if (count < 0 || count > r->end - r->at) {
		r->problem = "the trace ends too soon";
		return NULL;
	}
	r->at += count;
	return rows;
}

static bool within(struct reader *r, int64_t value, int64_t low, int64_t high,
		   const char *problem)
{
	if (value >= low && value <= high)
		return true;
	r->problem = problem;
	return false;
}

static bool read_head(struct reader *r, struct program *p, struct head_row *head)
{
	const int64_t *row = take(r, sizeof(*head) / sizeof(int64_t));

	if (!row)
		return false;
	memcpy(head, row, sizeof(*head));
	if (!within(r, head->body, 0, MOST_ROWS, "body: not a count") ||
	    !within(r, head->tail, 0, MOST_ROWS, "tail: not a count") ||
	    !within(r, head->repeat, 1, MOST_ROWS, "repeat: not a count of copies") ||
	    !within(r, head->depth, 1, 1 << 20, "depth: not a count of copies") ||
	    !within(r, head->uops, 2, MOST_ROWS, "uops: fewer than two, or too many") ||
	    !within(r, head->ports, 0, MOST_ROWS, "ports: not a count") ||
	    !within(r, head->inputs, 0, MOST_ROWS, "inputs: not a count") ||
	    !within(r, head->outputs, 0, MOST_ROWS, "outputs: not a count") ||
	    !within(r, head->accesses, 0, MOST_ROWS, "accesses: not a count") ||
	    !within(r, head->cold, 0, MOST_ROWS, "cold: not a count") ||
	    !within(r, head->core_ports, 0, MOST_PORTS, "more than 64 ports") ||
	    !within(r, head->schedulers, 0, MOST_SCHEDULERS, "more than 64 schedulers") ||
	    !within(r, head->alternates, 0, MOST_PORTS, "more than 64 alternates"))
		return false;
	if (head->depth & (head->depth - 1)) {
		r->problem = "depth: not a power of two";
		return false;
	}
	if (head->lines != head->body * head->repeat + head->tail) {
		r->problem = "lines: not one for each instruction of a trip";
		return false;
	}
	p->body = (int32_t)head->body;
	p->tail = (int32_t)head->tail;
	p->repeat = (int32_t)head->repeat;
	p->base = head->base;
	p->depth = (int32_t)head->depth;
	p->loops = head->loops != 0;
	p->access_count = (int32_t)head->accesses;
	p->line_count = (int32_t)head->lines;
	p->cold_count = (int32_t)head->cold;
	p->port_count = (int32_t)head->core_ports;
	p->scheduler_count = (int32_t)head->schedulers;
	p->alternate_count = (int32_t)head->alternates;
	return true;
}

static bool read_insn(struct reader *r, const struct program *p,
		      const struct insn_row *row, const struct head_row *head,
		      const struct uop *uops, struct insn *insn)
{
	if (!within(r, row->length, 1, 64, "an instruction's length") ||
	    !within(r, row->first_uop, 0, head->uops, "an instruction's first uop") ||
	    !within(r, row->last_uop, row->first_uop, head->uops, "its last uop") ||
	    !within(r, row->decode_slots, 0, MOST_SLOTS, "decode slots") ||
	    !within(r, row->simple_after, 0, MOST_SLOTS, "simple decoders after") ||
	    !within(r, row->microcode, 0, MOST_SLOTS, "microcode uops") ||
	    !within(r, row->fillers, 0, MOST_SLOTS, "filler uops") ||
	    !within(r, row->opcode_at, 0, 64, "bytes before the opcode") ||
	    !within(r, row->stack_delta, INT32_MIN / 2, INT32_MAX / 2, "stack delta") ||
	    !within(r, row->flags, 0, (MOVES << 1) - 1, "flags of an instruction") ||
	    !within(r, row->latency, 0, MOST_TIME, "latency of an instruction") ||
	    !within(r, row->after_older, 0, MOST_TIME, "end of an instruction") ||
	    !within(r, row->redirect, 0, MOST_TIME, "redirect") ||
	    !within(r, row->prefixes, 0, MOST_TIME, "prefix stall") ||
	    !within(r, row->cold_first, 0, p->cold_count, "cold line of code") ||
	    !within(r, row->cold_last, 0, p->cold_count, "cold line of code"))
		return false;
	insn->first = uops + row->first_uop;
	insn->last = uops + row->last_uop;
	insn->next = row->next_at;
	insn->length = (int32_t)row->length;
	insn->flags = (int32_t)row->flags;
	insn->decode_slots = (int32_t)row->decode_slots;
	insn->simple_after = (int32_t)row->simple_after;
	insn->microcode = (int32_t)row->microcode;
	insn->fillers = (int32_t)row->fillers;
	insn->opcode_at = (int32_t)row->opcode_at;
	insn->stack_delta = (int32_t)row->stack_delta;
	insn->latency = (int32_t)row->latency;
	insn->after_older = (int32_t)row->after_older;
	insn->redirect = (int32_t)row->redirect;
	insn->prefixes = (int32_t)row->prefixes;
	insn->cold_first = (int32_t)row->cold_first;
	insn->cold_last = (int32_t)row->cold_last;
	insn->ordinary = !(insn->flags & ~ORDINARY || insn->microcode || insn->fillers ||
			   insn->latency || insn->after_older || insn->prefixes ||
			   insn->cold_first || insn->cold_last);
	return true;
}

static bool read_uop(struct reader *r, const struct uop_row *row,
		     const struct head_row *head, const uint8_t *ports,
		     const struct operand *inputs, const struct operand *outputs,
		     struct uop *uop)
{
	if (!within(r, row->kind, KIND_NONE, KIND_ELIMINATED, "kind of a uop") ||
	    !within(r, row->ports_first, 0, head->ports, "first port of a uop") ||
	    !within(r, row->ports_last, row->ports_first, head->ports, "last port") ||
	    !within(r, row->latency, -MOST_TIME, MOST_TIME, "latency of a uop") ||
	    !within(r, row->busy, 0, MOST_TIME, "busy cycles of a uop") ||
	    !within(r, row->flags, 0, (IN_TURN << 1) - 1, "flags of a uop") ||
	    !within(r, row->inputs_first, 0, head->inputs, "first input") ||
	    !within(r, row->inputs_last, row->inputs_first, head->inputs, "last input") ||
	    !within(r, row->outputs_first, 0, head->outputs, "first output") ||
	    !within(r, row->outputs_last, row->outputs_first, head->outputs,
		    "last output") ||
	    !within(r, row->access, -1, head->accesses - 1, "access of a uop") ||
	    !within(r, row->scheduler, SPANS, head->schedulers - 1, "scheduler"))
		return false;
	if (row->kind == KIND_ELIMINATED &&
	    (row->inputs_first == row->inputs_last ||
	     row->outputs_first == row->outputs_last ||
	     inputs[row->inputs_first].reg >= GENERAL ||
	     outputs[row->outputs_first].reg >= GENERAL)) {
		r->problem = "a move that is eliminated is not one of general registers";
		return false;
	}
	if (row->scheduler == SPANS && row->ports_first == row->ports_last) {
		r->problem = "a uop spans schedulers and has no ports";
		return false;
	}
	uop->kind = (int32_t)row->kind;
	uop->flags = (int32_t)row->flags;
	uop->latency = (int32_t)row->latency;
	uop->busy = (int32_t)row->busy;
	uop->access = (int32_t)row->access;
	uop->scheduler = (int32_t)row->scheduler;
	uop->ports = ports + row->ports_first;
	uop->port_count = (int32_t)(row->ports_last - row->ports_first);
	uop->inputs = inputs + row->inputs_first;
	uop->input_count = (int32_t)(row->inputs_last - row->inputs_first);
	uop->outputs = outputs + row->outputs_first;
	uop->output_count = (int32_t)(row->outputs_last - row->outputs_first);
	return true;
}

static bool read_operands(struct reader *r, int64_t count, struct operand *operands)
{
	const struct operand_row *rows;

	rows = (const struct operand_row *)take(r, 2 * count);
	if (!rows)
		return false;
	for (int64_t k = 0; k < count; k++) {
		if (!within(r, rows[k].reg, 0, REGISTERS - 1, "register of a uop") ||
		    !within(r, rows[k].delay, -MOST_TIME, MOST_TIME, "delay of a value"))
			return false;
		operands[k].reg = (int32_t)rows[k].reg;
		operands[k].delay = (int32_t)rows[k].delay;
	}
	return true;
}

static bool read_access(struct reader *r, const struct program *p,
			const struct access_row *row, struct access *access)
{
	if (!within(r, row->store, -1, p->access_count - 1, "store of a load") ||
	    !within(r, row->distance, 0, p->depth - 1, "distance of a store") ||
	    !within(r, row->forward, FORWARD_NONE, FORWARD_CHECKED, "forwarding") ||
	    !within(r, row->root, 0, MOST_ROOTS - 1, "place an address counts from") ||
	    !within(r, row->width, 1, 4096, "width of an access") ||
	    !within(r, row->segment, 0, 1, "segment of an access") ||
	    !within(r, row->cold_first, 0, p->cold_count, "cold line of an access") ||
	    !within(r, row->cold_last, 0, p->cold_count, "cold line of an access") ||
	    !within(r, row->turn, 0, 1, "turn of an access"))
		return false;
	if (row->forward != FORWARD_NONE && row->forward != FORWARD_WAITS &&
	    row->store < 0) {
		r->problem = "a load is forwarded from no store";
		return false;
	}
	access->root = row->root;
	access->offset = row->offset;
	access->stride = row->stride;
	access->store = (int32_t)row->store;
	access->distance = (int32_t)row->distance;
	access->forward = (int32_t)row->forward;
	access->fresh = row->fresh != 0;
	access->width = (int32_t)row->width;
	access->segment = (int32_t)row->segment;
	access->cold_first = (int32_t)row->cold_first;
	access->cold_last = (int32_t)row->cold_last;
	access->turn = (int32_t)row->turn;
	return true;
}

static bool read_core(struct reader *r, struct program *p)
{
	const int64_t *of = take(r, p->port_count);
	const int64_t *sizes = of ? take(r, p->scheduler_count) : NULL;
	const int64_t *turns = sizes ? take(r, p->alternate_count) : NULL;

	if (!turns)
		return false;
	for (int k = 0; k < p->port_count; k++) {
		if (!within(r, of[k], -1, p->scheduler_count - 1, "scheduler of a port"))
			return false;
		p->scheduler_of[k] = (int8_t)of[k];
	}
	for (int k = 0; k < p->scheduler_count; k++) {
		if (!within(r, sizes[k], 1, MOST_ROWS, "entries of a scheduler"))
			return false;
		p->scheduler_size[k] = (int32_t)sizes[k];
	}
	for (int k = 0; k < p->alternate_count; k++) {
		if (!within(r, turns[k], 0, p->port_count - 1, "alternating port"))
			return false;
		p->alternates[k] = (uint8_t)turns[k];
	}
	return true;
}

/* Whether uops that several schedulers may take name ports of schedulers alone, and the
 * two that belong to no instruction are no accesses. */
static bool fits_core(struct reader *r, const struct program *p, int64_t uops)
{
	for (int64_t k = 0; k < uops; k++) {
		const struct uop *uop = p->uops + k;

		for (int port = 0; uop->scheduler == SPANS && port < uop->port_count; port++)
			if (p->scheduler_of[uop->ports[port]] < 0) {
				r->problem = "a port of several schedulers has none";
				return false;
			}
	}
	if (p->uops[0].access >= 0 || p->uops[1].access >= 0) {
		r->problem = "a uop of no instruction has an access";
		return false;
	}
	return true;
}

/* Room for the arrays of a program in one piece. */
static bool allocate(struct program *p, const struct head_row *head, struct insn **insns,
		     struct uop **uops, struct operand **inputs,
		     struct operand **outputs, struct access **accesses,
		     int32_t **lines, int32_t **cold, uint8_t **ports)
{
	size_t count[] = {
		(size_t)(head->body + head->tail) * sizeof(struct insn),
		(size_t)head->uops * sizeof(struct uop),
		(size_t)head->inputs * sizeof(struct operand),
		(size_t)head->outputs * sizeof(struct operand),
		(size_t)head->accesses * sizeof(struct access),
		(size_t)head->lines * sizeof(int32_t),
		(size_t)head->cold * sizeof(int32_t),
		(size_t)head->ports,
	};
	size_t parts = sizeof(count) / sizeof(*count), size = 0;
	char *at;

	for (size_t k = 0; k < parts; k++)
		size += (count[k] + 15) & ~(size_t)15;
	if (size > p->memory_size) {
		free(p->memory);
		p->memory = malloc(size);
		p->memory_size = p->memory ? size : 0;
	}
	if (!p->memory)
		return false;
	at = p->memory;
	*insns = (void *)at, at += (count[0] + 15) & ~(size_t)15;
	*uops = (void *)at, at += (count[1] + 15) & ~(size_t)15;
	*inputs = (void *)at, at += (count[2] + 15) & ~(size_t)15;
	*outputs = (void *)at, at += (count[3] + 15) & ~(size_t)15;
	*accesses = (void *)at, at += (count[4] + 15) & ~(size_t)15;
	*lines = (void *)at, at += (count[5] + 15) & ~(size_t)15;
	*cold = (void *)at, at += (count[6] + 15) & ~(size_t)15;
	*ports = (void *)at;
	return true;
}

/* How many decode slots an instruction takes at most, and an issue slot uops (its own and
 * one before them): the rings must hold so many more than the machine's own sizes. */
static void measure(struct program *p, const struct operand *inputs,
		    int64_t input_count)
{
	p->widest_insn = 1;
	p->widest_slot = 1;
	p->longest_delay = 0;
	p->longest_insn = 1;
	for (int64_t k = 0; k < input_count; k++)
		if (inputs[k].delay > p->longest_delay)
			p->longest_delay = inputs[k].delay;
	for (int k = 0; k < p->body + p->tail; k++) {
		const struct insn *insn = p->insns + k;
		int32_t uops = (int32_t)(insn->last - insn->first) + 1;

		if (insn->decode_slots > p->widest_insn)
			p->widest_insn = insn->decode_slots;
		if (insn->fillers + uops > p->longest_insn)
			p->longest_insn = insn->fillers + uops;
		if (uops > p->widest_slot)
			p->widest_slot = uops;
	}
}

/* Read `size` integers at `wire` into `p`; what is wrong with them, or NULL. */
const char *program_read(struct program *p, const int64_t *wire, size_t size)
{
	struct reader r = { wire, wire + size, NULL };
	struct head_row head;
	struct insn *insns;
	struct uop *uops;
	struct operand *inputs, *outputs;
	struct access *accesses;
	int32_t *lines, *cold;
	uint8_t *ports;
	const struct insn_row *insn_rows;
	const struct uop_row *uop_rows;
	const int64_t *port_rows, *line_rows, *cold_rows;
	const struct access_row *access_rows;

	if (!read_head(&r, p, &head))
		return r.problem;
	/* The arrays are no larger than the trace itself: check before allocating. */
	if (head.uops + head.ports + head.inputs + head.outputs + head.accesses +
	    head.lines + head.cold > (int64_t)size)
		return "the trace ends too soon";
	if (!allocate(p, &head, &insns, &uops, &inputs, &outputs, &accesses, &lines,
		      &cold, &ports))
		return "not enough memory";
	p->insns = insns;
	p->uops = uops;
	p->filler = uops + 1;
	p->accesses = accesses;
	p->lines = lines;
	p->cold = cold;

	insn_rows = (const void *)take(&r, (head.body + head.tail) *
					   (int64_t)(sizeof(*insn_rows) / 8));
	uop_rows = insn_rows ? (const void *)take(&r, head.uops *
						  (int64_t)(sizeof(*uop_rows) / 8)) : NULL;
	port_rows = uop_rows ? take(&r, head.ports) : NULL;
	if (!port_rows)
		return r.problem;
	for (int64_t k = 0; k < head.ports; k++) {
		if (!within(&r, port_rows[k], 0, head.core_ports - 1, "a port"))
			return r.problem;
		ports[k] = (uint8_t)port_rows[k];
	}
	if (!read_operands(&r, head.inputs, inputs) ||
	    !read_operands(&r, head.outputs, outputs))
		return r.problem;
	for (int64_t k = 0; k < head.uops; k++)
		if (!read_uop(&r, uop_rows + k, &head, ports, inputs, outputs, uops + k))
			return r.problem;
	for (int64_t k = 0; k < head.body + head.tail; k++)
		if (!read_insn(&r, p, insn_rows + k, &head, uops, insns + k))
			return r.problem;
	access_rows = (const void *)take(&r, head.accesses *
					     (int64_t)(sizeof(*access_rows) / 8));
	if (!access_rows)
		return r.problem;
	for (int64_t k = 0; k < head.accesses; k++)
		if (!read_access(&r, p, access_rows + k, accesses + k))
			return r.problem;
	line_rows = take(&r, head.lines);
	cold_rows = line_rows ? take(&r, head.cold) : NULL;
	if (!cold_rows)
		return r.problem;
	for (int64_t k = 0; k < head.lines; k++) {
		if (!within(&r, line_rows[k], NOT_CACHED, MOST_ROWS, "uop-cache line"))
			return r.problem;
		lines[k] = (int32_t)line_rows[k];
	}
	for (int64_t k = 0; k < head.cold; k++) {
		if (!within(&r, cold_rows[k], 1, 3, "level of a cold line"))
			return r.problem;
		cold[k] = (int32_t)cold_rows[k];
	}
	if (!read_core(&r, p) || !fits_core(&r, p, head.uops))
		return r.problem;
	if (r.at != r.end)
		return "the trace is longer than it says";
	measure(p, inputs, head.inputs);
	return NULL;
}

void program_free(struct program *p)
{
	free(p->memory);
	p->memory = NULL;
	p->memory_size = 0;
}
