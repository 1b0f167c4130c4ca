/*
 * A line that a person types in the admin shell: editing, completion, going back to earlier ones.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_ADMIN_EDIT_H
#define CTLSIGN_CLI_ADMIN_EDIT_H

struct admin_edit;

/* For lines from stdin, shown at the terminal.  PROMPT must outlive it.  NULL: it cannot be had. */
struct admin_edit *admin_edit_open(const char *prompt);
void admin_edit_close(struct admin_edit *edit); /* takes NULL */

/*
 * The next line, without its newline, good until the next call; NULL when the person leaves
 * (Ctrl-D), or a signal that ends programs comes: *NUMBER is that one then, else 0, and it has its
 * old meaning again.  Ctrl-C clears the line, Ctrl-Z stops the program.  The terminal is as it was
 * before whenever this has returned.
 */
const char *admin_edit_line(struct admin_edit *edit, int *number);

/* Makes LINE one that the arrow keys go back to. */
void admin_edit_remember(struct admin_edit *edit, const char *line);

#endif
