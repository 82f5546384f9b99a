/* v3.16 with entry work (ptrace, seccomp): from the fast path's branch to
 * IRET.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * On entry RSP = T - 120, partial frame stored, RAX = the number. RBX to R15
 * are saved, RAX preset to -ENOSYS, FIXUP through RDI; the tracer's full
 * frame is taken down before the call. audit_only lies elsewhere (a near
 * branch, not taken).
 * Parts: tracesys, fixup, tracer, handler, slow-return; 65 insns, 326 B.
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_RDI       0x40
#define PART_RSI       0x38
#define PART_RDX       0x30
#define PART_RCX       0x28
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
#define FULL_RDI       0x70
#define FULL_RSI       0x68
#define FULL_RDX       0x60
#define FULL_RCX       0x58
#define FULL_RAX       0x50
#define FULL_R8        0x48
#define FULL_R9        0x40
#define FULL_R10       0x38
#define FULL_R11       0x30
#define FULL_RBX       0x28
#define FULL_RBP       0x20
#define FULL_R12       0x18
#define FULL_R13       0x10
#define FULL_R14       0x08
#define FULL_R15       0x00
/* thread_info, at the bottom of the same 16 KiB stack. */
#define INFO_FLAGS     0x10
#define INFO_STATUS    0x14
#define PART_FLAGS     -0x3f78
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL      315
#define NO_SUCH_CALL   -38
#define USER_CS        0x33
#define USER_SS        0x2b

	.text
	.globl	tracesys
	.type	tracesys, @function
tracesys:
# COSTMODEL-BEGIN tracesys
	testl	$ENTRY_WORK, PART_FLAGS(%rsp)
	jz	audit_only
	subq	$0x30, %rsp
	movq	%rbx, FULL_RBX(%rsp)
	movq	%rbp, FULL_RBP(%rsp)
	movq	%r12, FULL_R12(%rsp)
	movq	%r13, FULL_R13(%rsp)
	movq	%r14, FULL_R14(%rsp)
	movq	%r15, FULL_R15(%rsp)
	movq	$NO_SUCH_CALL, FULL_RAX(%rsp)
# COSTMODEL-END
# COSTMODEL-BEGIN fixup
	movq	%gs:old_rsp, %rdi
	movq	%rdi, FULL_RSP(%rsp)
	movq	$USER_SS, FULL_SS(%rsp)
	movq	$USER_CS, FULL_CS(%rsp)
	movq	$-1, FULL_RCX(%rsp)
	movq	FULL_R11(%rsp), %rdi
	movq	%rdi, FULL_EFLAGS(%rsp)
# COSTMODEL-END
# COSTMODEL-BEGIN tracer
	movq	%rsp, %rdi
	call	syscall_trace_enter
	movq	FULL_R11(%rsp), %r11
	movq	FULL_R10(%rsp), %r10
	movq	FULL_R9(%rsp), %r9
	movq	FULL_R8(%rsp), %r8
	movq	FULL_RCX(%rsp), %rcx
	movq	FULL_RDX(%rsp), %rdx
	movq	FULL_RSI(%rsp), %rsi
	movq	FULL_RDI(%rsp), %rdi
	movq	FULL_R15(%rsp), %r15
	movq	FULL_R14(%rsp), %r14
	movq	FULL_R13(%rsp), %r13
	movq	FULL_R12(%rsp), %r12
	movq	FULL_RBP(%rsp), %rbp
	movq	FULL_RBX(%rsp), %rbx
	addq	$0x30, %rsp
# COSTMODEL-END
# COSTMODEL-BEGIN handler
	cmpq	$LAST_CALL, %rax
	ja	slow_return
	movq	%r10, %rcx
	call	*sys_call_table(,%rax,8)
	movq	%rax, PART_RAX(%rsp)
# COSTMODEL-END
slow_return:
# COSTMODEL-BEGIN slow-return
	cli
	movl	$EXIT_WORK, %edi
	movq	%gs:kernel_stack, %rcx
	subq	$0x3fd8, %rcx
	movl	INFO_FLAGS(%rcx), %edx
	andl	%edi, %edx
	jnz	slow_work
	andl	$~2, INFO_STATUS(%rcx)
	jmp	return_common

slow_work:
	ud2
	.skip	16, 0xcc

return_common:
	cli
	swapgs
	jmp	restore_caller_saved

	.skip	16, 0xcc

restore_caller_saved:
	movq	PART_R11(%rsp), %r11
	movq	PART_R10(%rsp), %r10
	movq	PART_R9(%rsp), %r9
	movq	PART_R8(%rsp), %r8
	movq	PART_RAX(%rsp), %rax
	movq	PART_RCX(%rsp), %rcx
	movq	PART_RDX(%rsp), %rdx
	movq	PART_RSI(%rsp), %rsi
	movq	PART_RDI(%rsp), %rdi
	addq	$0x50, %rsp
	jmp	leave_by_iret

small_stack_segment:
	ud2
	.skip	16, 0xcc

leave_by_iret:
	testb	$4, 0x20(%rsp)
	jnz	small_stack_segment
	iretq
# COSTMODEL-END
	.size	tracesys, . - tracesys
