# The code of the samples beside: a user loop, an entry path, a stand-in for getppid.
# Addresses are those of no kernel; getppid.txt and getppid-pt.txt hold the bytes.
	.section .user, "ax"
	.globl getppid_loop
	.type getppid_loop, @function
getppid_loop:
	mov $110, %eax
	syscall
	sub $1, %ebx
	jnz getppid_loop
	ret
	.size getppid_loop, .-getppid_loop

	.section .kernel, "ax"
	.globl entry_SYSCALL_64
	.type entry_SYSCALL_64, @function
entry_SYSCALL_64:
	swapgs
	mov %rsp, %gs:0x6014
	mov %gs:0x1fbd0, %rsp
	push $0x2b
	pushq %gs:0x6014
	push %r11
	push $0x33
	push %rcx
	push %rax
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push $-38
	mov %rsp, %rdi
	movslq %eax, %rsi
	call do_syscall_64
	mov 0x28(%rsp), %rcx
	mov 0x38(%rsp), %r11
	cmp %rcx, 0x38(%rsp)
	pop %rax
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	mov 0x18(%rsp), %r11
	mov 0x20(%rsp), %rsp
	swapgs
	sysretq
	.size entry_SYSCALL_64, .-entry_SYSCALL_64

	.globl do_syscall_64
	.type do_syscall_64, @function
do_syscall_64:
	cmp $450, %rsi
	ja 1f
	call __x64_sys_getppid
	mov %rax, 0x20(%rdi)
1:	ret
	.size do_syscall_64, .-do_syscall_64

	.globl __x64_sys_getppid
	.type __x64_sys_getppid, @function
__x64_sys_getppid:
	mov %gs:0x1fbc0, %rax
	mov 0x5a8(%rax), %rax
	mov 0x998(%rax), %eax
	ret
	.size __x64_sys_getppid, .-__x64_sys_getppid
