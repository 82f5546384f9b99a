/* v3.16 iopl: FIXUP, handler, RESTORE on the partial frame, from the table's
 * call to RET.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * On entry RSP = T - 128: partial frame, 8 bytes above RSP, so every offset
 * fits 8 bits.
 * Parts: fixup, handler, restore, return; together 13 insns, 81 B.
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_SS        0x70
#define PART_RSP       0x68
#define PART_EFLAGS    0x60
#define PART_CS        0x58
#define PART_RCX       0x28
#define PART_R11       0x00
/* Constants; only their width matters to the counts. */
#define USER_CS        0x33
#define USER_SS        0x2b

	.text
	.globl	stub_iopl
	.type	stub_iopl, @function
stub_iopl:
# COSTMODEL-BEGIN fixup
	movq	%gs:old_rsp, %r11
	movq	%r11, 8+PART_RSP(%rsp)
	movq	$USER_SS, 8+PART_SS(%rsp)
	movq	$USER_CS, 8+PART_CS(%rsp)
	movq	$-1, 8+PART_RCX(%rsp)
	movq	8+PART_R11(%rsp), %r11
	movq	%r11, 8+PART_EFLAGS(%rsp)
# COSTMODEL-END
# COSTMODEL-BEGIN handler
	call	sys_iopl
# COSTMODEL-END
# COSTMODEL-BEGIN restore
	movq	8+PART_RSP(%rsp), %r11
	movq	%r11, %gs:old_rsp
	movq	8+PART_EFLAGS(%rsp), %r11
	movq	%r11, 8+PART_R11(%rsp)
# COSTMODEL-END
# COSTMODEL-BEGIN return
	ret
# COSTMODEL-END
	.size	stub_iopl, . - stub_iopl
