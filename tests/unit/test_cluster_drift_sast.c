/*
 * Drift of those who may sign: tokens, CallManager, ITLRecovery, Phone-SAST-trust.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_drift.h"
#include "harness.h"

#include <stdio.h>

static struct drift_scene scene;

static void set_release(const char *release)
{
	struct error err;

	CU_ASSERT_EQUAL(release_parse(release, &scene.inventory.release, &err), ST_OK);
}

static void test_anchors_missing(void)
{
	char text[200];

	drift_scene(&scene, "10.5(2)", SIGNING_TOKENS);
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	set_release("12.5(1)");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "sast-missing:cucm-pub sast-missing:ITLRecovery"));
	snprintf(text, sizeof(text),
	    "CallManager certificate of cucm-pub is not in the CTL as SAST, and release 12.5(1) "
	    "calls for it: serial %s",
	    drift_scene_serial(scene.inventory.nodes[0].certificate.x509));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, text, "phones must have a CTL that lists it before tokenless signing"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 1,
	    "ITLRecovery certificate is not in the CTL as SAST, and release 12.5(1) calls for it",
	    "ctlsign update"));
	drift_scene_free(&scene);
}

static void test_second_anchor_missing(void)
{
	drift_scene(&scene, "10.0(1)", SIGNING_TOKENLESS);
	drift_scene_sign(&scene);
	set_release("11.5(1)");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "sast-missing:ITLRecovery"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, "ITLRecovery certificate is not in the CTL",
	    "before it can sign, if the usual signer's key is lost or new"));
	drift_scene_free(&scene);
}

static void test_token_added(void)
{
	X509 *token = fixture_cluster_cert("SAST-3", 0);
	char text[128];

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	drift_scene_sign(&scene);
	scene.tokens[scene.n_tokens++] = token;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "sast-missing:CN=SAST-3;O=Lab;C=PL"));
	snprintf(text, sizeof(text),
	    "certificate of token CN=SAST-3;O=Lab;C=PL is not in the CTL as SAST: serial %s",
	    drift_scene_serial(token));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text, "ctlsign update, then restart"));
	drift_scene_free(&scene);
}

static void test_surplus(void)
{
	X509 *token = fixture_cluster_cert("SAST-3", 0);
	char text[128];

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	scene.tokens[scene.n_tokens++] = token;
	drift_scene_sign(&scene);
	scene.n_tokens--;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "sast-surplus:CN=SAST-3;O=Lab;C=PL"));
	snprintf(text, sizeof(text),
	    "CN=SAST-3;O=Lab;C=PL stands in the CTL as SAST and is not called for: serial %s",
	    drift_scene_serial(token));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text, "ctlsign update, then restart"));
	drift_scene_free(&scene);
}

/* What nothing is known of is a SAST by its role. */
static void test_kept_sast(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	scene.tokens[scene.n_tokens++] = fixture_cluster_cert("SAST-3", 0);
	drift_scene_sign(&scene);
	scene.n_tokens--;
	scene.origins[2] = ORIGIN_KEPT;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "sast-surplus:CN=SAST-3;O=Lab;C=PL"));
	drift_scene_free(&scene);
}

static void test_trust(void)
{
	X509 *other = fixture_cluster_cert("ITLRECOVERY_other.lab", 0);
	char text[160];

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	drift_scene_sign(&scene);
	scene.trust[scene.n_trust++] = other;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "trust-added:CN=ITLRECOVERY_other.lab;O=Lab;C=PL"));
	snprintf(text, sizeof(text),
	    "Phone-SAST-trust certificate CN=ITLRECOVERY_other.lab;O=Lab;C=PL is not in the CTL as "
	    "SAST: serial %s",
	    drift_scene_serial(other));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text, "ctlsign update"));

	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	scene.n_trust--;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "trust-removed:CN=ITLRECOVERY_other.lab;O=Lab;C=PL"));
	snprintf(text, sizeof(text), "no longer in Phone-SAST-trust: serial %s",
	    drift_scene_serial(other));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text, "ctlsign update"));
	drift_scene_free(&scene);
}

static void test_few_tokens(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	scene.n_tokens = 1;
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!few-tokens:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, "the CTL lists 1 token: if it is lost or locked",
	    "ctlsign update --add-token"));
	scene.n_tokens = 0;
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!few-tokens:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "the CTL is to be signed by tokens and lists none: no token can sign the next one",
	    "ctlsign update --sign-with KEY"));
	drift_scene_free(&scene);
}

/* Both anchors are new: nothing is left that phones trust. */
static void test_no_anchor(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENLESS);
	drift_scene_sign(&scene);
	fixture_cluster_certificate(
	    &scene.inventory.itlrecovery, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene, "itlrecovery-certificate:ITLRecovery"));
	fixture_cluster_certificate(
	    &scene.inventory.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene,
	    "callmanager-certificate:cucm-pub itlrecovery-certificate:ITLRecovery "
	    "!no-recovery-anchor:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 2,
	    "the CTL lists neither today's CallManager certificate nor today's ITLRecovery",
	    "go back to one of the old keys for one update"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, "is new",
	    "put the old CallManager certificate and key back in ctlsign.conf, then: ctlsign "
	    "update; when all phones have that CTL, enter the new ones again, then: ctlsign "
	    "reset-localkey"));
	scene.inventory.tokenless_signer = SIGNER_ITLRECOVERY;
	drift_scene_ask(&scene);
	CU_ASSERT_TRUE(drift_scene_says(&scene, 1, "is new",
	    "put the old ITLRecovery certificate and key back in ctlsign.conf"));
	drift_scene_free(&scene);
}

/* The usual signer's certificate is new: phones would reject its update. */
static void test_usual_signer_is_new(void)
{
	const char *way = "run ctlsign reset-localkey, which signs with the other SAST; when all "
			  "phones have that CTL: ctlsign update";

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENLESS);
	drift_scene_sign(&scene);
	fixture_cluster_certificate(
	    &scene.inventory.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 1));
	fixture_cluster_address(&scene.inventory.alternate_tftp[0].address, "10.9.9.9");
	fixture_cluster_address(&drift_scene_node(&scene, "tftp1")->next_address, "10.9.9.5");
	CU_ASSERT_TRUE(drift_scene_is(
	    &scene, "tftp-readdressed:alt1 callmanager-certificate:cucm-pub next-address:tftp1"));
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_STRING_EQUAL(scene.drift.items[i].todo, way);
	/* Not the one that signs usually. */
	scene.inventory.tokenless_signer = SIGNER_ITLRECOVERY;
	drift_scene_ask(&scene);
	CU_ASSERT_TRUE(
	    drift_scene_says(&scene, 1, "CallManager certificate of", "ctlsign update, then"));
	fixture_cluster_certificate(
	    &scene.inventory.itlrecovery, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 1));
	drift_scene_free(&scene);

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENLESS);
	scene.inventory.tokenless_signer = SIGNER_ITLRECOVERY;
	drift_scene_sign(&scene);
	fixture_cluster_certificate(
	    &scene.inventory.itlrecovery, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene, "itlrecovery-certificate:ITLRecovery"));
	CU_ASSERT_STRING_EQUAL(scene.drift.items[0].todo, way);
	drift_scene_free(&scene);
}

/* A release with one anchor: only Phone-SAST-trust makes its successor known before. */
static void test_only_anchor_is_new(void)
{
	drift_scene(&scene, "10.5(1)", SIGNING_TOKENLESS);
	drift_scene_sign(&scene);
	fixture_cluster_certificate(
	    &scene.inventory.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 1));
	drift_scene_ask(&scene);
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, "CallManager certificate of cucm-pub is new",
	    "put the old CallManager certificate and key back in ctlsign.conf, ctlsign trust add "
	    "the new certificate, ctlsign update; when all phones have that CTL, enter the new "
	    "ones again, then: ctlsign update"));
	drift_scene_free(&scene);
}

static void test_unsupported(void)
{
	drift_scene(&scene, "10.0(1)", SIGNING_TOKENLESS);
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!unsupported-release: !no-recovery-anchor:"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "Cisco does not support tokenless signing with release 10.0(1)", "upgrade"));
	CU_ASSERT_TRUE(
	    drift_scene_says(&scene, 1, "the CTL has one SAST that can sign", "10.5(2) or later"));
	drift_scene_free(&scene);

	drift_scene(&scene, "10.0(1)", SIGNING_TOKENS);
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	drift_scene_free(&scene);
}

static const struct harness_test tests[] = {
    {"a token CTL of a release that calls for the anchors lacks both", test_anchors_missing},
    {"a tokenless CTL lacks the second anchor", test_second_anchor_missing},
    {"a token that is to be there is missing", test_token_added},
    {"a SAST that is not called for is surplus", test_surplus},
    {"a SAST that nothing is known of is surplus", test_kept_sast},
    {"Phone-SAST-trust: added and removed", test_trust},
    {"one token is too few, and none, too", test_few_tokens},
    {"the usual tokenless signer is new: the other one signs", test_usual_signer_is_new},
    {"the only tokenless signer is new", test_only_anchor_is_new},
    {"both anchors new: phones trust none", test_no_anchor},
    {"a release without support for tokenless signing", test_unsupported},
};

int main(void)
{
	return harness_main("cluster_drift_sast", tests, HARNESS_COUNT(tests));
}
