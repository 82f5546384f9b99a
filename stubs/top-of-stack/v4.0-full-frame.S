/* v4.0 and the full frame always allocated; the same slots are written.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. 168 bytes:
 * the handler's return address moves to the third line below T, and RIP
 * needs a 32-bit displacement. The result's store after the call counts with
 * the entry, as in the table.
 * Parts: entry (22 insns, 122 B), exit (15 insns, 77 B); fixup, restore
 * after the path.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_SS        0xa0
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_CS        0x88
#define FULL_RIP       0x80
#define FULL_ORIG_RAX  0x78
#define FULL_RDI       0x70
#define FULL_RSI       0x68
#define FULL_RDX       0x60
#define FULL_RCX       0x58
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
	sti
	subq	$0x80, %rsp
	movq	%rdi, FULL_RDI(%rsp)
	movq	%rsi, FULL_RSI(%rsp)
	movq	%rdx, FULL_RDX(%rsp)
	movq	$NO_SUCH_CALL, FULL_RAX(%rsp)
	movq	%r8, FULL_R8(%rsp)
	movq	%r9, FULL_R9(%rsp)
	movq	%r10, FULL_R10(%rsp)
	movq	%r11, FULL_R11(%rsp)
	movq	%rax, FULL_ORIG_RAX(%rsp)
	movq	%rcx, FULL_RIP(%rsp)
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
	movq	FULL_R11(%rsp), %r11
	movq	FULL_R10(%rsp), %r10
	movq	FULL_R9(%rsp), %r9
	movq	FULL_R8(%rsp), %r8
	movq	FULL_RAX(%rsp), %rax
	movq	FULL_RDX(%rsp), %rdx
	movq	FULL_RSI(%rsp), %rsi
	movq	FULL_RDI(%rsp), %rdi
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
