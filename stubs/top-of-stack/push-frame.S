/* As rsp-to-slot.S, with the frame built by PUSH instead of MOV.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. SS, CS and
 * RCX are now written on the fast path; of the dance only the copy of EFLAGS
 * to R11 is left. kernel_stack holds T. The result's store after the call
 * counts with the entry, as in the table.
 * Parts: entry (26 insns, 90 B), exit (15 insns, 79 B); fixup after the
 * path.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_RIP       0x80
#define FULL_RDI       0x70
#define FULL_RSI       0x68
#define FULL_RDX       0x60
#define FULL_RAX       0x50
#define FULL_R8        0x48
#define FULL_R9        0x40
#define FULL_R10       0x38
#define FULL_R11       0x30
/* thread_info, at the bottom of the same 16 KiB stack. */
#define FULL_FLAGS     -0x3f48
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
	pushq	$USER_SS
	pushq	%gs:old_rsp
	sti
	pushq	%r11
	pushq	$USER_CS
	pushq	%rcx
	pushq	%rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	$NO_SUCH_CALL
	pushq	%r8
	pushq	%r9
	pushq	%r10
	subq	$0x38, %rsp
	testl	$ENTRY_WORK, FULL_FLAGS(%rsp)
	jnz	trace_work
	cmpq	$LAST_CALL, %rax
	ja	bad_number
	movq	%r10, %rcx
	call	*sys_call_table(,%rax,8)
	movq	%rax, FULL_RAX(%rsp)
# COSTMODEL-END

# COSTMODEL-BEGIN exit
	testl	$EXIT_WORK, FULL_FLAGS(%rsp)
	jnz	exit_work
	cli
	movq	FULL_RIP(%rsp), %rcx
	movq	FULL_EFLAGS(%rsp), %r11
	movq	FULL_R10(%rsp), %r10
	movq	FULL_R9(%rsp), %r9
	movq	FULL_R8(%rsp), %r8
	movq	FULL_RAX(%rsp), %rax
	movq	FULL_RDX(%rsp), %rdx
	movq	FULL_RSI(%rsp), %rsi
	movq	FULL_RDI(%rsp), %rdi
	movq	FULL_RSP(%rsp), %rsp
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
	movq	FULL_EFLAGS(%rsp), %r11
	movq	%r11, FULL_R11(%rsp)
# COSTMODEL-END
	ret
	.size	system_call, . - system_call
