/* reissued-saml: one order on standard input, one answer on standard output, both JSON. */
#include "saml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
	"usage: reissued-saml <order.json >answer.json\n"
	"\n"
	"Reads SAML messages and metadata for reissued, which starts it for each of them.\n"
	"The order is one JSON object {command, now_us, sp, idp_metadata, ...}, command one of\n"
	"request, response, metadata, sp_metadata; where a key is needed, a NUL and the key as\n"
	"PEM follow. The answer is {ok, ...} or {ok, code, reason, detail}.\n"
	"It opens no file and no connection, and takes 256 MiB and 2 s of CPU at most.\n"
	"\n"
	"This program links lasso and is distributed under the GNU General Public License,\n"
	"version 3 or later. There is NO WARRANTY.\n";

/* The whole order, at most one byte more than is taken, and a NUL behind it. */
static char *read_order(size_t *len)
{
	char *text = malloc(RS_SAML_ORDER_MAX + 2);
	ssize_t n = 1;
	*len = 0;
	while (text && n > 0 && *len <= RS_SAML_ORDER_MAX) {
		n = read(STDIN_FILENO, text + *len, RS_SAML_ORDER_MAX + 1 - *len);
		if (n > 0)
			*len += (size_t)n;
	}
	if (n < 0) {
		free(text);
		text = NULL;
	}
	if (text)
		text[*len] = '\0';
	return text;
}

static bool write_all(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

int main(int argc, char **argv)
{
	size_t len = 0;
	if (argc > 1) {
		bool help = strcmp(argv[1], "--help") == 0;
		bool version = strcmp(argv[1], "--version") == 0;
		fputs(version ? "reissued-saml " RS_VERSION "\n" : HELP,
			help || version ? stdout : stderr);
		return help || version ? 0 : 2;
	}
	if (!rs_saml_limit() || !rs_saml_libraries_start() || !rs_saml_confine())
		return 3;
	char *order = read_order(&len);
	if (!order)
		return 3;
	json_t *answer = rs_saml_run(order, len);
	char *text = json_dumps(answer, JSON_COMPACT);
	bool written = text && write_all(text, strlen(text));
	free(text);
	json_decref(answer);
	free(order);
	return written ? 0 : 3;
}
