/* What the two publishers written in C share: the event, the clock, and when the next one is due. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#define DATA                                                                                                    \
    "{\"id\":\"msg_A1b2C3d4E5f6G7h8I9j0K1l2\",\"object\":\"thread.message.delta\",\"delta\":{\"content\":"      \
    "[{\"index\":0,\"type\":\"text\",\"text\":{\"value\":\"@%016lu; token\"}}]}}"

/* The time that the event with this number was due; as fast as it goes, that is now. 0 if it is not due yet. */
static uint64_t due_at(uint64_t begun, uint64_t number, double rate) {
    uint64_t now = now_ns(), due = rate > 0 ? begun + (uint64_t)((double)number * 1e9 / rate) : now;
    return due <= now ? due : 0;
}
