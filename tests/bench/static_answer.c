/*
 * static_answer: the smallest Ulfius program, the yardstick for GET by id. It answers every GET of
 * /v1/static/ID with the same JSON of the size given, on a thread a connection, as the service does.
 *
 *	static_answer PORT BYTES
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>

static char *answer;
static size_t answer_len;

static int on_get(const struct _u_request *request, struct _u_response *response, void *data)
{
	(void)request;
	(void)data;
	ulfius_set_binary_body_response(response, 200, answer, answer_len);
	u_map_put(response->map_header, "Content-Type", "application/json");
	return U_CALLBACK_COMPLETE;
}

int main(int argc, char **argv)
{
	struct _u_instance instance;
	sigset_t set;
	int got;

	if (argc != 3)
		return 2;
	answer_len = strtoul(argv[2], NULL, 10);
	answer = malloc(answer_len + 2);
	if (!answer)
		return 2;
	memset(answer, 'x', answer_len);
	answer[0] = answer[answer_len - 1] = '"';
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (ulfius_init_instance(&instance, (unsigned int)atoi(argv[1]), NULL, NULL) != U_OK)
		return 1;
	ulfius_add_endpoint_by_val(&instance, "GET", "/v1/static", "/:id", 0, on_get, NULL);
	if (ulfius_start_framework(&instance) != U_OK)
		return 1;
	sigwait(&set, &got);
	ulfius_stop_framework(&instance);
	ulfius_clean_instance(&instance);
	free(answer);
	return 0;
}
