/* What a challenge is made for: found, the caller judged, the state judged, the policy taken. */
#include "internal.h"

#include "rs/certificate.h"
#include "rs/names.h"
#include "rs/permission.h"
#include "rs/policy.h"

#define NAME_MAX 40 /* of a common name in a message */

/*
 * A name as it may stand in a message to a person: whoever chose it must not speak through it. No
 * controls, nothing that makes a link, not long.
 */
static const char *quoted(struct rs_ctx *ctx, const char *name)
{
	char *out = rs_arena_alloc(ctx->arena, 4 * NAME_MAX + 1);
	size_t len = 0, points = 0;

	for (const char *at = name ? name : ""; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		points += (byte & 0xc0) != 0x80;
		if (points > NAME_MAX)
			break;
		if (byte >= ' ' && !strchr("/:<>\"\x7f", *at))
			out[len++] = *at;
	}
	out[len] = '\0';
	return out;
}

/* The last four digits of a serial: enough to know one's certificate again. */
static const char *tail(struct rs_ctx *ctx, const struct rs_bytes *serial)
{
	char *out = rs_arena_alloc(ctx->arena, 5);
	size_t from = serial->len > 2 ? serial->len - 2 : 0;

	rs_hex(serial->data + from, serial->len - from, out);
	return out;
}

static enum rs_code no_policy(struct rs_ctx *ctx, const struct rs_binding *b)
{
	if (json_array_size(b->options) > 0)
		return RS_OK;
	return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
		"The profile asks for no second factor here: go on without one.");
}

/* --- a reissue request: the owner passes for a reissue, the officer for an approval --- */

static enum rs_code state_fits(
	struct rs_ctx *ctx, const struct rs_reissue *r, const struct rs_binding *b)
{
	struct rs_event event = {
		.action = "challenge.refused",
		.object_type = "reissue_request",
		.object = r->id,
		.enterprise = r->enterprise_id,
		.digest = r->digest.data,
		.detail = r->status,
	};

	if (rs_profile_has(b->states, r->status))
		return RS_OK;
	rs_audit_denied(ctx, &event, RS_WRONG_STATE);
	rs_fail(ctx, RS_WRONG_STATE, "The request is %s: no second factor is asked for then.",
		r->status);
	rs_err_ext(ctx, "current_status", json_string(r->status));
	return RS_WRONG_STATE;
}

static enum rs_code digest_fits(
	struct rs_ctx *ctx, const struct rs_reissue *r, const struct rs_bytes *seen)
{
	struct rs_event event = {
		.action = "challenge.refused",
		.object_type = "reissue_request",
		.object = r->id,
		.enterprise = r->enterprise_id,
		.digest = seen->data,
		.detail = "digest",
	};

	if (!seen->data || rs_equal(seen->data, r->digest.data, 32))
		return RS_OK;
	rs_audit_denied(ctx, &event, RS_DIGEST_MISMATCH);
	rs_fail(ctx, RS_DIGEST_MISMATCH,
		"The content is not the one you saw. Read the request again before you go on.");
	rs_err_ext(ctx, "current_status", json_string(r->status));
	return RS_DIGEST_MISMATCH;
}

static enum rs_code bind_request(struct rs_ctx *ctx, const struct rs_challenge_input *in,
	struct rs_binding *out, bool approve)
{
	const struct rs_profile *profile;
	struct rs_reissue r;
	enum rs_code rc = rs_reissue_get(ctx, &in->reissue_request_id, &r);

	if (!rc)
		rc = rs_profile_get(ctx, &r.profile_id, r.profile_revision, &profile);
	if (!rc)
		rc = rs_policy_permit(
			ctx, &r, profile, approve ? RS_ACTION_APPROVE : RS_ACTION_SUBMIT);
	if (rc)
		return rc;
	out->of_request = true;
	out->object = r.id;
	out->user = approve ? ctx->actor.id : r.owner_id;
	out->enterprise = r.enterprise_id;
	out->options = rs_profile_factors(profile, out->operation);
	out->policy_revision = profile->revision;
	out->on_behalf = !approve && profile->on_behalf;
	out->round = r.round;
	out->digest = r.digest;
	out->states = rs_arena_json(ctx->arena,
		approve ? json_pack("[s, s, s]", "pending", "in_review", "pending_dual_control")
			: json_pack("[s]", "authenticating"));
	out->summary = rs_arena_printf(ctx->arena, "%s of CN=%s (serial ending %s)",
		approve ? "approval of the reissue" : "reissue",
		quoted(ctx, rs_names_common_name(r.subject)), tail(ctx, &r.certificate_serial));
	rc = state_fits(ctx, &r, out);
	if (!rc)
		rc = digest_fits(ctx, &r, &in->digest);
	return rc ? rc : no_policy(ctx, out);
}

static enum rs_code bind_reissue(
	struct rs_ctx *ctx, const struct rs_challenge_input *in, struct rs_binding *out)
{
	return bind_request(ctx, in, out, false);
}

static enum rs_code bind_approve(
	struct rs_ctx *ctx, const struct rs_challenge_input *in, struct rs_binding *out)
{
	return bind_request(ctx, in, out, true);
}

/* --- a certificate: whoever revokes it passes --- */

static enum rs_code bind_revoke(
	struct rs_ctx *ctx, const struct rs_challenge_input *in, struct rs_binding *out)
{
	const struct rs_profile *profile;
	struct rs_certificate c;
	enum rs_code rc = rs_certificate_get(ctx, &in->certificate_id, &c);

	if (!rc)
		rc = rs_may_act(ctx, "certificate.revoke", &c.owner_id, &c.enterprise_id);
	if (!rc)
		rc = rs_profile_get(ctx, &c.profile_id, c.profile_revision, &profile);
	if (rc)
		return rc;
	out->object = c.id;
	/* A client acts for the owner, who passes then. */
	out->user = ctx->actor.kind == RS_ACTOR_USER ? ctx->actor.id : c.owner_id;
	out->enterprise = c.enterprise_id;
	out->options = rs_profile_factors(profile, out->operation);
	out->policy_revision = profile->revision;
	out->summary = rs_arena_printf(ctx->arena, "revocation of CN=%s (serial ending %s)",
		quoted(ctx, rs_names_common_name(c.subject)), tail(ctx, &c.serial));
	return no_policy(ctx, out);
}

/* --- what only a person does --- */

static enum rs_code person(struct rs_ctx *ctx)
{
	if (ctx->actor.kind == RS_ACTOR_USER)
		return RS_OK;
	return rs_fail(ctx, RS_FORBIDDEN, "This is a person's: sign in as a user, not as a client.");
}

static enum rs_code bind_enrol(
	struct rs_ctx *ctx, const struct rs_challenge_input *in, struct rs_binding *out)
{
	const struct rs_profile *profile;
	enum rs_code rc = rs_profile_get(ctx, &in->profile_id, 0, &profile);

	if (!rc)
		rc = rs_may_act(ctx, "certificate.enrol", NULL, &profile->enterprise_id);
	if (!rc)
		rc = person(ctx);
	if (rc)
		return rc;
	out->object = profile->id;
	out->user = ctx->actor.id;
	out->enterprise = profile->enterprise_id;
	out->options = rs_profile_factors(profile, out->operation);
	out->policy_revision = profile->revision;
	out->summary = rs_arena_printf(
		ctx->arena, "a new certificate of %s", quoted(ctx, profile->name));
	return no_policy(ctx, out);
}

static enum rs_code bind_account(
	struct rs_ctx *ctx, const struct rs_challenge_input *in, struct rs_binding *out)
{
	struct rs_subject subject;
	json_t *options;
	bool guarded;
	enum rs_code rc = person(ctx);

	(void)in;
	if (!rc)
		rc = rs_subject_load(ctx, &ctx->actor.id, &subject);
	if (!rc)
		rc = rs_factor_account_options(ctx, &subject, &options, &guarded);
	if (rc)
		return rc;
	out->object = out->user = ctx->actor.id;
	out->enterprise = subject.enterprise_id;
	out->options = options;
	out->summary = "a change of your own second factors";
	return RS_OK;
}

/* --- one row an operation --- */

static const struct operation {
	const char *name;
	const char *member; /* of the body: what it is for; NULL: the caller itself */
	size_t id;
	enum rs_code (*bind)(struct rs_ctx *ctx, const struct rs_challenge_input *in,
		struct rs_binding *out);
} OPERATIONS[] = {
	{"reissue", "reissue_request_id", offsetof(struct rs_challenge_input, reissue_request_id),
		bind_reissue},
	{"approve", "reissue_request_id", offsetof(struct rs_challenge_input, reissue_request_id),
		bind_approve},
	{"revoke", "certificate_id", offsetof(struct rs_challenge_input, certificate_id),
		bind_revoke},
	{"enrol", "profile_id", offsetof(struct rs_challenge_input, profile_id), bind_enrol},
	{"account", NULL, 0, bind_account},
};

#define COUNT (sizeof(OPERATIONS) / sizeof(OPERATIONS[0]))

static const struct rs_id *member_of(
	const struct rs_challenge_input *in, const struct operation *row)
{
	return (const struct rs_id *)((const char *)in + row->id);
}

/* Exactly the member that the operation is about. */
static void judge_members(
	struct rs_ctx *ctx, const struct rs_challenge_input *in, const struct operation *row)
{
	if (row->member && !rs_id_set(member_of(in, row)))
		rs_fault(ctx, RS_REQUIRED, rs_pointer(ctx, "", row->member),
			"Say what the second factor is for.");
	for (size_t i = 0; i < COUNT; i++)
		if (OPERATIONS[i].member && rs_id_set(member_of(in, &OPERATIONS[i])) &&
			(!row->member || strcmp(row->member, OPERATIONS[i].member) != 0)) {
			rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, "", OPERATIONS[i].member),
				"The operation %s is not about one.", row->name);
			i += i == 0; /* reissue and approve share theirs */
		}
	if (in->digest.data && !(row->bind == bind_reissue || row->bind == bind_approve))
		rs_fault(ctx, RS_BAD_VALUE, "/digest", "Only reissue requests have a digest.");
}

enum rs_code rs_challenge_bind(
	struct rs_ctx *ctx, const struct rs_challenge_input *in, struct rs_binding *out)
{
	const struct operation *row = &OPERATIONS[0];
	enum rs_code rc;

	*out = (struct rs_binding){.operation = in->operation};
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(OPERATIONS[i].name, in->operation) == 0)
			row = &OPERATIONS[i];
	judge_members(ctx, in, row);
	rc = rs_faults(ctx);
	return rc ? rc : row->bind(ctx, in, out);
}
