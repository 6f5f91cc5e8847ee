/* Issue-values of CAA records: the parser agrees with a regular expression of the ABNF. */
#include "rs/caa.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LABEL	  "[A-Za-z0-9](-*[A-Za-z0-9])*"
#define WSP	  "[ \t]*"
#define PARAMETER LABEL WSP "=" WSP "[!-:<-~]*"
#define ABNF                                                                                       \
	"^" WSP "(" LABEL "(\\." LABEL ")*" WSP ")?"                                               \
	"(;" WSP "(" PARAMETER "(" WSP ";" WSP PARAMETER ")*" WSP ")?)?$"
#define LEN_MAX 256 /* the expression is slow on long texts */

static bool within(struct rs_bytes part, const uint8_t *data, size_t size)
{
	return part.len == 0 || (part.data >= data && part.data + part.len <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static regex_t abnf;
	static bool ready;
	struct rs_caa_issue issue;
	bool good = rs_caa_issue_read((struct rs_bytes){data, size}, &issue);
	char text[LEN_MAX + 1];

	if (!ready && regcomp(&abnf, ABNF, REG_EXTENDED | REG_NOSUB) != 0)
		abort();
	ready = true;
	if (good && (!within(issue.issuer, data, size) || !within(issue.account, data, size) ||
			    !within(issue.methods, data, size)))
		abort();
	if (size > LEN_MAX)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (good != (strlen(text) == size && regexec(&abnf, text, 0, NULL, 0) == 0))
		abort();
	return 0;
}
