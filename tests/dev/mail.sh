# The mail servers of an instance (tests/peers/mail): one that puts every mail into a file of
# DIR/outbox, and others that fail as mail servers do. TLS with a CA of their own.
# shellcheck shell=bash

MAIL_PEER=$ROOT/tests/peers/mail

mail_up()
{
	quietly "$MAIL_PEER/up" "$DIR/mail" "$DIR/outbox"
	say "mail" "$(mail_server), every mail is a file of $DIR/outbox"
}

# HOST:PORT of the server that takes mail over STARTTLS.
mail_server()
{
	echo "127.0.0.1:$(jq -r .ports.starttls "$DIR/mail/mail.json")"
}

mail_down()
{
	[ ! -f "$DIR/mail/mail.json" ] || quietly "$MAIL_PEER/down" "$DIR/mail"
}

mail_status()
{
	local pid
	pid=$(jq -r '.pid // empty' "$DIR/mail/mail.json" 2>/dev/null) || pid=''
	if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
		say "mail" "runs: pid $pid, $(mail_server), mails in $DIR/outbox"
	else
		say "mail" "stopped"
	fi
}
