/*
 * Keeps the findings of `ctlsign doctor`.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void __attribute__((format(printf, 3, 0)))
format(char *out, size_t size, const char *fmt, va_list ap)
{
	char raw[2048];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	text_one_line_into(out, size, raw);
}

void doctor_section(struct doctor *doctor, const char *where, const char *heading_fmt, ...)
{
	va_list ap;

	text_one_line_into(doctor->where, sizeof(doctor->where), where);
	va_start(ap, heading_fmt);
	format(doctor->heading, sizeof(doctor->heading), heading_fmt, ap);
	va_end(ap);
}

void doctor_find(
    struct doctor *doctor, enum doctor_check check, enum doctor_level level, const char *fmt, ...)
{
	struct doctor_finding *f;
	va_list ap;

	f = doctor->failed
		? NULL
		: reallocarray(doctor->list, doctor->n + 1, sizeof(struct doctor_finding));
	if (f == NULL) {
		doctor->failed = true;
		return;
	}
	doctor->list = f;
	f += doctor->n++;
	*f = (struct doctor_finding){.check = check, .level = level};
	text_cut_into(f->where, sizeof(f->where), doctor->where);
	text_cut_into(f->heading, sizeof(f->heading), doctor->heading);
	va_start(ap, fmt);
	format(f->what, sizeof(f->what), fmt, ap);
	va_end(ap);
}

void doctor_mend(struct doctor *doctor, enum doctor_mend kind, const char *fmt, ...)
{
	struct doctor_finding *f;
	va_list ap;

	if (doctor->failed || doctor->n == 0)
		return;
	f = &doctor->list[doctor->n - 1];
	f->kind = kind;
	va_start(ap, fmt);
	format(f->mend, sizeof(f->mend), fmt, ap);
	va_end(ap);
}

void doctor_mend_next_login(struct doctor *doctor)
{
	if (!doctor->failed && doctor->n > 0)
		doctor->list[doctor->n - 1].next_login = true;
}

void doctor_begin_with(struct doctor *doctor)
{
	struct doctor_finding *f;

	if (doctor->failed || doctor->n == 0)
		return;
	f = &doctor->list[doctor->n - 1];
	f->first = f->level == DOCTOR_BAD;
}

size_t doctor_count(const struct doctor *doctor, enum doctor_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < doctor->n; i++)
		n += doctor->list[i].level == level;
	return n;
}

void doctor_free(struct doctor *doctor)
{
	free(doctor->list);
	doctor->list = NULL;
	doctor->n = 0;
}
