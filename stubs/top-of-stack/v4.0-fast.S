/* v4.0 SYSCALL: v3.16 with the RAX slot preset and the exit's flags tested
 * in memory.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. Partial
 * frame, slots as in v3.16-fast.S (RAX = -ENOSYS first, the result later).
 * FIXUP takes RCX from RIP instead of storing -1; fixup and restore are
 * shown on the full frame. The result's store after the call counts with the
 * entry, as in the table.
 * Parts: entry (22 insns, 115 B), exit (15 insns, 73 B); fixup, restore
 * after the path.
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
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_SS        0xa0
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_CS        0x88
#define FULL_RIP       0x80
#define FULL_RCX       0x58
#define FULL_R11       0x30
/* thread_info, at the bottom of the same 16 KiB stack. */
#define PART_FLAGS     -0x3f78
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL      315
#define NO_SUCH_CALL   -38
#define USER_CS        0x33
#define USER_SS        0x2b

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
	movq	$NO_SUCH_CALL, PART_RAX(%rsp)
	movq	%r8, PART_R8(%rsp)
	movq	%r9, PART_R9(%rsp)
	movq	%r10, PART_R10(%rsp)
	movq	%r11, PART_R11(%rsp)
	movq	%rax, PART_ORIG_RAX(%rsp)
	movq	%rcx, PART_RIP(%rsp)
	testl	$ENTRY_WORK, PART_FLAGS(%rsp)
	jnz	trace_work
	cmpq	$LAST_CALL, %rax
	ja	bad_number
	movq	%r10, %rcx
	call	*sys_call_table(,%rax,8)
	movq	%rax, PART_RAX(%rsp)
# COSTMODEL-END

# COSTMODEL-BEGIN exit
	testl	$EXIT_WORK, PART_FLAGS(%rsp)
	jnz	exit_work
	cli
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

/* Off the path: what a slow path of this variant still has to do. */
fixup_alone:
# COSTMODEL-BEGIN fixup
	movq	%gs:old_rsp, %r11
	movq	%r11, FULL_RSP(%rsp)
	movq	$USER_SS, FULL_SS(%rsp)
	movq	$USER_CS, FULL_CS(%rsp)
	movq	FULL_RIP(%rsp), %r11
	movq	%r11, FULL_RCX(%rsp)
	movq	FULL_R11(%rsp), %r11
	movq	%r11, FULL_EFLAGS(%rsp)
# COSTMODEL-END
	ret

/* Off the path: what a slow path of this variant still has to do. */
restore_alone:
# COSTMODEL-BEGIN restore
	movq	FULL_RSP(%rsp), %r11
	movq	%r11, %gs:old_rsp
	movq	FULL_EFLAGS(%rsp), %r11
	movq	%r11, FULL_R11(%rsp)
# COSTMODEL-END
	ret
	.size	system_call, . - system_call
