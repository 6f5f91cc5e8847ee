/* Code points: what may not stand in a name, and what may be taken for something else. */
#include "part.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

#define IN(c, table) in_ranges((c), (table), sizeof(table) / sizeof((table)[0]))

static const struct range CONTROL[] = {{0x01, 0x1f}, {0x7f, 0x9f}, {0x2028, 0x2029}};
static const struct range BIDI[] = {{0x061c, 0x061c}, {0x200e, 0x200f}, {0x202a, 0x202e},
	{0x2066, 0x2069}};
/* Invisible: soft hyphen, combining grapheme joiner, fillers, zero width, variation selectors, tags. */
static const struct range INVISIBLE[] = {{0xad, 0xad}, {0x034f, 0x034f}, {0x115f, 0x1160},
	{0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200d}, {0x2060, 0x2065}, {0x206a, 0x206f},
	{0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
	{0xe0000, 0xe0fff}};
static const struct range PRIVATE[] = {{0xe000, 0xf8ff}, {0xfdd0, 0xfdef}, {0xfff9, 0xfffd},
	{0xf0000, 0x10ffff}};

uint32_t rs_text_next(const char **text)
{
	const unsigned char *s = (const unsigned char *)*text;
	int more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t c = more == 0 ? s[0] : s[0] & (0x3fu >> more);

	if (s[0] == '\0')
		return 0;
	for (int i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80) { /* not UTF-8 after all: never run past the end */
			more = i - 1;
			c = 0xfffd;
			break;
		}
		c = c << 6 | (s[i] & 0x3fu);
	}
	*text += more + 1;
	return c;
}

const char *rs_text_fault(const char *text)
{
	uint32_t c;

	while ((c = rs_text_next(&text)) != 0) {
		if (IN(c, CONTROL))
			return "it holds a control character";
		if (IN(c, BIDI))
			return "it holds a character that changes the direction of writing";
		if (IN(c, INVISIBLE))
			return "it holds a character that cannot be seen";
		if (IN(c, PRIVATE) || (c & 0xfffe) == 0xfffe)
			return "it holds a code point that is no character";
	}
	return NULL;
}

bool rs_text_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

enum script { COMMON = 0, LATIN = 1, GREEK = 2, CYRILLIC = 4, ARMENIAN = 8, CHEROKEE = 16 };

/* Only the scripts whose letters look like each other's; all others never mix up. */
static enum script script_of(uint32_t c)
{
	static const struct range latin[] = {{'A', 'Z'}, {'a', 'z'}, {0xc0, 0xd6}, {0xd8, 0xf6},
		{0xf8, 0x2af}, {0x1e00, 0x1eff}, {0x2c60, 0x2c7f}, {0xa720, 0xa7ff}};
	static const struct range greek[] = {{0x370, 0x373}, {0x376, 0x3e1}, {0x3f0, 0x3ff},
		{0x1f00, 0x1fff}};
	static const struct range cyrillic[] = {{0x400, 0x52f}, {0x1c80, 0x1c88}, {0x2de0, 0x2dff},
		{0xa640, 0xa69f}};
	static const struct range armenian[] = {{0x531, 0x58f}};
	static const struct range cherokee[] = {{0x13a0, 0x13ff}, {0xab70, 0xabbf}};

	if (IN(c, latin))
		return LATIN;
	if (IN(c, greek))
		return GREEK;
	if (IN(c, cyrillic))
		return CYRILLIC;
	if (IN(c, armenian))
		return ARMENIAN;
	return IN(c, cherokee) ? CHEROKEE : COMMON;
}

/* Lower-case Cyrillic letters that a reader takes for Latin ones. */
static bool cyrillic_look_alike(uint32_t c)
{
	static const uint32_t letters[] = {0x430, 0x435, 0x43e, 0x440, 0x441, 0x443, 0x445, 0x455,
		0x456, 0x458, 0x4bb, 0x501, 0x51b, 0x51d, 0x4cf};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (c == letters[i])
			return true;
	return false;
}

const char *rs_text_confusable(const char *text)
{
	unsigned scripts = 0;
	bool alike = true;

	for (;;) {
		uint32_t c = rs_text_next(&text);

		if (c == 0 || c == ' ' || c == '.' || c == '-' || c == '@') { /* a word ends */
			if ((scripts & (scripts - 1)) != 0)
				return "it mixes scripts whose letters look alike";
			if (scripts == CYRILLIC && alike)
				return "its Cyrillic letters look like Latin ones";
			scripts = 0;
			alike = true;
			if (c == 0)
				return NULL;
			continue;
		}
		scripts |= script_of(c);
		alike = alike && (script_of(c) != CYRILLIC || cyrillic_look_alike(c));
	}
}
