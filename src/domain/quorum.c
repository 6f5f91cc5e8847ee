/* TLS BR 3.2.2.9, the quorum requirements. */
#include "rs/quorum.h"

#include <stdio.h>
#include <string.h>

/* With so many remote perspectives so many may disagree; the last row that fits holds. */
static const struct {
	int remote, allowed;
} ALLOWED[] = {{0, 0}, {2, 1}, {6, 2}};

/* Distinct perspectives, each corroborating only when all its entries do. */
static size_t distinct(
	const struct rs_perspective *remote, size_t count, struct rs_perspective *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < n && strcmp(out[j].id, remote[i].id) != 0)
			j++;
		if (j == n)
			out[n++] = remote[i];
		else
			out[j].corroborates = out[j].corroborates && remote[i].corroborates;
	}
	return n;
}

static int registries(const struct rs_perspective *seen, size_t count)
{
	int n = 0;

	for (size_t i = 0; i < count; i++) {
		bool first = seen[i].corroborates;

		for (size_t j = 0; j < i; j++)
			if (seen[j].corroborates && strcmp(seen[j].rir, seen[i].rir) == 0)
				first = false;
		n += first;
	}
	return n;
}

static const char *refusal(bool primary, const struct rs_quorum *q, int required)
{
	if (!primary)
		return "the primary perspective does not permit";
	if (q->remote < required)
		return "fewer remote perspectives than the rule set wants";
	if (q->remote - q->corroborating > q->allowed)
		return "too many remote perspectives do not corroborate";
	if (q->remote >= 2 && q->registries < 2)
		return "the corroborating perspectives sit in the region of one registry only";
	return NULL;
}

void rs_quorum_judge(bool primary, const struct rs_perspective *remote, size_t count, int required,
	struct rs_quorum *out)
{
	struct rs_perspective seen[RS_PERSPECTIVES_MAX];
	size_t n;

	*out = (struct rs_quorum){.why = "more perspectives than one check may have"};
	if (count > RS_PERSPECTIVES_MAX)
		return;
	n = distinct(remote, count, seen);
	out->remote = (int)n;
	for (size_t i = 0; i < n; i++)
		out->corroborating += seen[i].corroborates;
	for (size_t i = 0; i < sizeof(ALLOWED) / sizeof(ALLOWED[0]); i++)
		if (out->remote >= ALLOWED[i].remote)
			out->allowed = ALLOWED[i].allowed;
	out->registries = registries(seen, n);
	snprintf(out->text, sizeof(out->text), "%d/%d", out->corroborating, out->remote);
	out->why = refusal(primary, out, required);
	out->reached = !out->why;
}
