/*
 * Takes --pin-file, --pin-fd and their like.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/pin_options.h"

#include <limits.h>

/* The options of one PIN. */
struct pin_row {
	int file_option;
	int fd_option;
	const char *file_name;
	const char *fd_name;
};

static const struct pin_row rows[] = {
    {CLI_OPTION_PIN_FILE, CLI_OPTION_PIN_FD, "--pin-file", "--pin-fd"},
    {CLI_OPTION_SO_PIN_FILE, CLI_OPTION_SO_PIN_FD, "--so-pin-file", "--so-pin-fd"},
    {CLI_OPTION_NEW_PIN_FILE, CLI_OPTION_NEW_PIN_FD, "--new-pin-file", "--new-pin-fd"},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct pin_row *row_of(int option)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].file_option == option || rows[i].fd_option == option)
			return &rows[i];
	return NULL;
}

bool cli_is_pin_option(int option)
{
	return row_of(option) != NULL;
}

static struct ceremony_pin_place *place_of(struct ceremony_pins *pins, const struct pin_row *row)
{
	struct ceremony_pin_place *places[N_ROWS] = {&pins->pin, &pins->so_pin, &pins->new_pin};

	return places[row - rows];
}

/* Looked at now: later the number could be a file that the program itself has opened. */
static bool take_fd(const struct cli_command *command, struct ceremony_pin_place *place,
    const char *name, const char *value)
{
	unsigned long fd;

	if (!cli_parse_number(value, 0, INT_MAX, &fd) || !secret_fd_usable((int)fd)) {
		cli_usage_error(command,
		    _("%s takes the number of a descriptor that is open for reading, not '%s'"),
		    name, value);
		return false;
	}
	place->fd = (int)fd;
	return true;
}

bool cli_pin_option(
    const struct cli_command *command, struct ceremony_pins *pins, int option, const char *value)
{
	const struct pin_row *row = row_of(option);
	struct ceremony_pin_place *place = place_of(pins, row);
	const bool is_file = option == row->file_option;

	if (is_file ? place->file != NULL : place->fd >= 0) {
		cli_usage_error(
		    command, _("%s is given twice"), is_file ? row->file_name : row->fd_name);
		return false;
	}
	if (place->file != NULL || place->fd >= 0) {
		cli_usage_error(
		    command, _("%s and %s exclude each other"), row->file_name, row->fd_name);
		return false;
	}
	if (!is_file)
		return take_fd(command, place, row->fd_name, value);
	place->file = value;
	return true;
}
