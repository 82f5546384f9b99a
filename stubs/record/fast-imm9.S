/* v3.16's fast path with CS and SS stored by two 9-byte MOVs.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. Partial
 * frame (RIP to R11, 80 bytes below RIP). Written: RIP, ORIG_RAX, RDI, RSI,
 * RDX, RAX, R8 to R11. Left unset: RSP, EFLAGS, RCX. kernel_stack
 * holds T - 40.
 * Parts: entry (23 insns, 124 B), exit (18 insns, 81 B).
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_RIP       0x50
#define PART_ORIG_RAX  0x48
#define PART_RDI       0x40
#define PART_RSI       0x38
#define PART_RDX       0x30
#define PART_RAX       0x20
#define PART_R8        0x18
#define PART_R9        0x10
#define PART_R10       0x08
#define PART_R11       0x00
/* thread_info, at the bottom of the same 16 KiB stack. */
#define PART_FLAGS     -0x3f78
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL      315

	.text
	.globl	system_call
	.type	system_call, @function
system_call:
# COSTMODEL-BEGIN entry
	swapgs
	movq	%rsp, %gs:old_rsp
	movq	%gs:kernel_stack, %rsp
	sti
	subq	$0x50, %rsp
	movq	%rdi, PART_RDI(%rsp)
	movq	%rsi, PART_RSI(%rsp)
	movq	%rdx, PART_RDX(%rsp)
	movq	%rax, PART_RAX(%rsp)
	movq	%r8, PART_R8(%rsp)
	movq	%r9, PART_R9(%rsp)
	movq	%r10, PART_R10(%rsp)
	movq	%r11, PART_R11(%rsp)
	movq	%rax, PART_ORIG_RAX(%rsp)
	movq	%rcx, PART_RIP(%rsp)
	movq	$0x33, 0x58(%rsp)
	movq	$0x2b, 0x70(%rsp)
	testl	$ENTRY_WORK, PART_FLAGS(%rsp)
	jnz	trace_work
	cmpq	$LAST_CALL, %rax
	ja	bad_number
	movq	%r10, %rcx
	call	*sys_call_table(,%rax,8)
# COSTMODEL-END

# COSTMODEL-BEGIN exit
	movq	%rax, PART_RAX(%rsp)
	movl	$EXIT_WORK, %edi
	cli
	movl	PART_FLAGS(%rsp), %edx
	andl	%edi, %edx
	jnz	exit_work
	movq	PART_RIP(%rsp), %rcx
	movq	PART_R11(%rsp), %r11
	movq	PART_R10(%rsp), %r10
	movq	PART_R9(%rsp), %r9
	movq	PART_R8(%rsp), %r8
	movq	PART_RAX(%rsp), %rax
	movq	PART_RDX(%rsp), %rdx
	movq	PART_RSI(%rsp), %rsi
	movq	PART_RDI(%rsp), %rdi
	movq	%gs:old_rsp, %rsp
	swapgs
	sysretq
# COSTMODEL-END

trace_work:
	ud2
bad_number:
	ud2
exit_work:
	ud2
	.size	system_call, . - system_call
