/* The operator's pattern for numbers: a POSIX extended regular expression that is cheap to use. */
#include "rs/sms.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
/* The most atoms of a pattern, each repetition written out, and groups within groups. */
#define MOST   2000
#define DEPTH  20

/* Past a bracket expression, whose '[' is before text; NULL when it has no end. */
static const char *past_bracket(const char *text)
{
	text += *text == '^';
	text += *text == ']';
	while (*text && *text != ']') {
		char end[3] = {text[1], ']', '\0'};
		bool named = *text == '[' && text[1] && strchr(".:=", text[1]);
		const char *at = named ? strstr(text + 2, end) : text;

		if (!at)
			return NULL;
		text = at + (named ? 2 : 1);
	}
	return *text ? text + 1 : NULL;
}

/* How often a repetition is written out; *text is moved past it, or stays when there is none. */
static unsigned long copies(const char **text)
{
	unsigned long least, most;
	char *end;

	if (**text == '*' || **text == '?' || **text == '+')
		return *(*text)++ == '+' ? 2 : 1;
	if (**text != '{')
		return 0;
	least = most = strtoul(*text + 1, &end, 10);
	if (*end == ',')
		most = strtoul(end + 1, &end, 10);
	*text = end + (*end == '}');
	if (least >= most)
		most = least + 1;
	return most < MOST ? most : MOST;
}

/* The atom at *text, which is moved past it: false for what no pattern may hold. */
static bool read_atom(const char **text)
{
	if (**text == '\\' && ((*text)[1] == '\0' || strchr(DIGITS, (*text)[1])))
		return false;
	if (**text == '[')
		*text = past_bracket(*text + 1);
	else
		*text += **text == '\\' ? 2 : 1;
	return *text != NULL;
}

/* Whether what a pattern comes to, with its repetitions written out, is small. */
static bool is_small(const char *pattern)
{
	unsigned long before[DEPTH], size = 0, atom, n;
	int depth = 0;

	while (*pattern) {
		if (*pattern == '(') {
			if (depth == DEPTH)
				return false;
			before[depth++] = size;
			size = 0;
			pattern++;
			continue;
		}
		atom = 1;
		if (*pattern == ')' && depth > 0) {
			atom += size;
			size = before[--depth];
			pattern++;
		} else if (!read_atom(&pattern)) {
			return false;
		}
		while (atom <= MOST && (n = copies(&pattern)) > 0)
			atom *= n;
		size += atom;
		if (size > MOST)
			return false;
	}
	return true;
}

/* What is wrong with a pattern; NULL: it is compiled. */
static const char *compile(const char *pattern, regex_t *compiled)
{
	if (!is_small(pattern))
		return "Its repetitions come to too much, or it has back references.";
	if (regcomp(compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return "This is no POSIX extended regular expression.";
	return NULL;
}

const char *rs_sms_pattern_fault(const char *pattern)
{
	regex_t compiled;
	const char *why = compile(pattern, &compiled);

	if (!why)
		regfree(&compiled);
	return why;
}

bool rs_sms_pattern_matches(const char *pattern, const char *number)
{
	regex_t compiled;
	bool found;

	/* It was judged when it was saved; one that would not be saved now matches nothing. */
	if (compile(pattern, &compiled))
		return false;
	found = regexec(&compiled, number, 0, NULL, 0) == 0;
	regfree(&compiled);
	return found;
}
