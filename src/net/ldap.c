/* Passwords judged by Active Directory. The only file that knows libldap. */
#include "rs/ldap.h"

#include "ldap_text.h"
#include "memfile.h"

#include "rs/clock.h"
#include "rs/dial.h"
#include "rs/id.h"

#include <errno.h>
#include <ldap.h>
#include <malloc.h>
#include <openldap.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Microsoft's LDAP_MATCHING_RULE_IN_CHAIN: membership through groups in groups. */
#define RULE_IN_CHAIN	 "1.2.840.113556.1.4.1941"
#define NO_ATTRIBUTES	 "1.1"
#define UAC_DISABLED	 0x2
#define UAC_LOCKED_NOW	 0x10
/* From 1601, where Windows' count of 100 ns begins, to 1970. */
#define FILETIME_TO_UNIX INT64_C(116444736000000000)
#define NUMBER_MAX	 (INT64_MAX / 4)
/* Octets of the password with which nobody binds as nobody. */
#define NOBODY_LEN	 24
/* Octets that a server may say in one connection, TLS and all: a few entries of a few attributes.
 */
#define HEARD_MAX	 (1u << 20)
/* And in one message (libldap would make room for whatever a length announces). */
#define MESSAGE_MAX	 (256u << 10)

const char *rs_ldap_reason_name(enum rs_ldap_reason reason)
{
	static const char *const NAMES[] = {
#define X(NAME, word) word,
		RS_LDAP_REASONS(X)
#undef X
	};
	return NAMES[reason];
}

/* "AcceptSecurityContext error, data 52e": what the domain says beside result 49. */
static const struct {
	unsigned long subcode;
	enum rs_ldap_reason reason;
	const char *why;
} SUBCODES[] = {
	{0x525, RS_LDAP_UNKNOWN_USER, "The domain does not know the user."},
	{0x52e, RS_LDAP_BAD_PASSWORD, "The password is wrong."},
	{0x530, RS_LDAP_HOURS, "The user may not sign in at this hour."},
	{0x531, RS_LDAP_WORKSTATION, "The user may not sign in from here."},
	{0x532, RS_LDAP_PASSWORD_EXPIRED, "The password has expired."},
	{0x533, RS_LDAP_DISABLED, "The account is disabled."},
	{0x701, RS_LDAP_ACCOUNT_EXPIRED, "The account has expired."},
	{0x773, RS_LDAP_MUST_CHANGE, "The user must change the password first."},
	{0x775, RS_LDAP_LOCKED, "The account is locked."},
};

/* --- libldap's memory: what held a password is overwritten, whoever frees it --- */

static void *memory_alloc(ber_len_t size, void *cls)
{
	(void)cls;
	return malloc(size);
}

static void *memory_calloc(ber_len_t n, ber_len_t size, void *cls)
{
	(void)cls;
	return calloc(n, size);
}

static void memory_free(void *p, void *cls)
{
	(void)cls;
	if (p)
		rs_cleanse(p, malloc_usable_size(p));
	free(p);
}

static void *memory_realloc(void *p, ber_len_t size, void *cls)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *moved = malloc(size);

	if (moved && p)
		memcpy(moved, p, had < size ? had : size);
	if (moved)
		memory_free(p, cls);
	return moved;
}

/*
 * Before main, while there is one thread: no ldap.conf, no ldaprc of a home or working directory
 * and no LDAP* variable has a say in how directories are spoken to.
 */
__attribute__((constructor)) static void libldap_prepare(void)
{
	BerMemoryFunctions memory = {memory_alloc, memory_calloc, memory_realloc, memory_free};

	setenv("LDAPNOINIT", "1", 1);
	ber_set_option(NULL, LBER_OPT_MEMORY_FNS, &memory);
}

/* --- one check, one connection --- */

struct check {
	struct rs_ctx *ctx;
	const struct rs_ldap_directory *directory;
	struct rs_ldap_verdict *out;
	int64_t until_ms;
	bool final; /* no other server may be asked */
};

struct session {
	LDAP *ld;
	struct check *check;
	int fd;
	int64_t io_until_ms; /* no octet is waited for longer */
	size_t heard;	     /* octets */
};

/*
 * libldap's own waiting has holes: a handshake may block for ever, octet by octet; and it keeps all
 * of an answer until its end. So it reads and writes through us, the clock stands above every
 * single octet, and who says too much is not heard any more.
 */

static ber_slen_t io_wait(struct session *s, short events)
{
	struct pollfd wait = {.fd = s->fd, .events = events};
	int64_t left;
	int ready;

	do {
		left = s->io_until_ms - rs_clock_mono_ms();
		ready = poll(&wait, 1, left > 0 ? (int)left : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0 ? 0 : -1;
}

static ber_slen_t io_read(Sockbuf_IO_Desc *desc, void *data, ber_len_t len)
{
	struct session *s = desc->sbiod_pvt;
	ber_slen_t n;

	if (s->heard >= HEARD_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (io_wait(s, POLLIN) < 0)
		return -1;
	n = recv(s->fd, data, len, MSG_DONTWAIT);
	if (n > 0)
		s->heard += (size_t)n;
	return n;
}

static ber_slen_t io_write(Sockbuf_IO_Desc *desc, void *data, ber_len_t len)
{
	struct session *s = desc->sbiod_pvt;

	return io_wait(s, POLLOUT) < 0 ? -1 : send(s->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int io_setup(Sockbuf_IO_Desc *desc, void *session)
{
	desc->sbiod_pvt = session;
	return 0;
}

static int io_remove(Sockbuf_IO_Desc *desc)
{
	(void)desc;
	return 0;
}

static int io_control(Sockbuf_IO_Desc *desc, int option, void *argument)
{
	(void)desc, (void)option, (void)argument;
	return 0;
}

static int io_close(Sockbuf_IO_Desc *desc)
{
	struct session *s = desc->sbiod_pvt;

	close(s->fd);
	s->fd = -1;
	return 0;
}

static Sockbuf_IO session_io = {io_setup, io_remove, io_control, io_read, io_write, io_close};

static void session_close(struct session *s)
{
	if (s->ld)
		ldap_unbind_ext(s->ld, NULL, NULL);
	s->ld = NULL;
}
#define auto_session __attribute__((cleanup(session_close))) struct session

/* Milliseconds that one step may take. */
static int step_ms(const struct check *k, int configured, int most)
{
	int64_t left = k->until_ms - rs_clock_mono_ms();
	int ms = configured > 0 && configured < most ? configured : most;

	if (left < ms)
		ms = left > 1 ? (int)left : 1;
	return ms;
}

static int network_ms(const struct check *k)
{
	return step_ms(k, k->directory->network_ms, RS_LDAP_NETWORK_MS);
}

static int operation_ms(const struct check *k)
{
	return step_ms(k, k->directory->operation_ms, RS_LDAP_OPERATION_MS);
}

/* From now on nothing is waited for longer than ms, by libldap nor by us. */
static struct timeval session_within(struct session *s, int ms)
{
	struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	s->io_until_ms = rs_clock_mono_ms() + ms;
	ldap_set_option(s->ld, LDAP_OPT_TIMEOUT, &timeout);
	return timeout;
}

__attribute__((format(printf, 4, 5))) static bool unavailable(
	struct check *k, enum rs_ldap_reason reason, int result, const char *fmt, ...)
{
	char why[400];
	va_list args;

	va_start(args, fmt);
	rs_err_vprint(why, sizeof(why), fmt, args);
	va_end(args);
	k->out->outcome = RS_LDAP_IS_UNAVAILABLE;
	k->out->reason = reason;
	k->out->result = result;
	k->out->why = rs_arena_strdup(k->ctx->arena, why);
	return false;
}

/* What the server or the TLS library says beside a result, in the arena. */
static const char *diagnostic(struct session *s)
{
	char *text = NULL;
	const char *out = "";

	if (ldap_get_option(s->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text) == LDAP_OPT_SUCCESS && text)
		out = rs_ldap_shown(s->check->ctx, text);
	ldap_memfree(text);
	return out;
}

static bool operation_failed(struct session *s, const char *what, int result)
{
	const char *told = s->heard < HEARD_MAX ? diagnostic(s) : "It says too much";

	return unavailable(s->check, RS_LDAP_DIRECTORY, result, "%s: %s%s%s.", what,
		ldap_err2string(result), *told ? ": " : "", told);
}

/* libldap wants to open a connection of its own: it may not. */
static int refuse_connection(
	LDAP *ld, Sockbuf *sb, LDAPURLDesc *url, struct sockaddr *address, struct ldap_conncb *cb)
{
	(void)ld, (void)sb, (void)url, (void)address, (void)cb;
	return -1;
}

static void connection_gone(LDAP *ld, Sockbuf *sb, struct ldap_conncb *cb)
{
	(void)ld, (void)sb, (void)cb;
}

/* Whom to believe, how to speak, how long to wait. */
static bool session_options(struct session *s)
{
	static struct ldap_conncb refusal = {refuse_connection, connection_gone, NULL};
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, client = 0, ok;
	int least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const char *pem = s->check->directory->certificates;
	char path[RS_MEMFILE_PATH];
	int fd = rs_memfile(pem, strlen(pem), path);

	if (fd < 0)
		return unavailable(s->check, RS_LDAP_TLS, 0, "The certificates cannot be used.");
	ok = ldap_set_option(s->ld, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS &&
	     ldap_set_option(s->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
	     ldap_set_option(s->ld, LDAP_OPT_CONNECT_CB, &refusal) == LDAP_OPT_SUCCESS &&
	     ldap_set_option(s->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
	     ldap_set_option(s->ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least) == LDAP_OPT_SUCCESS &&
	     ldap_set_option(s->ld, LDAP_OPT_X_TLS_CACERTFILE, path) == LDAP_OPT_SUCCESS &&
	     ldap_set_option(s->ld, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS;
	close(fd);
	return ok || unavailable(s->check, RS_LDAP_TLS, 0, "The certificates cannot be used.");
}

static bool tls_failed(struct session *s, bool starttls, int result)
{
	const char *told = diagnostic(s);

	if (s->io_until_ms <= rs_clock_mono_ms())
		told = "It took too long";
	else if (strstr(told, "unknown error"))
		/* What libldap makes of a certificate that did not verify. */
		told = "The certificate is not by the connector's CA, not for this host or not in "
		       "time";
	if (!*told)
		told = ldap_err2string(result);
	return unavailable(s->check, RS_LDAP_TLS, result, "No TLS%s: %.*s.",
		starttls ? " by StartTLS" : "",
		(int)(strlen(told) - (told[strlen(told) - 1] == '.')), told);
}

/*
 * TLS 1.2 at least. libldap asks GnuTLS for no minimum, and leaks a list of 8 KiB a connection when
 * it is told by a priority string; nothing has been sent yet when the outcome is judged instead.
 */
static bool tls_is_recent(struct session *s)
{
	char *version = NULL;
	bool recent;

	ldap_get_option(s->ld, LDAP_OPT_X_TLS_VERSION, &version);
	recent = version && (strcmp(version, "TLS1.2") == 0 || strcmp(version, "TLS1.3") == 0);
	if (!recent)
		unavailable(s->check, RS_LDAP_TLS, 0, "No TLS: the server speaks %s at most.",
			version ? version : "nothing we know");
	ldap_memfree(version);
	return recent;
}

/* TLS, by StartTLS where the URL says ldap; then the server's certificate is put on record. */
static bool session_tls(struct session *s, bool starttls)
{
	struct rs_ctx *ctx = s->check->ctx;
	struct berval certificate = {0};
	unsigned char digest[32];
	int result;

	session_within(s, network_ms(s->check));
	result = starttls ? ldap_start_tls_s(s->ld, NULL, NULL) : ldap_install_tls(s->ld);
	if (result != LDAP_SUCCESS || !ldap_tls_inplace(s->ld))
		return tls_failed(s, starttls, result);
	if (!tls_is_recent(s))
		return false;
	if (ldap_get_option(s->ld, LDAP_OPT_X_TLS_PEERCERT, &certificate) == LDAP_OPT_SUCCESS &&
		certificate.bv_val) {
		rs_sha256(certificate.bv_val, certificate.bv_len, digest);
		s->check->out->certificate = rs_sha256_text(ctx->arena, digest);
		ldap_memfree(certificate.bv_val);
	}
	return true;
}

/* libldap knows "localhost" as the name of this machine, whatever that is. */
static const char *host_to_verify(const char *host)
{
	return strcasecmp(host, "localhost") == 0 ? "127.0.0.1" : host;
}

/* libldap sets up what all its sessions share at the first call, without a lock. */
static pthread_once_t shared = PTHREAD_ONCE_INIT;

static void set_up_shared(void)
{
	int version;

	ldap_get_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &version);
}

/* Hands the connection to libldap; url is the name that its certificate is verified against. */
static bool session_take(struct session *s, int fd, const char *url)
{
	ber_len_t most = MESSAGE_MAX;
	Sockbuf *sb = NULL;

	s->fd = fd;
	pthread_once(&shared, set_up_shared);
	if (ldap_init_fd(fd, LDAP_PROTO_EXT, url, &s->ld) != LDAP_SUCCESS || !s->ld) {
		close(fd);
		s->ld = NULL;
		return unavailable(s->check, RS_LDAP_CONNECTION, 0, "libldap took no connection.");
	}
	ldap_get_option(s->ld, LDAP_OPT_SOCKBUF, &sb);
	if (sb && ber_sockbuf_add_io(sb, &session_io, LBER_SBIOD_LEVEL_PROVIDER, s) == 0 &&
		ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most) == 1)
		return true;
	close(fd);
	return unavailable(s->check, RS_LDAP_CONNECTION, 0, "libldap took no connection.");
}

/* A connection to url with TLS on it, of our own making and to an address that was judged. */
static bool session_open(struct check *k, const char *url, struct session *s)
{
	struct rs_ldap_url at;
	const char *why, *host, *plain;
	int fd;

	*s = (struct session){.check = k, .fd = -1};
	k->out->server = url;
	if (k->until_ms <= rs_clock_mono_ms())
		return unavailable(k, RS_LDAP_CONNECTION, LDAP_TIMEOUT, "There was no time left.");
	if (!rs_ldap_url_read(k->ctx, url, &at))
		return unavailable(k, RS_LDAP_CONNECTION, 0, "The URL is none of a directory.");
	host = host_to_verify(at.host);
	fd = rs_dial(k->ctx, host, at.port, RS_ADDRESS_CONNECTOR, network_ms(k), &why);
	if (fd < 0)
		return unavailable(k, RS_LDAP_CONNECTION, LDAP_SERVER_DOWN, "%s", why);
	/* The scheme is ldap in any case: TLS is started by us, not by libldap. */
	plain = rs_arena_printf(k->ctx->arena,
		strchr(host, ':') ? "ldap://[%s]:%d" : "ldap://%s:%d", host, at.port);
	return session_take(s, fd, plain) && session_options(s) && session_tls(s, at.starttls);
}

/* A simple bind; LDAP's result. Nothing is sent but through TLS, and no password that is empty. */
static int bind_as(struct session *s, const char *dn, const void *password, size_t len)
{
	struct berval secret = {.bv_len = len, .bv_val = (char *)(uintptr_t)password};

	if (len == 0 || !dn || !*dn || !ldap_tls_inplace(s->ld))
		return LDAP_CONFIDENTIALITY_REQUIRED;
	session_within(s, operation_ms(s->check));
	return ldap_sasl_bind_s(s->ld, dn, LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL);
}

/* --- entries --- */

/* A person's entry, as far as it matters. */
struct entry {
	const char *dn;		    /* NULL: there is no such entry, or more than one */
	enum rs_ldap_reason reason; /* then: why */
	unsigned char guid[RS_GUID_LEN];
	bool has_guid;
	const char *sid;
	int64_t control, control_now; /* userAccountControl and what the domain computes */
	int64_t bad_count, bad_time;  /* wrong passwords lately; when the last one was */
};

static const char *const PERSON[] = {"objectGUID", "objectSid", "userAccountControl", "badPwdCount",
	"badPasswordTime", "msDS-User-Account-Control-Computed", NULL};

/* Kept so far from the ends that a sum of two is a number too: Windows writes the least for
 * "never". */
static int64_t number(struct session *s, LDAPMessage *m, const char *attribute)
{
	struct berval **values = ldap_get_values_len(s->ld, m, attribute);
	int64_t out = 0;

	if (values && values[0])
		out = strtoll(values[0]->bv_val, NULL, 10);
	ldap_value_free_len(values);
	if (out > NUMBER_MAX)
		out = NUMBER_MAX;
	return out < -NUMBER_MAX ? -NUMBER_MAX : out;
}

static void read_guid(struct session *s, LDAPMessage *m, struct entry *e)
{
	struct berval **values = ldap_get_values_len(s->ld, m, "objectGUID");

	if (values && values[0] && !values[1] && values[0]->bv_len == RS_GUID_LEN) {
		memcpy(e->guid, values[0]->bv_val, RS_GUID_LEN);
		e->has_guid = true;
	}
	ldap_value_free_len(values);
}

static void read_person(struct session *s, LDAPMessage *m, struct entry *e)
{
	struct rs_ctx *ctx = s->check->ctx;
	char *dn = ldap_get_dn(s->ld, m);
	struct berval **values = ldap_get_values_len(s->ld, m, "objectSid");

	e->dn = dn && *dn ? rs_arena_strdup(ctx->arena, dn) : NULL;
	if (values && values[0])
		e->sid = rs_ldap_sid_text(ctx, values[0]->bv_val, values[0]->bv_len);
	ldap_value_free_len(values);
	ldap_memfree(dn);
	read_guid(s, m, e);
	e->control = number(s, m, "userAccountControl");
	e->control_now = number(s, m, "msDS-User-Account-Control-Computed");
	e->bad_count = number(s, m, "badPwdCount");
	e->bad_time = number(s, m, "badPasswordTime");
}

/*
 * A search for at most two entries. false: the directory failed. *out owns the messages, which
 * ldap_msgfree() ends; *count is 0, 1 or 2.
 */
static bool search(struct session *s, const char *base, int scope, const char *filter,
	const char *const *attributes, LDAPMessage **out, int *count)
{
	struct timeval timeout;
	int result;

	*out = NULL;
	*count = 0;
	if (!ldap_tls_inplace(s->ld))
		return unavailable(s->check, RS_LDAP_TLS, 0, "The connection has lost its TLS.");
	timeout = session_within(s, operation_ms(s->check));
	result = ldap_search_ext_s(s->ld, base, scope, filter, (char **)(uintptr_t)attributes, 0,
		NULL, NULL, &timeout, 2, out);
	if (result != LDAP_SUCCESS && result != LDAP_SIZELIMIT_EXCEEDED) {
		ldap_msgfree(*out);
		*out = NULL;
		return operation_failed(s, "The search failed", result);
	}
	*count = result == LDAP_SIZELIMIT_EXCEEDED ? 2 : ldap_count_entries(s->ld, *out);
	return true;
}

/* The one entry whose attribute has this (escaped) value; e->dn is NULL when it is not one. */
static bool find_person(
	struct session *s, const char *attribute, const char *value, struct entry *e)
{
	const struct rs_ldap_directory *d = s->check->directory;
	const char *filter = rs_arena_printf(
		s->check->ctx->arena, "(&%s(%s=%s))", d->filter ? d->filter : "", attribute, value);
	LDAPMessage *found;
	int count;

	*e = (struct entry){.reason = RS_LDAP_UNKNOWN_USER};
	if (!search(s, d->base, LDAP_SCOPE_SUBTREE, filter, PERSON, &found, &count))
		return false;
	if (count == 1)
		read_person(s, ldap_first_entry(s->ld, found), e);
	else if (count > 1)
		e->reason = RS_LDAP_SEVERAL;
	ldap_msgfree(found);
	if (e->dn && !e->has_guid)
		return unavailable(
			s->check, RS_LDAP_DIRECTORY, 0, "The entry shows no objectGUID.");
	return true;
}

static bool find_linked(struct session *s, const char *linked, struct entry *e)
{
	struct rs_ctx *ctx = s->check->ctx;
	unsigned char guid[RS_GUID_LEN];

	if (rs_ldap_guid_read(linked, guid))
		return find_person(s, "objectGUID", rs_ldap_escaped(ctx, guid, sizeof(guid)), e) &&
		       (!e->dn || memcmp(e->guid, guid, RS_GUID_LEN) == 0 ||
			       unavailable(s->check, RS_LDAP_DIRECTORY, 0,
				       "The directory shows an entry that was not asked for."));
	return find_person(s, s->check->directory->name_attribute,
		rs_ldap_escaped(ctx, linked, strlen(linked)), e);
}

/* --- the domain's lock --- */

/* The domain's own entry: the part of a DN that is all dc=. */
static const char *domain_of(const char *dn)
{
	for (const char *at = dn; *at; at++)
		if (strncasecmp(at, "dc=", 3) == 0 && (at == dn || at[-1] == ','))
			return at;
	return dn;
}

/* Whether the entry is in the group that is asked for, through other groups or not. Nobody is not.
 */
static bool in_group(struct session *s, const struct entry *e, bool *in)
{
	static const char *const NONE[] = {NO_ATTRIBUTES, NULL};
	const char *group = s->check->directory->group;
	struct rs_ctx *ctx = s->check->ctx;
	LDAPMessage *found;
	int count;

	*in = true;
	if (!group)
		return true;
	if (!search(s, e->dn ? e->dn : domain_of(s->check->directory->base), LDAP_SCOPE_BASE,
		    rs_arena_printf(ctx->arena, "(memberOf:%s:=%s)", RULE_IN_CHAIN,
			    rs_ldap_escaped(ctx, group, strlen(group))),
		    NONE, &found, &count))
		return false;
	ldap_msgfree(found);
	*in = count == 1;
	return true;
}

/* After how many wrong passwords the domain locks (0: never, or it is not told), and for how long
 * it counts them, in 100 ns. */
static bool lock_policy(struct session *s, int64_t *threshold, int64_t *window)
{
	static const char *const POLICY[] = {"lockoutThreshold", "lockOutObservationWindow", NULL};
	const struct rs_ldap_directory *d = s->check->directory;
	LDAPMessage *found;
	int count;

	*threshold = d->lockout_threshold;
	*window = 0;
	if (!search(s, domain_of(d->base), LDAP_SCOPE_BASE, "(objectClass=*)", POLICY, &found,
		    &count))
		return false;
	if (count == 1) {
		if (*threshold == 0)
			*threshold = number(s, ldap_first_entry(s->ld, found), POLICY[0]);
		*window = -number(s, ldap_first_entry(s->ld, found), POLICY[1]);
	}
	ldap_msgfree(found);
	return true;
}

/* Whether one more wrong password would lock the account. One that is locked cannot be harmed. */
static bool would_lock(struct session *s, const struct entry *e, bool *out)
{
	int64_t threshold, window, now = rs_clock_system_us() * 10 + FILETIME_TO_UNIX;

	*out = false;
	if (!lock_policy(s, &threshold, &window))
		return false;
	if (threshold <= 0 || (e->control_now & UAC_LOCKED_NOW))
		return true;
	if (window > 0 && e->bad_time + window <= now)
		*out = threshold <= 1;
	else
		*out = e->bad_count + 1 >= threshold;
	return true;
}

/* --- the verdict --- */

static void judge(
	struct check *k, enum rs_ldap_outcome outcome, enum rs_ldap_reason reason, const char *why)
{
	k->out->outcome = outcome;
	k->out->reason = reason;
	k->out->why = why;
}

static bool service_bind(struct session *s)
{
	const struct rs_ldap_directory *d = s->check->directory;
	int result = bind_as(
		s, d->bind_dn, rs_secret_data(d->bind_password), rs_secret_len(d->bind_password));

	if (result == LDAP_SUCCESS)
		return true;
	if (result != LDAP_INVALID_CREDENTIALS)
		return operation_failed(s, "The service account could not bind", result);
	/* Every server would say so, and the domain would lock the service account for it. */
	s->check->final = true;
	return unavailable(s->check, RS_LDAP_SERVICE_ACCOUNT, result,
		"The directory refuses the service account: %s.", diagnostic(s));
}

/* What a bind with result 49 means. */
static void judge_refusal(struct session *s, int result)
{
	struct rs_ldap_verdict *out = s->check->out;
	const char *told = diagnostic(s), *data = strstr(told, ", data ");
	unsigned long subcode = data ? strtoul(data + 7, NULL, 16) : 0;

	out->result = result;
	out->subcode = subcode ? rs_arena_printf(s->check->ctx->arena, "%lx", subcode) : NULL;
	judge(s->check, RS_LDAP_IS_WRONG, RS_LDAP_BAD_PASSWORD, "The credentials are refused.");
	for (size_t i = 0; i < sizeof(SUBCODES) / sizeof(SUBCODES[0]); i++)
		if (SUBCODES[i].subcode == subcode)
			judge(s->check, RS_LDAP_IS_WRONG, SUBCODES[i].reason, SUBCODES[i].why);
}

/* Whether who is bound now reads the objectGUID that was looked for in the own entry. */
static bool same_person(struct session *s, const struct entry *e, bool *same)
{
	struct entry own = {0};
	LDAPMessage *found;
	int count;

	if (!search(s, e->dn, LDAP_SCOPE_BASE, "(objectClass=*)", PERSON, &found, &count))
		return false;
	if (count == 1)
		read_guid(s, ldap_first_entry(s->ld, found), &own);
	ldap_msgfree(found);
	*same = own.has_guid && memcmp(own.guid, e->guid, RS_GUID_LEN) == 0;
	return true;
}

/* Binds as the person on a fresh connection. false: the directory failed. */
static bool bind_person(
	struct check *k, const char *url, const struct entry *e, struct rs_secret *password)
{
	auto_session s;
	bool same;
	int result;

	if (!session_open(k, url, &s))
		return false;
	result = bind_as(&s, e->dn, rs_secret_data(password), rs_secret_len(password));
	if (result == LDAP_INVALID_CREDENTIALS) {
		judge_refusal(&s, result);
		return true;
	}
	if (result != LDAP_SUCCESS)
		return operation_failed(&s, "The bind failed", result);
	if (!same_person(&s, e, &same))
		return false;
	if (same)
		judge(k, RS_LDAP_IS_PASSED, RS_LDAP_NONE, "The password is right.");
	else
		judge(k, RS_LDAP_IS_MISMATCH, RS_LDAP_OTHER_PERSON,
			"The entry does not show the linked objectGUID to its owner.");
	return true;
}

/* The same steps for nobody: an entry that does not exist and a password of random octets. */
static bool bind_nobody(struct check *k, const char *url)
{
	auto_session s;
	unsigned char octets[NOBODY_LEN];
	char password[NOBODY_LEN * 2 + 1];
	const char *dn = rs_arena_printf(
		k->ctx->arena, "CN=%s,%s", rs_id_new(rs_clock_system_us()).s, k->directory->base);

	if (!session_open(k, url, &s))
		return false;
	rs_random(octets, sizeof(octets));
	rs_hex(octets, sizeof(octets), password);
	(void)bind_as(&s, dn, password, sizeof(password) - 1);
	return true;
}

/* Why the person's password must not or need not be tried; RS_LDAP_NONE: it may. */
static bool obstacle(struct session *s, const struct entry *e, const struct entry *typed,
	enum rs_ldap_reason *out)
{
	bool locks, in;

	if (!would_lock(s, e, &locks) || !in_group(s, e, &in))
		return false;
	if (!e->dn || !typed->dn)
		*out = e->dn ? typed->reason : e->reason;
	else if (memcmp(e->guid, typed->guid, RS_GUID_LEN) != 0)
		*out = RS_LDAP_OTHER_PERSON;
	else if (locks)
		*out = RS_LDAP_WOULD_LOCK;
	else
		*out = in ? RS_LDAP_NONE : RS_LDAP_NOT_IN_GROUP;
	return true;
}

/* What an obstacle means for the answer. */
static void judge_obstacle(struct check *k, enum rs_ldap_reason reason)
{
	static const char *const WHY[] = {
		[RS_LDAP_UNKNOWN_USER] = "The directory has no such entry.",
		[RS_LDAP_SEVERAL] = "More than one entry matches.",
		[RS_LDAP_WOULD_LOCK] = "One more wrong password would lock the account.",
		[RS_LDAP_NOT_IN_GROUP] = "The user is not in the group.",
		[RS_LDAP_OTHER_PERSON] = "The name that was typed is somebody else's.",
	};

	judge(k, reason == RS_LDAP_OTHER_PERSON ? RS_LDAP_IS_MISMATCH : RS_LDAP_IS_WRONG, reason,
		WHY[reason]);
}

static bool service_session(struct check *k, const char *url, struct session *s)
{
	return session_open(k, url, s) && service_bind(s);
}

/* Finds the person and what stands in the way. false: the directory failed. */
static bool look_at(struct check *k, const char *url, const char *linked, const char *typed,
	struct entry *e, enum rs_ldap_reason *in_the_way)
{
	auto_session s;
	struct entry named;

	if (!service_session(k, url, &s) || !find_linked(&s, linked, e))
		return false;
	named = *e;
	if (typed && !find_person(&s, k->directory->name_attribute,
			     rs_ldap_escaped(k->ctx, typed, strlen(typed)), &named))
		return false;
	return obstacle(&s, e, &named, in_the_way);
}

/* One server. false: it gave no verdict. */
static bool ask(struct check *k, const char *url, const char *linked, const char *typed,
	struct rs_secret *password)
{
	struct entry e;
	enum rs_ldap_reason in_the_way;

	if (!look_at(k, url, linked, typed, &e, &in_the_way))
		return false;
	if (e.dn) {
		k->out->dn = e.dn;
		k->out->guid = rs_ldap_guid_text(k->ctx, e.guid);
		k->out->sid = e.sid;
	}
	if (in_the_way != RS_LDAP_NONE) {
		if (!bind_nobody(k, url))
			return false;
		judge_obstacle(k, in_the_way);
		return true;
	}
	if (!bind_person(k, url, &e, password))
		return false;
	if (k->out->outcome == RS_LDAP_IS_PASSED && (e.control & UAC_DISABLED))
		judge(k, RS_LDAP_IS_WRONG, RS_LDAP_DISABLED, "The account is disabled.");
	return true;
}

static int64_t until(struct rs_ctx *ctx)
{
	int left = rs_ctx_left_ms(ctx);

	return rs_clock_mono_ms() + (left < RS_LDAP_TOTAL_MS ? left : RS_LDAP_TOTAL_MS);
}

/* What is no success is told at a full step of the clock: how long a server worked on it says
 * nothing. */
static void wait_for_step(struct rs_ctx *ctx, int64_t begun)
{
	int64_t took = rs_clock_mono_ms() - begun, left = RS_LDAP_STEP_MS - took % RS_LDAP_STEP_MS;

	if (left < rs_ctx_left_ms(ctx))
		poll(NULL, 0, (int)left);
}

void rs_ldap_check(struct rs_ctx *ctx, const struct rs_ldap_directory *directory,
	const char *linked, const char *typed, struct rs_secret *password,
	struct rs_ldap_verdict *out)
{
	struct check k = {.ctx = ctx, .directory = directory, .out = out, .until_ms = until(ctx)};
	const char *fault =
		rs_ldap_password_fault(rs_secret_data(password), rs_secret_len(password));
	int64_t begun = rs_clock_mono_ms();

	*out = (struct rs_ldap_verdict){0};
	if (fault) {
		judge(&k, RS_LDAP_IS_WRONG, RS_LDAP_BAD_PASSWORD, fault);
		return;
	}
	for (size_t i = 0; i < directory->url_count && !k.final; i++) {
		*out = (struct rs_ldap_verdict){0};
		if (ask(&k, directory->urls[i], linked, typed, password)) {
			if (out->outcome != RS_LDAP_IS_PASSED)
				wait_for_step(ctx, begun);
			return;
		}
	}
	out->outcome = RS_LDAP_IS_UNAVAILABLE;
}

void rs_ldap_try(struct rs_ctx *ctx, const struct rs_ldap_directory *directory, size_t which,
	struct rs_ldap_verdict *out)
{
	struct check k = {.ctx = ctx, .directory = directory, .out = out, .until_ms = until(ctx)};
	LDAPMessage *found = NULL;
	auto_session s = {0};
	int64_t threshold, window;
	int count;

	*out = (struct rs_ldap_verdict){0};
	if (!service_session(&k, directory->urls[which], &s) ||
		!search(&s, directory->base, LDAP_SCOPE_SUBTREE,
			directory->filter ? directory->filter : "(objectClass=*)", PERSON, &found,
			&count))
		return;
	ldap_msgfree(found);
	if (!lock_policy(&s, &threshold, &window))
		return;
	out->lockout_threshold = (int)threshold;
	if (count == 0)
		unavailable(&k, RS_LDAP_DIRECTORY, 0,
			"The service account sees no entry below the base that fits the filter.");
	else
		judge(&k, RS_LDAP_IS_PASSED, RS_LDAP_NONE, "The service account is let in.");
}

/* --- what may be configured --- */

/* A URL may name more than a server (RFC 4516): then it is not what is wanted here. */
static bool names_a_server(const LDAPURLDesc *url)
{
	bool more =
		(url->lud_dn && *url->lud_dn) || url->lud_attrs || url->lud_filter || url->lud_exts;

	return !more && url->lud_host && *url->lud_host && url->lud_port >= 0 &&
	       url->lud_port <= 65535;
}

bool rs_ldap_url_read(struct rs_ctx *ctx, const char *url, struct rs_ldap_url *out)
{
	LDAPURLDesc *parsed = NULL;
	bool ok, secure;

	*out = (struct rs_ldap_url){0};
	if (strchr(url, '?') || ldap_url_parse(url, &parsed) != LDAP_URL_SUCCESS)
		return false;
	secure = strcasecmp(parsed->lud_scheme, "ldaps") == 0;
	ok = (secure || strcasecmp(parsed->lud_scheme, "ldap") == 0) && names_a_server(parsed);
	if (ok) {
		out->host = rs_arena_strdup(ctx->arena, parsed->lud_host);
		out->starttls = !secure;
		out->port = parsed->lud_port ? parsed->lud_port : secure ? LDAPS_PORT : LDAP_PORT;
	}
	ldap_free_urldesc(parsed);
	return ok;
}

bool rs_ldap_dn_valid(const char *text)
{
	LDAPDN dn = NULL;
	bool ok = *text && ldap_str2dn(text, &dn, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS;

	ldap_dnfree(dn);
	return ok;
}
