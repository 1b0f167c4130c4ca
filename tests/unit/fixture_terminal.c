/* Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC */
#include "fixture_terminal.h"

#include "ceremony/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct terminal_setup terminal_setup = {.refused_errnum = -1};
struct terminal_told *terminal_told;
pid_t terminal_asker;

static int master;
static char slave[64];
static pid_t leader;
static int orders[2], answers[2]; /* to the shell and back */
static char screen[8192];
static size_t on_screen;

/* ---- the asking process -------------------------------------------------------------------- */

static void refuse_settings(int errnum)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 3),
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + sizeof(uint64_t) +
					      (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCSETSF, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)errnum),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		_exit(98);
}

static void ask_secret(struct error *err)
{
	struct secret pin = SECRET_INIT;

	terminal_told->status = terminal_ask_secret(TERMINAL_PROMPT, &pin, err);
	snprintf(terminal_told->answer, sizeof(terminal_told->answer), "%s",
	    pin.text != NULL ? pin.text : "");
	secret_wipe(&pin);
}

static void *ask(void *unused)
{
	struct error err;
	bool other;

	(void)unused;
	if (terminal_setup.question == TERMINAL_SECRET)
		ask_secret(&err);
	else if (terminal_setup.question == TERMINAL_LINE)
		terminal_told->status = terminal_ask_line(TERMINAL_PROMPT, NULL,
		    terminal_told->answer, sizeof(terminal_told->answer), &other, &err);
	else
		terminal_told->status = terminal_confirm_again(TERMINAL_PROMPT, "yes", &err);
	if (terminal_interrupted() != 0)
		terminal_told->again = terminal_confirm(TERMINAL_ASKED_AGAIN, "yes", &err);
	return NULL;
}

static void ask_on_worker(void)
{
	sigset_t all, before;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, ask, NULL) != 0)
		_exit(97);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_join(thread, NULL);
}

static bool is_default(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 &&
	       now.sa_handler == (number == terminal_setup.ignored_signal ? SIG_IGN : SIG_DFL);
}

static void be_asker(void)
{
	/* A test that hangs must not hang for ever; a stopped process is killed by the test. */
	alarm(30);
	if (terminal_setup.ignored_signal != 0)
		signal(terminal_setup.ignored_signal, SIG_IGN);
	if (terminal_setup.refused_errnum >= 0)
		refuse_settings(terminal_setup.refused_errnum);
	if (terminal_setup.on_worker)
		ask_on_worker();
	else
		ask(NULL);
	terminal_told->interrupted = terminal_interrupted();
	terminal_told->dispositions_back = is_default(SIGINT) && is_default(SIGTERM) &&
					   is_default(SIGHUP) && is_default(SIGQUIT) &&
					   is_default(SIGTSTP) && is_default(SIGTTIN) &&
					   is_default(SIGTTOU) && is_default(SIGCONT);
	terminal_told->done = true;
	_exit(0);
}

/* ---- the session's leader: a small shell --------------------------------------------------- */

int terminal_order(char what)
{
	int answer = -1;

	if (write(orders[1], &what, 1) != 1 ||
	    read(answers[0], &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		return -1;
	return answer;
}

/* As readline sets the terminal, and back. */
static void edit_lines(int tty, bool on)
{
	struct termios now;

	if (!terminal_setup.line_editor || tcgetattr(tty, &now) != 0)
		return;
	if (on) {
		now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		now.c_iflag &= ~(tcflag_t)ICRNL;
	} else {
		now.c_lflag |= ICANON | ECHO;
		now.c_iflag |= ICRNL;
	}
	tcsetattr(tty, TCSANOW, &now);
}

static void be_shell(int tty, pid_t job)
{
	char what;

	while (read(orders[0], &what, 1) == 1) {
		int status = 0;

		if (what == 'f') {
			edit_lines(tty, false);
			tcsetpgrp(tty, job);
		}
		if (what == 'f' || what == 'b')
			kill(-job, SIGCONT);
		if (what == 'w') {
			waitpid(job, &status, WUNTRACED);
			tcsetpgrp(tty, getpgrp());
		}
		if (write(answers[1], &status, sizeof(status)) < 0)
			break;
	}
	_exit(0);
}

static void be_leader(enum terminal_scene scene, int pid_pipe)
{
	int tty, go[2];
	pid_t job;
	char c;

	close(master);
	close(orders[1]);
	close(answers[0]);
	setsid();
	tty = open(slave, O_RDWR);
	ioctl(tty, TIOCSCTTY, 0);
	edit_lines(tty, true);
	/* As a shell does, to hand the terminal out. */
	signal(SIGTTOU, scene == TERMINAL_ALONE ? SIG_DFL : SIG_IGN);
	if (pipe(go) != 0)
		_exit(96);
	job = scene == TERMINAL_ALONE ? getpid() : fork();
	if (job == 0 && scene == TERMINAL_ABANDONED) {
		/* One more generation, whose parent is gone before it asks. */
		setpgid(0, 0);
		job = fork();
		if (job != 0)
			_exit(0);
		job = getpid();
	} else if (job == 0) {
		setpgid(0, 0);
		job = getpid();
	} else if (job != getpid()) {
		if (scene == TERMINAL_ABANDONED)
			waitpid(job, NULL, 0);
		else
			setpgid(job, job);
		if (scene == TERMINAL_FOREGROUND)
			tcsetpgrp(tty, job);
		if (write(go[1], "g", 1) != 1)
			_exit(96);
		be_shell(tty, job);
	}
	if (scene != TERMINAL_ALONE && read(go[0], &c, 1) != 1)
		_exit(96);
	signal(SIGTTOU, SIG_DFL);
	if (write(pid_pipe, &job, sizeof(job)) != (ssize_t)sizeof(job))
		_exit(96);
	be_asker();
}

/* ---- the test's side ----------------------------------------------------------------------- */

bool terminal_start(enum terminal_scene scene)
{
	int pid_pipe[2];
	bool told;

	if (terminal_told == NULL)
		terminal_told = mmap(NULL, sizeof(*terminal_told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal_told == MAP_FAILED || master < 0 || grantpt(master) != 0 ||
	    unlockpt(master) != 0 || ptsname_r(master, slave, sizeof(slave)) != 0 ||
	    pipe(pid_pipe) != 0 || pipe(orders) != 0 || pipe(answers) != 0)
		abort();
	memset(terminal_told, 0, sizeof(*terminal_told));
	terminal_told->status = terminal_told->again = (enum status) - 1;
	on_screen = 0;
	screen[0] = '\0';
	fflush(stdout);
	leader = fork();
	if (leader == 0)
		be_leader(scene, pid_pipe[1]);
	close(pid_pipe[1]);
	close(orders[0]);
	close(answers[1]);
	told = read(pid_pipe[0], &terminal_asker, sizeof(terminal_asker)) ==
	       (ssize_t)sizeof(terminal_asker);
	close(pid_pipe[0]);
	return told;
}

void terminal_finish(void)
{
	close(orders[1]);
	close(answers[0]);
	kill(terminal_asker, SIGKILL);
	kill(leader, SIGKILL);
	waitpid(leader, NULL, 0);
	close(master);
}

bool terminal_shows(const char *text, unsigned times)
{
	const char *at = screen;
	unsigned n = 0;

	while ((at = strstr(at, text)) != NULL) {
		at++;
		n++;
	}
	return n >= times;
}

bool terminal_see(const char *text, unsigned times, int milliseconds)
{
	struct pollfd wait = {.fd = master, .events = POLLIN};

	for (; !terminal_shows(text, times) && milliseconds > 0; milliseconds -= 10) {
		ssize_t n = 0;

		if (poll(&wait, 1, 10) == 1 && (wait.revents & POLLIN) != 0)
			n = read(master, screen + on_screen, sizeof(screen) - 1 - on_screen);
		if (n > 0) {
			on_screen += (size_t)n;
			screen[on_screen] = '\0';
		}
	}
	return terminal_shows(text, times);
}

bool terminal_type(const char *text)
{
	return write(master, text, strlen(text)) == (ssize_t)strlen(text);
}

bool terminal_makes_lines(void)
{
	struct termios now;

	return tcgetattr(master, &now) == 0 && (now.c_lflag & ICANON) != 0 &&
	       (now.c_iflag & ICRNL) != 0;
}

bool terminal_echo(void)
{
	struct termios now;

	return tcgetattr(master, &now) == 0 && (now.c_lflag & ECHO) != 0;
}

void terminal_set_echo(bool on)
{
	struct termios now;

	if (tcgetattr(master, &now) != 0)
		abort();
	now.c_lflag = on ? now.c_lflag | ECHO : now.c_lflag & ~(tcflag_t)ECHO;
	if (tcsetattr(master, TCSANOW, &now) != 0)
		abort();
}

bool terminal_ended(void)
{
	for (int i = 0; i < 1000 && !terminal_told->done; i++)
		terminal_see("never shown", 1, 10);
	return terminal_told->done;
}
