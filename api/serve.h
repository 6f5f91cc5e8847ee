/* The subcommands that live in api/. */
#ifndef API_SERVE_H
#define API_SERVE_H

/* `reissued serve` */
int rs_serve(int argc, char **argv);
/* `reissued routes`: prints the route table, for the check against openapi.yaml. */
int rs_routes_command(int argc, char **argv);

#endif
