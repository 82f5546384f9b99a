/* One write of an MSR. */
	.text
	.globl	path
	.type	path, @function
path:
	wrmsr
	.size	path, . - path
