/*
 * Tokens: PKCS#11 modules, slots and tokens, certificates, and the signer that is a token.
 *
 * This is the only header of tokens/ that the rest of the program includes.  Nothing here prints,
 * and nothing here knows a trust list.
 *
 * A `struct tokens` holds loaded modules and one snapshot of their slots.  Token flags (tries
 * left, locked) are those of the moment of the snapshot; tokens_refresh() takes a new one.
 * Pointers to token_info and token_certificate stay good until the next refresh or close.
 *
 * Every call into a module runs under a watchdog.  A module that does not answer in time gives
 * ST_TOKEN_TIMEOUT, is not called again, and its thread is left behind: see tokens_wedged().
 *
 * A `struct tokens` belongs to one thread at a time.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_H
#define CTLSIGN_TOKENS_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/pin.h"
#include "base/signer.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

struct tokens;

/* What a call may take before the watchdog ends it, and a PIN entry on a reader's own keypad. */
#define TOKENS_DEFAULT_TIMEOUT_MS 20000
#define TOKENS_PIN_PAD_TIMEOUT_MS 120000

struct tokens_options {
	/*
	 * Module files, absolute paths.  With n_modules 0 the modules that p11-kit's configuration
	 * registers are used, but for those that only hold trusted certificates (p11-kit-trust).
	 */
	const char *const *modules;
	size_t n_modules;
	unsigned timeout_ms; /* a module call; 0: TOKENS_DEFAULT_TIMEOUT_MS */
	/*
	 * The modules may be asked to initialise tokens and to reset PINs.  OpenSC does neither for
	 * most cards unless its configuration says so: then it gets one that does, for this process
	 * only (tokens/opensc.h).  Set it for nothing else.
	 */
	bool administration;
};

/* One token.  All strings are UTF-8, printable, without padding, never NULL. */
struct token_info {
	const char *module; /* path of the module's file */
	unsigned long slot_id;
	const char *reader; /* the slot's description */
	const char *label;
	const char *manufacturer;
	const char *model;
	const char *serial;
	bool initialised; /* true in the snapshot, false in the list of blank tokens */
	bool login_required;
	bool pin_initialised; /* the user PIN has been set */
	bool pin_pad;	      /* CKF_PROTECTED_AUTHENTICATION_PATH */
	bool pin_count_low;
	bool pin_final_try;
	bool pin_locked;
	bool write_protected;
};

/* A certificate on a token, readable without a PIN. */
struct token_certificate {
	const char *label; /* printable, may be empty */
	struct bytes id;   /* CKA_ID */
	X509 *x509;	   /* owned by the snapshot */
	bool has_key;	   /* a public or private key object with this CKA_ID could be seen */
	bool keys_differ;  /* key objects could be seen, and none has this CKA_ID */
};

/*
 * Loads the modules and takes the first snapshot.  A module that is missing, not absolute,
 * writable by others, no PKCS#11 module, or that fails to initialise is left out and recorded as a
 * problem; one that others could have written is not even loaded.  Fails with ST_MODULE only when a
 * module that OPTIONS names, or every registered one, was rejected; with ST_TOKEN_TIMEOUT or
 * ST_TOKEN when a named one does not answer or cannot list its slots.  Empty, uninitialised and
 * broken slots are skipped.
 */
enum status tokens_open(
    const struct tokens_options *options, struct tokens **out, struct error *err);

/* Logs out, releases slots, finalises and unloads the modules.  Takes NULL. */
void tokens_close(struct tokens *tokens);

/* A new snapshot. */
enum status tokens_refresh(struct tokens *tokens, struct error *err);

/* The snapshot, sorted by module, then slot. */
size_t tokens_count(const struct tokens *tokens);
const struct token_info *tokens_at(const struct tokens *tokens, size_t index);

/*
 * Tokens that are there but have not been initialised: of the same snapshot, in the same order, and
 * otherwise left out everywhere.
 */
size_t tokens_blank_count(const struct tokens *tokens);
const struct token_info *tokens_blank_at(const struct tokens *tokens, size_t index);

/* Modules and slots that were left out, each with its reason. */
size_t tokens_problem_count(const struct tokens *tokens);
const struct error *tokens_problem_at(const struct tokens *tokens, size_t index);

/*
 * Whether a thread of this process is still stuck inside a module.  Then the process must end with
 * _exit(): destructors of the module would wait for that thread.
 */
bool tokens_wedged(void);

/*
 * A selector says which token, and maybe which object on it: an RFC 7512 URI, or else text that is
 * a token's label or serial number.  A URI with a pin-value is refused, so is one with attributes
 * that are not understood: a selector is never ignored in part.  What is not understood is
 * ST_USAGE.
 */
struct token_selector;
enum status token_selector_parse(const char *text, struct token_selector **out, struct error *err);
void token_selector_free(struct token_selector *selector);

/* Whether TEXT begins with the URI scheme "pkcs11:" (in any case), so is no file name. */
bool token_selector_is_uri(const char *text);

/* Whether it fits TOKEN, which may be a blank one. */
bool token_selector_fits(const struct token_selector *selector, const struct token_info *token);

/* Whether it says more than which token: id=, object= or type=. */
bool token_selector_names_object(const struct token_selector *selector);

/*
 * The one token that the selector names.  None: ST_NO_TOKEN.  Several: ST_AMBIGUOUS, with label,
 * serial, slot and URI of each in the error.
 */
enum status tokens_find(struct tokens *tokens, const struct token_selector *selector,
    const struct token_info **out, struct error *err);

/* The certificates of a token, in the module's order.  No PIN is asked for. */
enum status tokens_certificates(struct tokens *tokens, const struct token_info *token,
    const struct token_certificate **list, size_t *n, struct error *err);

/*
 * The one certificate that a selector names (for a SPEC that is a pkcs11: URI); several on the
 * token and no id= or object= that tells them apart: ST_AMBIGUOUS with the URI of each, unless
 * exactly one of them has a key.  The caller owns *OUT (X509_free).
 */
enum status tokens_certificate(
    struct tokens *tokens, const struct token_selector *selector, X509 **out, struct error *err);

/*
 * Appends the token's URI, or with CERTIFICATE the URI of that object, ready to paste.  Both must
 * be the snapshot's own, not copies.
 */
void token_uri(const struct token_info *token, const struct token_certificate *certificate,
    struct buffer *out);

/*
 * The signer on the token that SELECTOR names.
 *
 * CANDIDATES are the certificates that the signer may have (the SAST entries of the list).  The
 * signer's certificate is the one of them that the token carries (same DER).  If the token carries
 * none of them but has no certificate at all, or the selector names an object without one, the key
 * is looked for by its public half after login.  A token that carries other certificates only is
 * refused by name, without asking for a PIN; so is a selector whose id= or object= fits none of the
 * token's certificates, although one of them is a candidate.
 *
 * The PIN is asked for as late as possible: in signer_sign(), or here when the certificate can
 * only be told after login.  One PIN entered is one C_Login, one signature one C_Sign; a PIN is
 * never tried twice.  A locked PIN is refused before asking.  A C_Login that failed may have used
 * up a try, and the error says so, unless its code leaves no doubt that it did not.  After the
 * signature the token is logged out; the snapshot in TOKENS is gone then until tokens_refresh().
 *
 * TOKENS, CANDIDATES and PINS must outlive the signer.
 */
struct token_signer_request {
	const struct token_selector *selector;
	X509 *const *candidates;
	size_t n_candidates;
	const struct pin_source *pins;
};
enum status token_signer_open(struct tokens *tokens, const struct token_signer_request *request,
    struct signer **out, struct error *err);

/*
 * A key on a token for TLS connections, as a client that shows a certificate makes them.  Found and
 * opened as a signer's is, with CANDIDATES of usually one; but logged in from here on until it is
 * closed, as every handshake needs a signature.  One PIN, one C_Login.
 *
 * The key may be used by several threads: the token makes one signature after the other.  Both
 * getters are borrowed.
 */
struct token_tls;
enum status token_tls_open(struct tokens *tokens, const struct token_signer_request *request,
    struct token_tls **out, struct error *err);
EVP_PKEY *token_tls_key(struct token_tls *tls);
X509 *token_tls_certificate(struct token_tls *tls);

/*
 * Of any key, also one that is on no token.  Whether it makes signatures with PSS, as TLS 1.3
 * demands them: some tokens do not, and can only be used with TLS 1.2 and RSA PKCS#1.
 */
bool token_tls_pss(const EVP_PKEY *key);

/*
 * Takes the error of the last signature with KEY that failed: OpenSSL has no words for it.  False
 * when there is none, and for a key (or NULL) that is on no token.
 */
bool token_tls_failure(const EVP_PKEY *key, struct error *err);
void token_tls_close(struct token_tls *tls); /* takes NULL; logs out */

/* ---- waiting for tokens to come and go ------------------------------------------------------ */

/*
 * Readers are watched through PC/SC, on a thread of its own.  A module with slots that are no
 * readers (SoftHSM) is asked again now and then; one whose slots all are readers is only asked when
 * a reader told of something, so that nothing runs while nothing happens.  A Smart Card service
 * that is missing, goes away or hangs is no error: then every module is asked now and then.
 */
struct token_watch;

struct token_event {
	bool inserted; /* false: removed */
	/*
	 * Of the new snapshot when inserted; when removed a copy with its strings that lives until
	 * the next wait.  Also a blank one: see its `initialised`.
	 */
	const struct token_info *token;
};

/* TOKENS must outlive the watch, and what it holds now counts as known. */
enum status token_watch_open(struct tokens *tokens, struct token_watch **out, struct error *err);
void token_watch_close(struct token_watch *watch); /* takes NULL */

/*
 * Waits until a token came or went, TIMEOUT_MS passed (-1: for ever), or WAKE_FD (-1: none) can be
 * read, and tells of what changed (removals first) in EVENTS, which the watch owns until the next
 * call.  *N is 0 when there is nothing to tell.  Takes new snapshots: pointers into an older one
 * are dead afterwards.  A signal that was caught (EINTR) ends the wait with *N 0.  A change is told
 * within half a second.  WAKE_FD also ends the wait for a module that does not answer: it may go on
 * with that, and what is asked of it next comes after.
 */
enum status token_watch_wait(struct token_watch *watch, int timeout_ms, int wake_fd,
    const struct token_event **events, size_t *n, struct error *err);

/*
 * What newly went wrong in the last wait, which returned for it as for an event: a module or slot
 * that the watch goes on without.  Each is told once, unless it mends and breaks again.  What a
 * module that failed held is told as removed.
 */
size_t token_watch_problem_count(const struct token_watch *watch);
const struct error *token_watch_problem_at(const struct token_watch *watch, size_t index);

/* ---- a token's PINs ------------------------------------------------------------------------- */

/*
 * These change a token.  TOKEN is of the snapshot in TOKENS, which is gone afterwards until
 * tokens_refresh(), whatever the result.  PINs are asked for through PINS, each sent once, and an
 * error says when a try may have been used; with a PIN pad all of them are typed on the reader.
 */

/* A new user PIN by the old one (C_SetPIN): asks for PIN_LOGIN, then PIN_NEW. */
enum status token_change_pin(struct tokens *tokens, const struct token_info *token,
    const struct pin_source *pins, struct error *err);

/*
 * A new user PIN by the SO PIN or PUK (C_Login as SO, C_InitPIN): asks for PIN_SO, then PIN_NEW.
 * For cards with a PUK through OpenSC open TOKENS with `administration`.
 */
enum status token_unblock(struct tokens *tokens, const struct token_info *token,
    const struct pin_source *pins, struct error *err);

/*
 * Initialises a token (C_InitToken), which destroys everything on it, and sets its user PIN: asks
 * for PIN_NEW_SO, or PIN_SO where TOKEN is initialised already and must be convinced by its
 * present one; and for PIN_NEW.  LABEL has 1 to 32 bytes of UTF-8.  Open TOKENS with
 * `administration`.  When only the user PIN could not be set the error says so.
 */
enum status token_initialise(struct tokens *tokens, const struct token_info *token,
    const char *label, const struct pin_source *pins, struct error *err);

/* ---- writing on a token --------------------------------------------------------------------- */

/*
 * A token that is logged in to for writing, with one PIN and one C_Login: asks for PIN_LOGIN.  The
 * snapshot in TOKENS is gone then until tokens_refresh().  TOKENS and PINS must outlive it.
 */
struct token_session;
enum status token_session_open(struct tokens *tokens, const struct token_info *token,
    const struct pin_source *pins, struct token_session **out, struct error *err);
void token_session_close(struct token_session *session); /* logs out; takes NULL */

/* What stands on the token under one CKA_ID, as far as the session can see. */
struct token_objects {
	size_t n_private_keys;
	size_t n_public_keys;
	size_t n_certificates;
};
enum status token_session_look(
    struct token_session *session, struct bytes id, struct token_objects *out, struct error *err);

/*
 * Makes an RSA key pair on the token (C_GenerateKeyPair): private half sensitive, not extractable,
 * for signing.  What stands under ID already is ST_EXISTS.  A key that the token made although the
 * call failed later is destroyed again.  The caller owns *PUBLIC_KEY (EVP_PKEY_free).
 */
enum status token_session_generate(struct token_session *session, unsigned bits, struct bytes id,
    const char *label, EVP_PKEY **public_key, struct error *err);

/*
 * The CKA_ID of the private key that fits PUBLIC_KEY, in ID (appended); ST_NO_KEY when the token
 * has none.
 */
enum status token_session_find_key(struct token_session *session, const EVP_PKEY *public_key,
    struct buffer *id, struct error *err);

/*
 * One RSA PKCS#1 v1.5 signature over DIGEST_INFO by the private key that fits PUBLIC_KEY, as
 * signer_ops.sign() makes one; verified in software before it is handed out.  A key that wants its
 * PIN for each signature asks for PIN_CONTEXT unless the login's is still there.
 */
enum status token_session_sign(struct token_session *session, const EVP_PKEY *public_key,
    struct bytes digest_info, uint8_t *signature, size_t *len, struct error *err);

/* Stores a certificate (C_CreateObject), and reads it back; ST_EXISTS when it is there already. */
enum status token_session_store(struct token_session *session, X509 *certificate, struct bytes id,
    const char *label, struct error *err);

/*
 * Removes this certificate (the object with the same DER), never a key.  ST_NO_TOKEN when the token
 * has it not.  Ask first.
 */
enum status token_session_remove_certificate(
    struct token_session *session, const X509 *certificate, struct error *err);

/* Destroys the keys and certificates under ID.  Ask first. */
enum status token_session_destroy(
    struct token_session *session, struct bytes id, struct error *err);

/* ---- the Smart Card service ------------------------------------------------------------------ */

/*
 * What is known of pcscd, gathered without a PIN and without changing anything (but that a
 * connection starts it where systemd listens for it).  Facts only: the words are the caller's.
 */
enum smartcard_answer {
	SMARTCARD_ANSWERS,
	SMARTCARD_NOT_RUNNING, /* nobody listens, or its socket cannot be reached: socket_errno */
	SMARTCARD_REFUSED,     /* it runs, and polkit's policy keeps this user out */
	SMARTCARD_DROPPED,     /* it closed the connection */
	SMARTCARD_NO_ANSWER,   /* it took the connection and was silent until the time was up */
	SMARTCARD_FAILED,      /* another answer: code */
};

/* What starts services on this machine, or in the image below a root. */
enum smartcard_init { SMARTCARD_NO_INIT, SMARTCARD_SYSTEMD, SMARTCARD_SYSV, SMARTCARD_OPENRC };

enum smartcard_start {
	SMARTCARD_NOT_KNOWN, /* no unit or script of pcscd is there */
	SMARTCARD_DISABLED,
	SMARTCARD_ENABLED,
	SMARTCARD_MASKED, /* systemd: linked to /dev/null */
};

#define SMARTCARD_MAX_READERS 16 /* pcscd itself has no more */

struct smartcard_reader {
	char name[400]; /* printable */
	bool card;
	bool mute; /* a card that does not answer: dirty, or the wrong way round */
};

struct smartcard_service {
	char program[64]; /* where pcscd is, as seen below the root; empty: not installed */

	char socket[128];   /* what is connected to, printable */
	bool socket_named;  /* by PCSCLITE_CSOCK_NAME */
	int socket_errno;   /* of a connection; 0: somebody listens */
	char refusing[128]; /* EACCES: the socket, or the directory on its way, that refuses */
	unsigned refusing_mode;
	char refusing_group[64]; /* its group; empty when it has no name */

	enum smartcard_answer answer;
	unsigned long code; /* PC/SC's own, 0 when it answers */

	enum smartcard_init init;
	enum smartcard_start start;
	char unit[32];	 /* systemd: which unit `start` is about: "pcscd.socket" */
	char by[128];	 /* the link that enables or masks it; may be empty */
	bool stop_links; /* sysv: K??pcscd are there, so links exist to be switched */

	size_t n_readers;
	struct smartcard_reader readers[SMARTCARD_MAX_READERS];
	bool has_driver;      /* any reader driver is installed */
	char usb_reader[400]; /* name of a reader or token on the USB, printable; empty: none */
};

/*
 * Looks at everything, the service itself for TIMEOUT_MS at most.  Unit files, start links, drivers
 * and the program are looked for below ROOT ("": this machine).
 */
void smartcard_service_look(
    const char *root, unsigned timeout_ms, struct smartcard_service *service);

/* ---- the modules one by one ------------------------------------------------------------------ */

/* How far a module came; the first step that failed. */
enum survey_step {
	SURVEY_FILE,   /* it is not there, or no file */
	SURVEY_OWNER,  /* it, or a directory above, is in the hands of others */
	SURVEY_LOAD,   /* it cannot be loaded, or is no PKCS#11 module */
	SURVEY_ANSWER, /* it does not initialise, list its slots, or come back */
	SURVEY_ASK,    /* it was not asked any more: the time for all modules was up */
	SURVEY_READY,
};

/* An RSA or other key that shows without a PIN, once for its two halves. */
struct token_key {
	struct bytes id;
	bool rsa;
	unsigned bits;				     /* 0: it does not tell */
	const struct token_certificate *certificate; /* that fits it, or NULL */
};

struct surveyed_token {
	const struct token_info *info;
	const struct token_certificate *certificates;
	size_t n_certificates;
	bool *has_key; /* for each certificate: a key that fits it shows */
	struct token_key *keys;
	size_t n_keys;
	struct error problem; /* ST_OK, or why certificates or keys could not be read */
};

struct surveyed_module {
	const char *path; /* printable */
	const char *file; /* the same as it is, to be opened */
	bool named;	  /* the caller named it, p11-kit did not bring it */
	enum survey_step step;
	struct error problem;  /* when step is not SURVEY_READY */
	char culprit[400];     /* SURVEY_OWNER: the file or directory, printable */
	bool wrong_owner;      /* SURVEY_OWNER: it belongs to a stranger; false: others write it */
	struct tokens *tokens; /* SURVEY_READY: its tokens, blank ones and broken slots */
	struct surveyed_token *list;
	size_t n;
};

struct tokens_survey {
	struct surveyed_module *modules;
	size_t n;
	struct error *problems; /* p11-kit's files that cannot be used */
	size_t n_problems;
};

/*
 * Looks at each module alone, so that one that is broken hides no other: those of OPTIONS, or the
 * registered ones.  No PIN is asked for.  A call may take OPTIONS->timeout_ms, all of it together
 * TOTAL_MS; what is left then is SURVEY_ASK.  What is wrong is a finding, not a failure: fails with
 * ST_NO_MEMORY only.
 */
enum status tokens_survey_open(const struct tokens_options *options, unsigned total_ms,
    struct tokens_survey **out, struct error *err);

/* Closes the modules, within two seconds or so; takes NULL. */
void tokens_survey_close(struct tokens_survey *survey);

#endif
