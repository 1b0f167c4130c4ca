/* SFTP targets: is it the right server, and does it let us in?
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC */
#include "fixture_reach.h"
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_unknown_host(void)
{
	char empty[256], none[256];
	struct reach r;

	if (!have_server())
		return;
	clean(&server);
	snprintf(empty, sizeof(empty), "%s/empty", server.folder);
	snprintf(none, sizeof(none), "%s/none", server.folder);
	put(empty, "");
	reach_open(&r, &server, server.port, server.files);
	r.settings.ssh_known_hosts = empty;
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_NOT_VERIFIED);
	CU_ASSERT(
	    says(&r, "is not in known_hosts: it shows ssh-ed25519 SHA256:", "ssh-keyscan -p"));
	reach_close(&r);
	reach_open(&r, &server, server.port, server.files);
	r.settings.ssh_known_hosts = none;
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_NOT_VERIFIED);
	CU_ASSERT(says(&r, "is not in known_hosts: it shows ssh-ed25519 SHA256:", none));
	CU_ASSERT_NOT_EQUAL(access(none, F_OK), 0);
	reach_close(&r);
	CU_ASSERT_NOT_EQUAL(access(file(&server, STAGED), F_OK), 0);
}

/* Opens R with known hosts, kept in KNOWN, in which the server has another key of this TYPE. */
static void reach_knowing(struct reach *r, char known[256], const char *type)
{
	char key[256], public_key[280];

	snprintf(known, 256, "%s/known_%s", server.folder, type);
	snprintf(key, sizeof(key), "%s/host_%s", server.folder, type);
	snprintf(public_key, sizeof(public_key), "%s.pub", key);
	sshd_new_key(key, type, "");
	sshd_add_known(known, server.port, public_key);
	reach_open(r, &server, server.port, server.files);
	r->settings.ssh_known_hosts = known;
}

static void test_changed_host_key(void)
{
	char known[256];
	struct reach r;

	if (!have_server())
		return;
	reach_knowing(&r, known, "ed25519");
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_NOT_VERIFIED);
	CU_ASSERT(says(&r, "is not the one in known_hosts: it shows ssh-ed25519 SHA256:",
	    "somebody may stand between"));
	/* And it stays so until the connection is made anew. */
	CU_ASSERT_EQUAL(commit(&r), ST_NOT_VERIFIED);
	r.settings.ssh_known_hosts = server.known;
	r.target->ops->reset(r.target);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
	reach_close(&r);
}

static void test_other_host_key_type(void)
{
	char known[256];
	struct reach r;

	if (!have_server())
		return;
	reach_knowing(&r, known, "ecdsa");
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_NOT_VERIFIED);
	CU_ASSERT(says(&r, "of another type for this server: it shows ssh-ed25519 SHA256:",
	    "compare this fingerprint"));
	reach_close(&r);
}

static void test_percent_in_known_hosts(void)
{
	char known[256], host_key[256];
	struct reach r;

	if (!have_server())
		return;
	snprintf(known, sizeof(known), "%s/100%%d", server.folder);
	snprintf(host_key, sizeof(host_key), "%s/host.pub", server.folder);
	sshd_add_known(known, server.port, host_key);
	reach_open(&r, &server, server.port, server.files);
	r.settings.ssh_known_hosts = known;
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
	reach_close(&r);
}

static void test_key_refused(void)
{
	char key[256];
	struct reach r;

	if (!have_server())
		return;
	snprintf(key, sizeof(key), "%s/stranger", server.folder);
	sshd_new_key(key, "ed25519", "");
	reach_open(&r, &server, server.port, server.files);
	r.settings.ssh_key = key;
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(&r, "with this SSH key", "authorized_keys"));
	reach_close(&r);
}

static void test_key_files(void)
{
	char key[256];
	struct reach r;

	if (!have_server())
		return;
	unsetenv("SSH_AUTH_SOCK");
	snprintf(key, sizeof(key), "%s/locked", server.folder);
	sshd_new_key(key, "ed25519", "geheim");
	reach_open(&r, &server, server.port, server.files);
	r.settings.ssh_key = key;
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(&r, "has a passphrase", "ssh-add"));
	r.target->ops->reset(r.target);
	CU_ASSERT_EQUAL(chmod(key, 0644), 0);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(&r, "others can read the SSH key", "chmod 600"));
	r.target->ops->reset(r.target);
	CU_ASSERT_EQUAL(unlink(key), 0);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_IO);
	CU_ASSERT(says(&r, "No such file", "ssh-key"));
	r.target->ops->reset(r.target);
	put(key, "no key\n");
	CU_ASSERT_EQUAL(chmod(key, 0600), 0);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(&r, "is no private SSH key", "ssh-key"));
	reach_close(&r);
}

/* The agent has the key, whatever file the settings name. */
static void test_agent(void)
{
	char command[1024], locked[256];
	struct reach r;
	FILE *agent;
	long pid = 0;

	if (!have_server())
		return;
	snprintf(command, sizeof(command),
	    "eval $(ssh-agent -a %s/agent) >/dev/null && SSH_AUTH_SOCK=%s/agent ssh-add -q %s && "
	    "echo $SSH_AGENT_PID",
	    server.folder, server.folder, server.key);
	agent = popen(command, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	CU_ASSERT_EQUAL_FATAL(fscanf(agent, "%ld", &pid), 1);
	pclose(agent);
	snprintf(command, sizeof(command), "%s/agent", server.folder);
	setenv("SSH_AUTH_SOCK", command, 1);
	reach_open(&r, &server, server.port, server.files);
	r.settings.ssh_key = NULL;
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
	r.target->ops->reset(r.target);
	snprintf(locked, sizeof(locked), "%s/with_passphrase", server.folder);
	sshd_new_key(locked, "ed25519", "geheim");
	r.settings.ssh_key = locked;
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
	/* Without it, nothing is left. */
	r.target->ops->reset(r.target);
	CU_ASSERT_EQUAL(kill((pid_t)pid, SIGTERM), 0);
	while (access(command, F_OK) == 0)
		usleep(1000);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(&r, "has a passphrase", "ssh-add"));
	unsetenv("SSH_AUTH_SOCK");
	reach_close(&r);
}

static const struct harness_test tests[] = {
    {"an unknown host is refused, with its fingerprint", test_unknown_host},
    {"a changed host key is refused", test_changed_host_key},
    {"a host key of another type is refused", test_other_host_key_type},
    {"a known_hosts file may have % in its path", test_percent_in_known_hosts},
    {"a key that the server does not take", test_key_refused},
    {"key files with a passphrase, readable by others, missing, no key", test_key_files},
    {"the agent's keys are used", test_agent},
};

int main(void)
{
	int rc = harness_main("publish_sftp_login", tests, HARNESS_COUNT(tests));

	sshd_stop(&server);
	return rc;
}
