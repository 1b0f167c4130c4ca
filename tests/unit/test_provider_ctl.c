/*
 * Which CTL a provider takes after which, in one step and in two, and the way back.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_provider_scene.h"
#include "harness.h"

#include "base/text.h"
#include "fixture_lists.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CTL	"/v1/files/CTLFile.tlv"
#define STAGED	"/v1/staged/CTLFile.tlv"
#define REVERT	"/v1/files/CTLFile.tlv/revert"
#define PHONE	"CTLSEP001122AABBCC.tlv"
#define BOTH	(PROVIDER_SAST_1 | PROVIDER_SAST_2)
#define CTLNAME "CTLFile.tlv"

static const struct bytes nothing;

/* The lists that the tests are about; made once. */
static struct buffer first, second, older, equal_time, stranger, both_strangers, itl, phones, by_2;
static struct provider_scene scene;

static void make_lists(void)
{
	first = provider_list(BOTH, PROVIDER_TOKEN_1, 1000, CTLNAME);
	second = provider_list(BOTH, PROVIDER_TOKEN_1, 2000, CTLNAME);
	older = provider_list(PROVIDER_SAST_1, PROVIDER_TOKEN_1, 999, CTLNAME);
	equal_time = provider_list(PROVIDER_SAST_1, PROVIDER_TOKEN_1, 1000, CTLNAME);
	stranger = provider_list(PROVIDER_SAST_BAD, PROVIDER_STRANGER, 3000, CTLNAME);
	both_strangers = provider_list(BOTH | PROVIDER_SAST_BAD, PROVIDER_STRANGER, 3000, CTLNAME);
	itl = provider_list(BOTH, PROVIDER_TOKEN_1, 2000, "ITLFile.tlv");
	phones = provider_list(BOTH, PROVIDER_TOKEN_1, 2000, PHONE);
	by_2 = provider_list(BOTH, PROVIDER_TOKEN_2, 2500, CTLNAME);
}

static void free_lists(void)
{
	struct buffer *all[] = {
	    &first, &second, &older, &equal_time, &stranger, &both_strangers, &itl, &phones, &by_2};

	for (size_t i = 0; i < HARNESS_COUNT(all); i++)
		buffer_free(all[i]);
}

static int put(const char *path, const struct buffer *file)
{
	return provider_ask(&scene, "PUT", path, buffer_bytes(file));
}

static bool holds(const char *name, const struct buffer *file)
{
	return provider_holds(provider_file(&scene, name), buffer_bytes(file));
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static int post_hash(const char *path, const char *member, const struct buffer *file)
{
	char body[128];

	if (file != NULL)
		snprintf(body, sizeof(body), "{\"%s\": \"%s\"}", member,
		    provider_sha256(buffer_bytes(file)));
	else
		snprintf(body, sizeof(body), "{\"%s\": null}", member);
	return provider_ask_json(&scene, "POST", path, body);
}

/* Whether the answer has these hashes; NULL for null. */
static bool says(const char *member, const struct buffer *file)
{
	json_t *json = provider_json(&scene), *value = json_object_get(json, member);
	bool same = file != NULL
			? strcmp(provider_sha256(buffer_bytes(file)), json_string_value(value)) == 0
			: json_is_null(value);

	json_decref(json);
	return same;
}

static void begin(const struct buffer *present)
{
	provider_scene(&scene);
	provider_scene_open(&scene);
	if (present != NULL)
		CU_ASSERT_EQUAL_FATAL(put(CTL, present), 200);
}

static void test_first(void)
{
	begin(NULL);
	CU_ASSERT_EQUAL(put(CTL, &stranger), 200);
	CU_ASSERT_TRUE(says("sha256", &stranger) && says("previous", NULL));
	CU_ASSERT_TRUE(holds(CTLNAME, &stranger));
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.answer.note, "stored CTLFile.tlv, SHA-256 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.answer.note, ", signed by CN=STRANGER;O=Lab"));
	provider_scene_free(&scene);
}

static void test_next(void)
{
	struct stat sb;

	begin(&first);
	CU_ASSERT_EQUAL(put(CTL, &second), 200);
	CU_ASSERT_TRUE(says("sha256", &second) && says("previous", &first));
	CU_ASSERT_TRUE(holds(CTLNAME, &second));
	CU_ASSERT_EQUAL(stat(provider_file(&scene, CTLNAME), &sb), 0);
	CU_ASSERT_EQUAL(sb.st_mode & 0777, 0644);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", CTL, nothing), 200);
	CU_ASSERT_TRUE(provider_says(&scene, buffer_bytes(&second)));
	CU_ASSERT_EQUAL(put(CTL, &by_2), 200);
	CU_ASSERT_TRUE(holds(CTLNAME, &by_2));
	CU_ASSERT_FALSE(is_there(provider_file(&scene, ".CTLFile.tlv.ctlproviderd")));
	provider_scene_free(&scene);
}

static void test_same(void)
{
	struct stat before, after;

	begin(&first);
	CU_ASSERT_EQUAL(put(CTL, &second), 200);
	stat(provider_file(&scene, CTLNAME), &before);
	CU_ASSERT_EQUAL(put(CTL, &second), 200);
	CU_ASSERT_TRUE(says("sha256", &second) && says("previous", &second));
	stat(provider_file(&scene, CTLNAME), &after);
	CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
	/* What was before is still known. */
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &first), 200);
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	provider_scene_free(&scene);
}

static void test_age(void)
{
	begin(&first);
	CU_ASSERT_EQUAL(put(CTL, &older), 409);
	CU_ASSERT_TRUE(provider_refuses(&scene, "1970-01-01T00:16:39Z", "sign a new list"));
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.answer.note, "refused: "));
	CU_ASSERT_EQUAL(put(STAGED, &older), 409);
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	CU_ASSERT_EQUAL(put(CTL, &equal_time), 200);
	CU_ASSERT_TRUE(holds(CTLNAME, &equal_time));
	CU_ASSERT_EQUAL(put(CTL, &second), 200);
	CU_ASSERT_EQUAL(put(CTL, &first), 409);
	CU_ASSERT_TRUE(holds(CTLNAME, &second));
	provider_scene_free(&scene);
}

static void test_signer(void)
{
	begin(&first);
	CU_ASSERT_EQUAL(put(CTL, &stranger), 422);
	CU_ASSERT_TRUE(provider_refuses(&scene, "STRANGER", "CN=SAST-1;O=Lab, CN=SAST-2;O=Lab"));
	CU_ASSERT_TRUE(provider_refuses(&scene, "phones would refuse it, too", ""));
	/* That it lists all is of no help: the present one has to list its signer. */
	CU_ASSERT_EQUAL(put(CTL, &both_strangers), 422);
	CU_ASSERT_EQUAL(put(STAGED, &both_strangers), 422);
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	CU_ASSERT_EQUAL(put(CTL, &equal_time), 200);
	/* The second token is no SAST any more. */
	CU_ASSERT_EQUAL(put(CTL, &by_2), 422);
	CU_ASSERT_TRUE(holds(CTLNAME, &equal_time));
	provider_scene_free(&scene);
}

static void test_kinds(void)
{
	const struct buffer *const others[] = {fixture_windows_list(), fixture_community_list()};

	begin(NULL);
	CU_ASSERT_EQUAL(put(CTL, &itl), 422);
	CU_ASSERT_TRUE(provider_refuses(&scene, "ITL", "CTL file"));
	CU_ASSERT_EQUAL(put(CTL, &phones), 422);
	CU_ASSERT_TRUE(provider_refuses(&scene, PHONE, ""));
	CU_ASSERT_EQUAL(put("/v1/files/CTLSEP001122AABBCD.tlv", &phones), 422);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", CTL, nothing), 422);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", CTL, text_bytes("<html>")), 422);
	CU_ASSERT_TRUE(provider_refuses(&scene, "", ""));
	CU_ASSERT_FALSE(is_there(provider_file(&scene, CTLNAME)));
	CU_ASSERT_EQUAL(put("/v1/files/" PHONE, &phones), 200);
	CU_ASSERT_EQUAL(put(CTL, &first), 200);
	for (size_t i = 0; i < HARNESS_COUNT(others); i++) {
		unlink(provider_file(&scene, CTLNAME));
		CU_ASSERT_EQUAL(put(CTL, others[i]), 200);
	}
	provider_scene_free(&scene);
}

/* Every 97th byte with one bit changed, in one step and in two: nothing of it comes through. */
static void test_flips(void)
{
	struct buffer changed = BUFFER_INIT;
	unsigned taken = 0, n = 0;

	begin(&first);
	buffer_add(&changed, second.data, second.len);
	for (size_t at = 0; at < changed.len; at += 97, n++) {
		changed.data[at] ^= (uint8_t)(1u << n % 8);
		taken += put(CTL, &changed) == 200;
		CU_ASSERT_TRUE(provider_refuses(&scene, "", ""));
		taken += put(STAGED, &changed) == 200;
		changed.data[at] ^= (uint8_t)(1u << n % 8);
	}
	for (changed.len = second.len - 1; changed.len > 97; changed.len -= 97)
		taken += put(CTL, &changed) == 200;
	CU_ASSERT_EQUAL(taken, 0);
	CU_ASSERT_TRUE(n > 10);
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	CU_ASSERT_FALSE(is_there(provider_file(&scene, ".CTLFile.tlv.staged")));
	/* A signature over another list is none over this one. */
	buffer_reset(&changed);
	buffer_add(&changed, second.data, second.len);
	fixture_sign(&changed, fixture_key(FIXTURE_RSA_1024_B), "SHA256");
	CU_ASSERT_EQUAL(put(CTL, &changed), 422);
	CU_ASSERT_TRUE(provider_refuses(&scene, "signature is wrong", ""));
	buffer_free(&changed);
	provider_scene_free(&scene);
}

static void test_phone(void)
{
	begin(&first);
	/* Compared with CTLFile.tlv as long as the phone has none of its own. */
	CU_ASSERT_EQUAL(put("/v1/files/" PHONE, &stranger), 422);
	CU_ASSERT_EQUAL(put("/v1/files/" PHONE, &older), 409);
	CU_ASSERT_EQUAL(put("/v1/files/" PHONE, &phones), 200);
	CU_ASSERT_TRUE(says("previous", NULL));
	CU_ASSERT_TRUE(holds(PHONE, &phones));
	CU_ASSERT_EQUAL(put("/v1/files/" PHONE, &first), 409);
	CU_ASSERT_EQUAL(put("/v1/files/" PHONE, &second), 200);
	CU_ASSERT_TRUE(holds(PHONE, &second));
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	CU_ASSERT_EQUAL(post_hash("/v1/files/" PHONE "/revert", "to", &phones), 200);
	CU_ASSERT_TRUE(holds(PHONE, &phones));
	provider_scene_free(&scene);
}

static unsigned flushes; /* of a directory in which nothing is staged */

/* Instead of libc's. */
int fsync(int fd)
{
	if (faccessat(fd, ".CTLFile.tlv.staged", F_OK, 0) != 0)
		flushes++;
	return (int)syscall(SYS_fsync, fd);
}

static void test_unstaged(void)
{
	begin(&first);
	CU_ASSERT_EQUAL(put(STAGED, &second), 200);
	flushes = 0;
	CU_ASSERT_EQUAL(provider_ask(&scene, "DELETE", STAGED, nothing), 204);
	CU_ASSERT_EQUAL(flushes, 1);
	provider_scene_free(&scene);
}

static void test_two_steps(void)
{
	begin(&first);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", STAGED, nothing), 404);
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &second), 409);
	CU_ASSERT_TRUE(provider_refuses(&scene, "nothing is staged", "PUT"));
	CU_ASSERT_EQUAL(put(STAGED, &second), 200);
	CU_ASSERT_TRUE(says("sha256", &second));
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", STAGED, nothing), 200);
	CU_ASSERT_TRUE(provider_says(&scene, buffer_bytes(&second)));
	/* It lies beside the file, and is none of the files. */
	CU_ASSERT_TRUE(holds(".CTLFile.tlv.staged", &second));
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", "/v1/files/.CTLFile.tlv.staged", nothing), 404);
	CU_ASSERT_EQUAL(
	    provider_ask(&scene, "GET", "/v1/staged/.CTLFile.tlv.staged", nothing), 404);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", "/v1/files", nothing), 200);
	CU_ASSERT_PTR_NULL(
	    memmem(scene.answer.data.data, scene.answer.data.len, "staged", strlen("staged")));
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &by_2), 409);
	CU_ASSERT_TRUE(provider_refuses(&scene, provider_sha256(buffer_bytes(&second)), "stage"));
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	/* A restart between the two. */
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &second), 200);
	CU_ASSERT_TRUE(says("sha256", &second) && says("previous", &first));
	CU_ASSERT_TRUE(holds(CTLNAME, &second));
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", STAGED, nothing), 404);
	CU_ASSERT_FALSE(is_there(provider_file(&scene, ".CTLFile.tlv.staged")));
	/* The answer was lost, and it is asked again. */
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &second), 200);
	CU_ASSERT_TRUE(says("sha256", &second));
	CU_ASSERT_EQUAL(put(STAGED, &by_2), 200);
	CU_ASSERT_EQUAL(provider_ask(&scene, "DELETE", STAGED, nothing), 204);
	CU_ASSERT_EQUAL(provider_ask(&scene, "DELETE", STAGED, nothing), 204);
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &by_2), 409);
	CU_ASSERT_TRUE(holds(CTLNAME, &second));
	provider_scene_free(&scene);
}

/* What was fine when it was staged is looked at again. */
static void test_changed_between(void)
{
	begin(&first);
	CU_ASSERT_EQUAL(put(STAGED, &second), 200);
	CU_ASSERT_EQUAL(put(CTL, &by_2), 200);
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &second), 409);
	CU_ASSERT_TRUE(provider_refuses(&scene, "before the present", ""));
	CU_ASSERT_TRUE(holds(CTLNAME, &by_2));
	/* Somebody on the node puts another cluster's list there. */
	CU_ASSERT_EQUAL(put(STAGED, &by_2), 200);
	provider_write(provider_file(&scene, CTLNAME), buffer_bytes(&stranger));
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &by_2), 422);
	CU_ASSERT_TRUE(provider_refuses(&scene, "SAST-2", "STRANGER"));
	/* And damages it. */
	provider_write(provider_file(&scene, CTLNAME), (struct bytes){first.data, first.len - 1});
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &by_2), 409);
	CU_ASSERT_TRUE(provider_refuses(&scene, "present CTLFile.tlv", "move it away"));
	unlink(provider_file(&scene, CTLNAME));
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &by_2), 200);
	CU_ASSERT_TRUE(says("previous", NULL));
	CU_ASSERT_TRUE(holds(CTLNAME, &by_2));
	/* What is staged was damaged on the disk: it has not the hash any more. */
	CU_ASSERT_EQUAL(put(STAGED, &by_2), 200);
	provider_write(provider_file(&scene, ".CTLFile.tlv.staged"), buffer_bytes(&first));
	CU_ASSERT_EQUAL(post_hash(STAGED, "sha256", &by_2), 409);
	provider_scene_free(&scene);
}

static void test_revert(void)
{
	begin(NULL);
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", NULL), 200);
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &first), 409);
	CU_ASSERT_EQUAL(put(CTL, &first), 200);
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &first), 200);
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &second), 409);
	CU_ASSERT_TRUE(provider_refuses(&scene, "not what CTLFile.tlv was before", ""));
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", NULL), 200);
	CU_ASSERT_TRUE(says("sha256", NULL));
	CU_ASSERT_FALSE(is_there(provider_file(&scene, CTLNAME)));
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", CTL, nothing), 404);

	CU_ASSERT_EQUAL(put(CTL, &first), 200);
	CU_ASSERT_EQUAL(put(CTL, &second), 200);
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", NULL), 409);
	/* Over a restart. */
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &first), 200);
	CU_ASSERT_TRUE(says("sha256", &first));
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.answer.note, "put back CTLFile.tlv, SHA-256 "));
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &first), 200);
	/* One step and no further. */
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", NULL), 409);
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &second), 409);
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	provider_scene_free(&scene);
}

static void test_revert_refused(void)
{
	static const char *const bodies[] = {"", "{}", "{\"to\": 1}", "{\"to\": \"\"}",
	    "{\"to\": \"abc\"}", "{\"to\": null, \"to\": null}", "{\"to\": null, \"x\": 1}", "null",
	    "{\"to\": \"g3c4e9d8a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c\"}"};
	char path[256];

	begin(&first);
	CU_ASSERT_EQUAL(put(CTL, &second), 200);
	for (size_t i = 0; i < HARNESS_COUNT(bodies); i++) {
		CU_ASSERT_EQUAL(provider_ask_json(&scene, "POST", REVERT, bodies[i]), 400);
		CU_ASSERT_EQUAL(provider_ask_json(&scene, "POST", STAGED, bodies[i]), 400);
	}
	/* A page in a browser can send that without asking. */
	CU_ASSERT_EQUAL(provider_ask_text(&scene, "POST", REVERT, "{\"to\": null}"), 415);
	/* Changed on the node: going back would undo what nobody knows here. */
	provider_write(provider_file(&scene, CTLNAME), buffer_bytes(&by_2));
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &first), 409);
	CU_ASSERT_TRUE(provider_refuses(&scene, "changed on the node", "look"));
	CU_ASSERT_TRUE(holds(CTLNAME, &by_2));
	/* What was kept is damaged. */
	provider_write(provider_file(&scene, CTLNAME), buffer_bytes(&second));
	snprintf(path, sizeof(path), "%s", provider_state(&scene, "CTLFile.tlv.previous"));
	CU_ASSERT_EQUAL(truncate(path, 300), 0);
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", &first), 409);
	provider_write(path, text_bytes("before none"));
	CU_ASSERT_EQUAL(post_hash(REVERT, "to", NULL), 409);
	CU_ASSERT_TRUE(holds(CTLNAME, &second));
	provider_scene_free(&scene);
}

/* What stands behind a link is neither told nor written. */
static void test_link(void)
{
	char secret[256];

	begin(NULL);
	snprintf(secret, sizeof(secret), "%s", provider_state(&scene, "secret"));
	provider_write(secret, buffer_bytes(&first));
	CU_ASSERT_EQUAL(symlink(secret, provider_file(&scene, CTLNAME)), 0);
	CU_ASSERT_EQUAL(symlink(secret, provider_file(&scene, ".capf.cer.ctlproviderd")), 0);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", CTL, nothing), 500);
	CU_ASSERT_TRUE(provider_refuses(&scene, "symbolic link", "put the file itself"));
	CU_ASSERT_EQUAL(put(CTL, &second), 500);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", "/v1/files", nothing), 200);
	CU_ASSERT_TRUE(provider_says(&scene, text_bytes("[]\n")));
	{
		struct buffer capf = provider_capf(false);

		CU_ASSERT_EQUAL(put("/v1/files/capf.cer", &capf), 200);
		CU_ASSERT_TRUE(holds("capf.cer", &capf));
		buffer_free(&capf);
	}
	CU_ASSERT_TRUE(provider_holds(secret, buffer_bytes(&first)));
	CU_ASSERT_EQUAL(unlink(provider_file(&scene, CTLNAME)), 0);
	CU_ASSERT_EQUAL(mkdir(provider_file(&scene, CTLNAME), 0755), 0);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", CTL, nothing), 500);
	CU_ASSERT_EQUAL(put(CTL, &second), 500);
	provider_scene_free(&scene);
}

/* Nothing is told of it and nothing put there; STRANGER would be a first list. */
static void check_gone(const char *words)
{
	static const char *const paths[] = {CTL, STAGED, "/v1/files", "/v1/node"};

	for (size_t i = 0; i < HARNESS_COUNT(paths); i++) {
		CU_ASSERT_EQUAL(provider_ask(&scene, "GET", paths[i], nothing), 500);
		CU_ASSERT_TRUE(provider_refuses(&scene, words, "mount it again"));
	}
	CU_ASSERT_EQUAL(put(CTL, &stranger), 500);
	CU_ASSERT_TRUE(provider_refuses(&scene, words, "mount it again"));
	CU_ASSERT_EQUAL(put(STAGED, &stranger), 500);
	CU_ASSERT_EQUAL(provider_ask(&scene, "DELETE", STAGED, nothing), 500);
	CU_ASSERT_FALSE(is_there(provider_file(&scene, CTLNAME)));
}

static void test_gone(void)
{
	char away[256];

	begin(&first);
	snprintf(away, sizeof(away), "%s-away", scene.settings.directory);
	CU_ASSERT_EQUAL(rename(scene.settings.directory, away), 0);
	check_gone("No such file or directory");
	/* As what is below a mount point that nothing is mounted on. */
	CU_ASSERT_EQUAL(mkdir(scene.settings.directory, 0755), 0);
	check_gone("the directory is gone");
	/* Not even over a file that could be followed. */
	provider_write(provider_file(&scene, CTLNAME), buffer_bytes(&first));
	CU_ASSERT_EQUAL(put(CTL, &second), 500);
	CU_ASSERT_TRUE(holds(CTLNAME, &first));
	CU_ASSERT_EQUAL(unlink(provider_file(&scene, CTLNAME)), 0);
	CU_ASSERT_EQUAL(rmdir(scene.settings.directory), 0);
	CU_ASSERT_EQUAL(rename(away, scene.settings.directory), 0);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", CTL, nothing), 200);
	CU_ASSERT_EQUAL(put(CTL, &stranger), 422);
	CU_ASSERT_EQUAL(put(CTL, &second), 200);
	provider_scene_free(&scene);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a node without a CTL takes any that verifies", test_first},
	    {"the next one by a SAST of the present one is taken", test_next},
	    {"the same bytes again change nothing", test_same},
	    {"an older one is refused, one of the same second is not", test_age},
	    {"one whose signer the present one does not list is refused", test_signer},
	    {"an ITL, another phone's list and no list are refused", test_kinds},
	    {"no list with a changed or missing byte is taken", test_flips},
	    {"a phone's list follows its own, else CTLFile.tlv", test_phone},
	    {"what is staged becomes the file only with the hash that is named", test_two_steps},
	    {"what is staged is gone for good when it is taken away", test_unstaged},
	    {"what was staged is checked again against what is there now", test_changed_between},
	    {"the file before comes back, also when there was none", test_revert},
	    {"nothing else comes back", test_revert_refused},
	    {"no link is followed", test_link},
	    {"without its directory no list is a first one", test_gone},
	};
	int failed;

	make_lists();
	failed = harness_main("provider CTL", tests, HARNESS_COUNT(tests));
	free_lists();
	return failed;
}
