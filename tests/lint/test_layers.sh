#!/bin/sh
# A folder includes no library that is not its own.
set -u
cd "$1" || exit 1
status=0

# check PATTERN OWNERS: only files whose path matches OWNERS may include PATTERN.
check() {
	found=$(grep -rnE "#[[:space:]]*include[[:space:]]*<($1)" --include='*.c' --include='*.h' \
		api src include | grep -vE "^($2)")
	if [ -n "$found" ]; then
		printf 'only %s may include %s:\n%s\n' "$2" "$1" "$found"
		status=1
	fi
}

check 'ulfius|yder|orcania|microhttpd' 'api/'
check 'libpq' 'src/store/'
check 'curl/' 'src/net/(httpc|fetch|smtp)\.c'
check 'cjose' 'src/net/jose\.c'
check 'unbound' 'src/net/resolver\.c'
check 'ldap' 'src/net/ldap\.c'
check 'idn2|libpsl' 'src/names/'
check 'argon2' 'src/identity/'
check 'liboath|qrencode' 'src/factor/'
check 'yaml' 'src/base/yaml\.c'
check 'lasso|libxml|xmlsec|glib|seccomp' 'src/saml/'
check 'openssl/(x509|x509v3|pkcs7|pkcs12|cms|ocsp|pem)' 'src/issuer/|src/signer/'
check 'openssl/' 'src/base/|src/issuer/|src/signer/|src/net/jose'

# src/ knows no HTTP: neither the layer's headers nor its statuses.
found=$(grep -rnE '#[[:space:]]*include[[:space:]]*"(\.\./)*(api/|http\.h|route\.h|server\.h)' src include)
[ -z "$found" ] || { printf 'src/ must not know api/:\n%s\n' "$found"; status=1; }
# No SQL outside sql/ and the store.
found=$(grep -rnE '"(SELECT|INSERT INTO|UPDATE|DELETE FROM) ' --include='*.c' api src | grep -v '^src/store/')
[ -z "$found" ] || { printf 'SQL belongs into sql/queries:\n%s\n' "$found"; status=1; }
exit $status
