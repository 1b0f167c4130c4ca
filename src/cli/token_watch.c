/*
 * ctlsign token watch
 *
 * Runs until the time is over, a signal ends it, or nobody reads the result any more: all three are
 * waited for together with the tokens.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"
#include "cli/token_text.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_SECONDS 86400 /* a day */

enum { OPTION_JSON = 1, OPTION_TIMEOUT };

/* What ends programs, and must not leave a module in the middle of something. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define N_CAUGHT (sizeof(caught) / sizeof(caught[0]))

static atomic_int interrupted;
static int signal_fd = -1;

struct watching {
	struct token_watch *watch;
	int wake_fd; /* an epoll: a signal came, or stdout has lost its reader */
	bool json;
	size_t widths[2]; /* of the columns for label and serial number, so far */
	int rc;
	bool over; /* nothing more is to be watched; RC says how it ended */
};

/* ---- ending --------------------------------------------------------------------------------- */

static void on_signal(int number)
{
	const int saved_errno = errno;
	const uint64_t one = 1;

	atomic_store(&interrupted, number);
	if (write(signal_fd, &one, sizeof(one)) < 0)
		(void)0;
	errno = saved_errno;
}

/* What is ignored (nohup) stays ignored; a second signal finds the default and ends at once. */
static void catch_signals(void)
{
	struct sigaction action, old;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	action.sa_flags = (int)SA_RESETHAND;
	for (size_t i = 0; i < N_CAUGHT; i++) {
		sigaction(caught[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(caught[i], &action, NULL);
	}
	/* Writing tells as well. */
	signal(SIGPIPE, SIG_IGN);
}

/* Dies of the signal that ended the watch, if one did, now that everything is in order. */
static void die_of_signal(void)
{
	const int number = atomic_load(&interrupted);

	if (number == 0)
		return;
	fflush(NULL);
	signal(number, SIG_DFL);
	raise(number);
}

static enum status prepare_wake(struct watching *w, struct error *err)
{
	struct epoll_event on_read = {.events = EPOLLIN}, on_loss = {.events = 0};

	signal_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (signal_fd < 0 || w->wake_fd < 0 ||
	    epoll_ctl(w->wake_fd, EPOLL_CTL_ADD, signal_fd, &on_read) != 0)
		return error_errno(err, ST_FAILED, errno, _("cannot watch for signals"));
	/* A file cannot be waited for, and needs no reader. */
	if (epoll_ctl(w->wake_fd, EPOLL_CTL_ADD, STDOUT_FILENO, &on_loss) != 0 && errno != EPERM)
		return error_errno(err, ST_IO, errno, _("cannot write the result"));
	catch_signals();
	return ST_OK;
}

/* Whether WAKE_FD says that stdout has lost its reader. */
static bool nobody_reads(const struct watching *w)
{
	struct epoll_event event;

	return epoll_wait(w->wake_fd, &event, 1, 0) == 1 &&
	       (event.events & (EPOLLERR | EPOLLHUP)) != 0;
}

/* ---- telling -------------------------------------------------------------------------------- */

static void add_column(struct buffer *line, const char *text, size_t *width)
{
	const size_t needed = text_width(text);

	if (needed > *width)
		*width = needed;
	text_pad(line, text, *width + 2);
}

static void add_text(struct watching *w, const char *what, const struct token_info *t, time_t when,
    struct buffer *line)
{
	size_t width = strlen("inserted");

	text_time_local(line, when);
	buffer_add(line, "  ", 2);
	add_column(line, what, &width);
	add_column(line, t->initialised ? t->label : _("(blank)"), &w->widths[0]);
	add_column(line, t->serial, &w->widths[1]);
	buffer_printf(line, "%s\n", t->reader);
}

static void add_json(
    const char *event, const struct token_info *t, time_t when, struct buffer *line)
{
	struct buffer utc = BUFFER_INIT;
	json_t *json = json_object(), *token = cli_token_json(t);
	char *text = NULL;

	text_time_utc(&utc, when);
	json_object_set_new(json, "event", json_string(event));
	json_object_set_new(json, "time", json_string(buffer_text(&utc)));
	json_object_set_new(json, "initialised", json_boolean(t->initialised));
	if (json_object_update(json, token) == 0)
		text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
	if (text == NULL)
		line->failed = true;
	else
		buffer_printf(line, "%s\n", text);
	free(text);
	json_decref(token);
	json_decref(json);
	buffer_free(&utc);
}

/* One line, at once.  A reader that went away is no error: it has seen enough. */
static void tell(
    struct watching *w, const char *event, const char *shown, const struct token_info *token)
{
	struct buffer line = BUFFER_INIT;
	const time_t now = time(NULL);
	struct error err;

	if (w->over)
		return;
	if (w->json)
		add_json(event, token, now, &line);
	else
		add_text(w, shown, token, now, &line);
	if (buffer_status(&line, &err) != ST_OK) {
		w->over = true;
		w->rc = cli_fail(&err);
		return;
	}
	errno = 0;
	if (fwrite(line.data, 1, line.len, stdout) == line.len && fflush(stdout) == 0) {
		buffer_free(&line);
		return;
	}
	w->over = true;
	w->rc = errno == EPIPE ? CLI_DONE : cli_finish_stdout();
	buffer_free(&line);
}

static void tell_problems(const struct watching *w)
{
	char line[2048];

	for (size_t i = 0; i < token_watch_problem_count(w->watch); i++)
		cli_warn(error_line(token_watch_problem_at(w->watch, i), line, sizeof(line)));
}

static void tell_present(struct watching *w, const struct tokens *tokens)
{
	/* All are known beforehand: their columns line up from the first line. */
	for (size_t i = 0; i < tokens_count(tokens); i++) {
		const struct token_info *t = tokens_at(tokens, i);

		if (text_width(t->label) > w->widths[0])
			w->widths[0] = text_width(t->label);
		if (text_width(t->serial) > w->widths[1])
			w->widths[1] = text_width(t->serial);
	}
	for (size_t i = 0; i < tokens_count(tokens); i++)
		tell(w, "present", _("present"), tokens_at(tokens, i));
	for (size_t i = 0; i < tokens_blank_count(tokens); i++)
		tell(w, "present", _("present"), tokens_blank_at(tokens, i));
}

/* ---- watching ------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Tells of events until END (0: for ever), a signal, a lost reader or an error. */
static void follow(struct watching *w, int64_t end)
{
	const struct token_event *events;
	struct error err;
	int64_t left = -1;
	size_t n;

	while (!w->over && atomic_load(&interrupted) == 0 && !nobody_reads(w)) {
		if (end != 0)
			left = end > now_ms() ? end - now_ms() : 0;
		if (left > INT_MAX)
			left = INT_MAX;
		if (token_watch_wait(w->watch, (int)left, w->wake_fd, &events, &n, &err) != ST_OK) {
			w->rc = cli_fail(&err);
			return;
		}
		for (size_t i = 0; i < n; i++)
			tell(w, events[i].inserted ? "inserted" : "removed",
			    events[i].inserted ? _("inserted") : _("removed"), events[i].token);
		tell_problems(w);
		if (left == 0 && n == 0)
			return;
	}
}

static int watch_tokens(struct tokens *tokens, bool json, unsigned long seconds)
{
	struct watching w = {.wake_fd = -1, .json = json, .rc = CLI_DONE};
	const int64_t end = seconds == 0 ? 0 : now_ms() + (int64_t)seconds * 1000;
	struct error err;

	if (prepare_wake(&w, &err) != ST_OK || token_watch_open(tokens, &w.watch, &err) != ST_OK) {
		w.rc = cli_fail(&err);
	} else {
		tell_present(&w, tokens);
		follow(&w, end);
	}
	token_watch_close(w.watch);
	if (w.wake_fd >= 0)
		close(w.wake_fd);
	return w.rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"module", required_argument, NULL, CLI_OPTION_MODULE},
	    {"timeout", required_argument, NULL, OPTION_TIMEOUT}, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct cli_modules modules = {.n = 0};
	unsigned long seconds = 0;
	struct tokens *tokens;
	bool json = false;
	struct error err;
	int option, rc;

	while ((option = cli_getopt(&cli_token_watch, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			json = true;
		else if (option == OPTION_TIMEOUT) {
			if (!cli_parse_number(optarg, 1, MAX_SECONDS, &seconds))
				return cli_usage_error(&cli_token_watch,
				    _("--timeout takes 1 to %d seconds, not '%s'"), MAX_SECONDS,
				    optarg);
		} else if (!cli_modules_option(&cli_token_watch, &modules, option, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(
		    &cli_token_watch, _("unexpected argument '%s'"), argv[optind]);
	if (cli_modules_open(&modules, &tokens, &err) != ST_OK)
		return cli_fail(&err);
	rc = watch_tokens(tokens, json, seconds);
	tokens_close(tokens);
	die_of_signal();
	return rc;
}

const struct cli_command cli_token_watch = {
    .name = "token watch",
    .summary = N_("tell as tokens are inserted and removed"),
    .usage = N_("Usage: ctlsign token watch [--module PATH]... [--json] [--timeout SECONDS]\n"
		"\n"
		"Prints a line for each token that is present, then one whenever a token is\n"
		"inserted or removed, until Ctrl-C. No PIN is needed.\n"
		"\n"
		"  --module PATH      use this PKCS#11 module (repeat for several); without it,\n"
		"                     those that p11-kit registers\n"
		"  --json             print one JSON object a line\n"
		"  --timeout SECONDS  end after this time (default: never)\n"
		"\n"
		"Example:\n"
		"  ctlsign token watch --timeout 60\n"),
    .run = run,
};
