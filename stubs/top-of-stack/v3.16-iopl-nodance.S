/* v3.16-iopl.S without FIXUP and RESTORE.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * On entry RSP = T - 128. Parts: handler, return; 2 insns, 6 B.
 */

	.text
	.globl	stub_iopl
	.type	stub_iopl, @function
stub_iopl:
# COSTMODEL-BEGIN handler
	call	sys_iopl
# COSTMODEL-END
# COSTMODEL-BEGIN return
	ret
# COSTMODEL-END
	.size	stub_iopl, . - stub_iopl
