/* CPUID alone. */
	.text
	.globl	path
	.type	path, @function
path:
	cpuid
	.size	path, . - path
