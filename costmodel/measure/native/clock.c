/* Cycles without counters, and whether a neighbour is on the core.
 *
 * The time-stamp counter runs at its own rate and the core at another that changes by
 * the millisecond. A chain of dependent IMULs takes 3 cycles a link on every core this
 * program meets, so timing one in every sample says how many ticks a cycle had just
 * then. One-byte NOPs run at the full width of a core that nobody else is using.
 */
#include "harness.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#define NOPS_AT (CLOCK_AT + 0x2000)

static const uint8_t imul_eax[] = { 0x0f, 0xaf, 0xc0 };
static const uint8_t set_count[] = { 0xb9, NOP_TURNS, 0, 0, 0 }; /* mov ,%ecx */
static const uint8_t dec_jnz[] = { 0xff, 0xc9, 0x0f, 0x85 }; /* dec %ecx; jnz */
static const uint8_t jmp[] = { 0xe9 };

static uint8_t *put(uint8_t *at, const uint8_t *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *put_leave(uint8_t *at, const uint8_t *base)
{
	int32_t over = (int32_t)(LEAVE_AT - CLOCK_AT);

	over -= (int32_t)(at - base) + 5;
	at = put(at, jmp, sizeof(jmp));
	return put(at, (const uint8_t *)&over, sizeof(over));
}

/* The short chain is the end of the long one: less code to keep in the cache. */
void clock_write(uint8_t *base)
{
	uint8_t *at = base;
	int32_t back;

	for (int k = 0; k < CHAIN_LONG; k++)
		at = put(at, imul_eax, sizeof(imul_eax));
	put_leave(at, base);
	at = put(base + (NOPS_AT - CLOCK_AT), set_count, sizeof(set_count));
	memset(at, 0x90, NOPS);
	at = put(at + NOPS, dec_jnz, sizeof(dec_jnz));
	back = -(int32_t)(NOPS + sizeof(dec_jnz) + sizeof(back));
	at = put(at, (const uint8_t *)&back, sizeof(back));
	put_leave(at, base);
}

NO_CANARY uint32_t clock_chain(void)
{
	uint64_t skipped = (CHAIN_LONG - CHAIN_SHORT) * sizeof(imul_eax);
	uint32_t shorter = run_at(CLOCK_AT + skipped);
	uint32_t longer = run_at(CLOCK_AT);

	return longer > shorter ? longer - shorter : 0;
}

NO_CANARY uint32_t clock_nops(void)
{
	return run_at(NOPS_AT);
}

/* Cycles the NOPs took at the clock the chain was timed at. */
NO_CANARY double nop_cycles(uint32_t nops, uint32_t chain)
{
	return chain ? nops * CHAIN_CYCLES / chain : 1e9;
}

NO_CANARY uint64_t nanoseconds(void)
{
	struct timespec now = { 0, 0 };

	raw_syscall(__NR_clock_gettime, CLOCK_MONOTONIC_RAW, (long)&now, 0, 0, 0, 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}
