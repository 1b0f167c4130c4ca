/*
 * Runs a fuzz target as a plain check: over every corpus file, and over the same file cut and with
 * bytes changed, always the same ones.  Prints TAP, one test a file; a crash leaves the plan out.
 *
 * usage: check_NAME [FILE|DIRECTORY ...], without arguments $srcdir/tests/fuzz/corpus/NAME
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How many changed copies of a file are run beside it. */
#define CHANGED_COPIES 32
#define CHANGED_BYTES  4

/* No corpus file is near it. */
#define FILE_MAX (1024L * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned files;

static void bail_out(const char *what, const char *path)
{
	printf("Bail out! %s: %s\n", path, what);
	exit(99);
}

/* An exact heap copy each time, so that a sanitizer sees one byte too many. */
static void run_once(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size != 0 ? size : 1);

	if (copy == NULL)
		bail_out("out of memory", "malloc");
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* A linear congruential generator, so that every run changes the same bytes everywhere. */
static uint32_t next_random(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33);
}

static void run_changed(uint8_t *data, size_t size)
{
	for (int i = 0; i < CHANGED_COPIES && size > 0; i++) {
		uint8_t saved[CHANGED_BYTES];
		size_t at[CHANGED_BYTES];

		for (int j = 0; j < CHANGED_BYTES; j++) {
			at[j] = next_random() % size;
			saved[j] = data[at[j]];
			/* Half of the time one bit, half of the time any byte. */
			if (i % 2 == 0)
				data[at[j]] ^= (uint8_t)(1u << next_random() % 8);
			else
				data[at[j]] = (uint8_t)next_random();
			run_once(data, size);
		}
		run_once(data, next_random() % size);
		for (int j = CHANGED_BYTES - 1; j >= 0; j--)
			data[at[j]] = saved[j];
	}
}

static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(FILE_MAX);
	size_t size;

	if (file == NULL || data == NULL)
		bail_out("cannot be read", path);
	size = fread(data, 1, FILE_MAX, file);
	fclose(file);
	run_once(data, size);
	run_changed(data, size);
	free(data);
	printf("ok %u - %s\n", ++files, path);
	fflush(stdout);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_path(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n;

	if (stat(path, &st) != 0)
		bail_out("is not there", path);
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	n = scandir(path, &entries, is_visible, alphasort);
	if (n < 0)
		bail_out("cannot be read", path);
	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		run_file(name);
		free(entries[i]);
	}
	free(entries);
}

/* The corpus that belongs to the program's own name. */
static void run_default(const char *program)
{
	const char *top = getenv("srcdir");
	const char *base = strrchr(program, '/');
	const char *name = strstr(base != NULL ? base : program, "check_");
	char path[4096];

	if (name == NULL)
		bail_out("cannot tell the corpus from the name", program);
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".",
	    name + strlen("check_"));
	run_path(path);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	if (argc < 2)
		run_default(argv[0]);
	if (files == 0)
		bail_out("no corpus file", argv[0]);
	printf("1..%u\n", files);
	return 0;
}
