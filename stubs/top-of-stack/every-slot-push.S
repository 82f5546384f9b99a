/* v3.16 with every slot written by PUSH, in slot order from SS down.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. The same
 * slots with the same values as every-slot-mov.S. kernel_stack must hold T
 * itself here (v3.16 has T - 40), which costs nothing at run time. RAX is
 * pushed twice: ORIG_RAX and RAX.
 * Parts: entry (25 insns, 82 B), exit (18 insns, 78 B).
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_RSP       0x68
#define PART_EFLAGS    0x60
#define PART_RIP       0x50
#define PART_RDI       0x40
#define PART_RSI       0x38
#define PART_RDX       0x30
#define PART_RAX       0x20
#define PART_R8        0x18
#define PART_R9        0x10
#define PART_R10       0x08
/* thread_info, at the bottom of the same 16 KiB stack. */
#define PART_FLAGS     -0x3f78
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL      315
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
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
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
	movq	PART_EFLAGS(%rsp), %r11
	movq	PART_R10(%rsp), %r10
	movq	PART_R9(%rsp), %r9
	movq	PART_R8(%rsp), %r8
	movq	PART_RAX(%rsp), %rax
	movq	PART_RDX(%rsp), %rdx
	movq	PART_RSI(%rsp), %rsi
	movq	PART_RDI(%rsp), %rdi
	movq	PART_RSP(%rsp), %rsp
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
