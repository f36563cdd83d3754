/* The load: viewers of event streams or over Socket.IO, all in one thread, that cost as little as they can.
 *
 * Of what comes it looks for stamps only, "@<nanoseconds of CLOCK_MONOTONIC>;", one in each event, and scans
 * every byte for them. It is told what to do by lines on its standard input, and answers each with a line:
 *
 *   open PORT VIEWERS TOPIC...  so many viewers of every topic; answered when all have begun to read.
 *                               A topic is the path of an event stream, or the Socket.IO packet that asks
 *                               for its events and for an acknowledgement, as 420["join","0"]
 *   begin                       what came so far does not count
 *   await EVENTS SECONDS        answered when so many have come or it has taken too long:
 *                               events reads bytes cpu_ns first_ns last_ns p50_ns p99_ns
 *   close                       all viewers go
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTING_AT_ONCE = 128, BUFFER = 256 * 1024, READY = 512, LINEAR = 32, BUCKETS = 60 * LINEAR, STDIN = -1 };

typedef struct {
    int fd, topic;
    int head;        /* bytes of the blank line behind the answer's head that have come; 4: all of them */
    int attached;    /* its events may come */
    int in_stamp;    /* a stamp was cut, and this is what came of it */
    uint64_t stamp;
    int head_bytes;  /* of a WebSocket's frame that have come */
    unsigned char frame[10];
    int kept;
    char packet[2];  /* the first characters of the frame's packet */
    uint64_t left;   /* bytes of it that are to come */
} Viewer;

static const char STREAM[] = "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
static const char SOCKET[] = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

static Viewer *viewers;
static int total, begun, attached, port, epoll;
static char **topics;
static char buffer[BUFFER];
static uint64_t events, reads, bytes, first_at, last_at, cpu_before, histogram[BUCKETS];

static uint64_t clock_ns(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "load client: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Log-linear: 32 buckets for every power of two, so that a value is known within 3 %. */
static int bucket(uint64_t value) {
    if (value < LINEAR) return (int)value;
    int power = 63 - __builtin_clzll(value);
    return (power - 4) * LINEAR + (int)((value >> (power - 5)) & (LINEAR - 1));
}

static uint64_t bucket_value(int index) {
    if (index < LINEAR) return (uint64_t)index;
    int power = index / LINEAR + 4;
    return ((uint64_t)LINEAR + (uint64_t)(index % LINEAR)) << (power - 5);
}

static uint64_t percentile(double share) {
    uint64_t seen = 0, wanted = (uint64_t)(share * (double)events + 0.999999);
    for (int index = 0; index < BUCKETS; index++)
        if ((seen += histogram[index]) >= wanted && seen) return bucket_value(index);
    return 0;
}

static void begin_one(void) {
    Viewer *viewer = &viewers[begun++];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char request[1024];
    int length = snprintf(request, sizeof request, *topics[viewer->topic] == '/' ? STREAM : SOCKET, topics[viewer->topic]);
    if ((viewer->fd = socket(AF_INET, SOCK_STREAM, 0)) < 0) fail("socket");
    if (connect(viewer->fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
    if (send(viewer->fd, request, (size_t)length, 0) != length) fail("send");
    fcntl(viewer->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = (uint32_t)(begun - 1)};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, viewer->fd, &wanted) < 0) fail("epoll_ctl");
}

static void scan(Viewer *viewer, const char *at, const char *end, uint64_t now) {
    while (at < end) {
        if (!viewer->in_stamp) {
            if (!(at = memchr(at, '@', (size_t)(end - at)))) return;
            at++;
            viewer->in_stamp = 1;
            viewer->stamp = 0;
        }
        while (at < end && *at >= '0' && *at <= '9') viewer->stamp = viewer->stamp * 10 + (uint64_t)(*at++ - '0');
        if (at == end) return;
        viewer->in_stamp = 0;
        if (*at != ';') continue;
        histogram[bucket(now > viewer->stamp ? now - viewer->stamp : 0)]++;
        if (!events++) first_at = now;
        last_at = now;
    }
}

static void attach(Viewer *viewer) {
    if (viewer->attached) return;
    viewer->attached = 1;
    attached++;
    if (begun < total) begin_one();
}

/* A packet as one frame, masked as a client's has to be, by a key that changes nothing. */
static void say(Viewer *viewer, const char *packet) {
    unsigned char frame[256] = {0x81};
    size_t size = strlen(packet), head = size < 126 ? 2 : 4;
    if (head + 4 + size > sizeof frame) errno = EMSGSIZE, fail("a packet");
    frame[1] = 0x80 | (unsigned char)(head == 2 ? size : 126);
    if (head == 4) frame[2] = (unsigned char)(size >> 8), frame[3] = (unsigned char)size;
    memcpy(frame + head + 4, packet, size);
    if (send(viewer->fd, frame, head + 4 + size, 0) != (ssize_t)(head + 4 + size)) fail("send");
}

/* A packet has come. Its first characters say what it is: Engine.IO opens, or pings; Socket.IO connects, or refuses to,
 * or acknowledges. */
static void heard(Viewer *viewer) {
    const char *packet = viewer->packet;
    if (packet[0] == '0') say(viewer, "40");
    else if (packet[0] == '2') say(viewer, "3");
    else if (!memcmp(packet, "40", 2)) say(viewer, topics[viewer->topic]);
    else if (!memcmp(packet, "43", 2)) attach(viewer);
    else if (memcmp(packet, "42", 2)) errno = EPROTO, fail("a packet");
}

static int head_size(const unsigned char *frame) {
    return frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : 10;
}

static void read_frames(Viewer *viewer, const char *at, const char *end, uint64_t now) {
    while (at < end) {
        if (viewer->head_bytes < 2 || viewer->head_bytes < head_size(viewer->frame)) {
            viewer->frame[viewer->head_bytes++] = (unsigned char)*at++;
            if (viewer->head_bytes < 2 || viewer->head_bytes < head_size(viewer->frame)) continue;
            if (viewer->frame[0] != 0x81) errno = EPROTO, fail("a frame that is not a whole text");
            viewer->left = viewer->head_bytes == 2 ? viewer->frame[1] : 0;
            for (int index = 2; index < viewer->head_bytes; index++) viewer->left = viewer->left << 8 | viewer->frame[index];
            memset(viewer->packet, 0, sizeof viewer->packet);
            viewer->kept = 0;
            continue;
        }
        uint64_t here = (uint64_t)(end - at) < viewer->left ? (uint64_t)(end - at) : viewer->left;
        for (uint64_t index = 0; index < here && viewer->kept < 2; index++) viewer->packet[viewer->kept++] = at[index];
        scan(viewer, at, at + here, now);
        at += here;
        viewer->left -= here;
        if (viewer->left) return;
        viewer->head_bytes = 0;
        heard(viewer);
    }
}

static void read_one(Viewer *viewer) {
    ssize_t got = recv(viewer->fd, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        fprintf(stderr, "load client: the server closed %s: %s\n", topics[viewer->topic], got ? strerror(errno) : "its end");
        exit(1);
    }
    const char *at = buffer, *end = buffer + got;
    while (at < end && viewer->head < 4)
        viewer->head = *at == "\r\n\r\n"[viewer->head] ? viewer->head + 1 : *at == '\r', at++;
    if (at == end) return;
    int stream = *topics[viewer->topic] == '/';
    if (stream) attach(viewer);
    uint64_t before = events;
    bytes += (uint64_t)got;
    (stream ? scan : read_frames)(viewer, at, end, clock_ns(CLOCK_MONOTONIC));
    reads += events > before;
}

static void open_all(char *arguments) {
    int each, count = 0, room = 16;
    char *rest = NULL;
    port = atoi(strtok_r(arguments, " \n", &rest));
    each = atoi(strtok_r(NULL, " \n", &rest));
    topics = malloc((size_t)room * sizeof *topics);
    for (char *topic; (topic = strtok_r(NULL, " \n", &rest)); topics[count++] = strdup(topic))
        if (count == room) topics = realloc(topics, (size_t)(room *= 2) * sizeof *topics);
    total = each * count;
    begun = attached = 0;
    viewers = calloc((size_t)total, sizeof *viewers);
    for (int index = 0; index < total; index++) viewers[index].topic = index % count;
    while (begun < total && begun < CONNECTING_AT_ONCE) begin_one();
}

static void close_all(void) {
    for (int index = 0; index < begun; index++) close(viewers[index].fd);
    free(viewers);
    viewers = NULL;
    total = begun = attached = 0;
}

static void begin(void) {
    events = reads = bytes = first_at = last_at = 0;
    memset(histogram, 0, sizeof histogram);
    for (int index = 0; index < total; index++) viewers[index].in_stamp = 0;
    cpu_before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static void report(void) {
    uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
    printf("%lu %lu %lu %lu %lu %lu %lu %lu\n", events, reads, bytes, cpu, first_at, last_at, percentile(0.5), percentile(0.99));
}

int main(void) {
    static struct epoll_event ready[READY];
    static char *line;
    static size_t room;
    uint64_t wanted = 0, until = 0;
    int opening = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    epoll = epoll_create1(0);
    struct epoll_event commands = {.events = EPOLLIN, .data.u32 = (uint32_t)STDIN};
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &commands);
    for (;;) {
        int count = epoll_wait(epoll, ready, READY, 50);
        for (int index = 0; index < count; index++) {
            if (ready[index].data.u32 != (uint32_t)STDIN) {
                read_one(&viewers[ready[index].data.u32]);
                continue;
            }
            if (getline(&line, &room, stdin) <= 0) return 0;
            if (!strncmp(line, "open ", 5)) {
                open_all(line + 5);
                opening = 1;
            } else if (!strncmp(line, "await ", 6)) {
                double seconds;
                sscanf(line + 6, "%lu %lf", &wanted, &seconds);
                until = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * 1e9);
            } else if (!strncmp(line, "begin", 5)) {
                begin();
                puts("begun");
            } else if (!strncmp(line, "close", 5)) {
                close_all();
                puts("closed");
                break; /* what else is ready has gone */
            }
        }
        if (opening && attached == total) {
            printf("opened %d\n", total);
            opening = 0;
        }
        if (until && (events >= wanted || clock_ns(CLOCK_MONOTONIC) > until)) {
            report();
            until = 0;
        }
    }
}
