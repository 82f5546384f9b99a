/* The first process of the machine that tools/ring0_check.py starts: loads KVM, then
 * runs `measure guest` on every job that comes over the second serial line.
 *
 * A job is a line of hex, the answer a line of hex. The first line sent says whether
 * /dev/kvm is there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MOST (4u << 20)

static char line[MOST];
static unsigned char answer[MOST / 2];

static void load(const char *path, const char *options)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0 || syscall(SYS_finit_module, file, options, 0))
		printf("ring0: %s: %s\n", path, strerror(errno));
	if (file >= 0)
		close(file);
}

/* Bytes of the answer of `measure guest` to a job. */
static size_t run(const unsigned char *job, size_t size)
{
	int in[2], out[2], how;
	size_t got = 0;
	ssize_t part;
	pid_t child;

	if (pipe(in) || pipe(out))
		return 0;
	child = fork();
	if (!child) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execl("/measure", "measure", "guest", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	for (size_t sent = 0; sent < size; sent += (size_t)part) {
		part = write(in[1], job + sent, size - sent);
		if (part <= 0)
			break;
	}
	close(in[1]);
	while (got < sizeof(answer)) {
		part = read(out[0], answer + got, sizeof(answer) - got);
		if (part <= 0)
			break;
		got += (size_t)part;
	}
	close(out[0]);
	waitpid(child, &how, 0);
	return got;
}

static size_t bytes_of(char *text)
{
	unsigned char *to = (unsigned char *)text;
	size_t size = strcspn(text, "\r\n") / 2;

	for (size_t k = 0; k < size; k++) {
		char two[3] = { text[2 * k], text[2 * k + 1], 0 };

		to[k] = (unsigned char)strtoul(two, NULL, 16);
	}
	return size;
}

int main(void)
{
	struct termios raw;
	FILE *wire;
	int serial;

	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	load("/irqbypass.ko", "");
	load("/ccp.ko", "");
	load("/kvm.ko", "");
	load("/kvm-amd.ko", "");
	serial = open("/dev/ttyS1", O_RDWR | O_NOCTTY);
	if (serial < 0) {
		printf("ring0: no second serial line\n");
		reboot(RB_POWER_OFF);
	}
	tcgetattr(serial, &raw);
	cfmakeraw(&raw);
	tcsetattr(serial, TCSANOW, &raw);
	wire = fdopen(serial, "r+");
	dprintf(serial, "%s\n", access("/dev/kvm", R_OK | W_OK) ? "none" : "kvm");
	while (wire && fgets(line, sizeof(line), wire)) {
		size_t size = run((unsigned char *)line, bytes_of(line));

		for (size_t k = 0; k < size; k++)
			sprintf(line + 2 * k, "%02x", answer[k]);
		line[2 * size] = '\n';
		for (size_t sent = 0; sent < 2 * size + 1;) {
			ssize_t part = write(serial, line + sent, 2 * size + 1 - sent);

			if (part <= 0)
				break;
			sent += (size_t)part;
		}
	}
	reboot(RB_POWER_OFF);
	return 0;
}
