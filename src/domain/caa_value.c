/* The inside of CAA records: RDATA (RFC 8659 4.1) and the issue-value (RFC 8659 4.2). */
#include "rs/caa.h"

#include <string.h>
#include <strings.h>

bool rs_caa_rdata(struct rs_bytes rdata, int *flags, struct rs_bytes *tag, struct rs_bytes *value)
{
	size_t len;

	if (rdata.len < 2)
		return false;
	len = rdata.data[1];
	if (len == 0 || len > rdata.len - 2)
		return false;
	*flags = rdata.data[0];
	*tag = (struct rs_bytes){rdata.data + 2, len};
	*value = (struct rs_bytes){rdata.data + 2 + len, rdata.len - 2 - len};
	return true;
}

/* What is left of a value. */
struct scan {
	const unsigned char *at, *end;
};

static bool is(const struct scan *s, unsigned char c)
{
	return s->at < s->end && *s->at == c;
}

static void skip_wsp(struct scan *s)
{
	while (is(s, ' ') || is(s, '\t'))
		s->at++;
}

static bool alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)): a label of the issuer's name, or a parameter's tag.
 */
static bool read_label(struct scan *s, struct rs_bytes *out)
{
	const unsigned char *begin = s->at;

	while (s->at < s->end && (alnum(*s->at) || *s->at == '-'))
		s->at++;
	*out = (struct rs_bytes){begin, (size_t)(s->at - begin)};
	return out->len > 0 && begin[0] != '-' && s->at[-1] != '-';
}

static bool read_issuer(struct scan *s, struct rs_bytes *out)
{
	const unsigned char *begin = s->at;
	struct rs_bytes label;

	for (;;) {
		if (!read_label(s, &label))
			return false;
		if (!is(s, '.'))
			break;
		s->at++;
	}
	*out = (struct rs_bytes){begin, (size_t)(s->at - begin)};
	return true;
}

static bool tag_is(struct rs_bytes tag, const char *name)
{
	return tag.len == strlen(name) && strncasecmp((const char *)tag.data, name, tag.len) == 0;
}

/* tag *WSP "=" *WSP *(%x21-3A / %x3C-7E) */
static bool read_parameter(struct scan *s, struct rs_caa_issue *out)
{
	struct rs_bytes tag, value;

	if (!read_label(s, &tag))
		return false;
	skip_wsp(s);
	if (!is(s, '='))
		return false;
	s->at++;
	skip_wsp(s);
	value.data = s->at;
	while (s->at<s->end && * s->at> ' ' && *s->at < 127 && *s->at != ';')
		s->at++;
	value.len = (size_t)(s->at - value.data);
	if (tag_is(tag, "accounturi")) {
		out->account = value;
		out->accounts++;
	} else if (tag_is(tag, "validationmethods")) {
		out->methods = value;
		out->method_lists++;
	}
	return true;
}

/* parameter *( *WSP ";" *WSP parameter ) up to the end: a ";" after the last one is malformed. */
static bool read_parameters(struct scan *s, struct rs_caa_issue *out)
{
	for (;;) {
		if (!read_parameter(s, out))
			return false;
		skip_wsp(s);
		if (s->at == s->end)
			return true;
		if (!is(s, ';'))
			return false;
		s->at++;
		skip_wsp(s);
	}
}

bool rs_caa_issue_read(struct rs_bytes value, struct rs_caa_issue *out)
{
	struct scan s = {value.data, value.data + value.len};

	*out = (struct rs_caa_issue){0};
	skip_wsp(&s);
	if (s.at < s.end && *s.at != ';' && !read_issuer(&s, &out->issuer))
		return false;
	skip_wsp(&s);
	if (s.at == s.end)
		return true;
	if (!is(&s, ';'))
		return false;
	s.at++;
	skip_wsp(&s);
	return s.at == s.end || read_parameters(&s, out);
}
