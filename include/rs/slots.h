/*
 * How many calls outward are on their way at once, by whom they go to: a directory that hangs takes the
 * places of its own connector and of no other, and leaves the threads of the service to those who are
 * served. Nobody waits for a place: who finds none is told that the other side is not available.
 */
#ifndef RS_SLOTS_H
#define RS_SLOTS_H

#include "rs/ctx.h"

/* Places for each connector, in one process. */
#define RS_SLOTS_OF_CONNECTOR 16

struct rs_slots;

/* Never NULL. */
struct rs_slots *rs_slots_new(int each);
/* No place may be taken any more. NULL is fine. */
void rs_slots_free(struct rs_slots *slots);
/* A place of `whose`, given back by rs_slots_give(); false when all are taken. */
bool rs_slots_take(struct rs_slots *slots, const struct rs_id *whose) RS_CHECK;
void rs_slots_give(struct rs_slots *slots, const struct rs_id *whose);

#endif
