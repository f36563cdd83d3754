/* The limit: an event is made once, and goes to each of its viewers by one send(). ``send_loop PORT``. */
#include "publishing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

enum { TOPICS = 1024 };

static struct { int count, room, *sockets; } topics[TOPICS];
static int topic_count;
static char line[256], request[2048], events[64 * 1024];

static void accept_one(int listener) {
    int viewer = accept(listener, NULL, NULL), one = 1, number = 0;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n2\r\n:\n\r\n";
    setsockopt(viewer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ssize_t got = recv(viewer, request, sizeof request - 1, 0); /* a request comes in one piece here */
    request[got > 0 ? got : 0] = 0;
    if (sscanf(request, "GET /%d ", &number) != 1 || number >= topic_count) {
        close(viewer);
        return;
    }
    fcntl(viewer, F_SETFL, O_NONBLOCK);
    send(viewer, head, sizeof head - 1, MSG_NOSIGNAL);
    if (topics[number].count == topics[number].room) {
        topics[number].room = topics[number].room ? 2 * topics[number].room : 8;
        topics[number].sockets = realloc(topics[number].sockets, (size_t)topics[number].room * sizeof(int));
    }
    topics[number].sockets[topics[number].count++] = viewer;
}

static void begin_topics(int count) {
    for (int index = 0; index < topic_count; topics[index++].count = 0)
        for (int viewer = 0; viewer < topics[index].count; viewer++) close(topics[index].sockets[viewer]);
    topic_count = count;
    for (int index = 0; index < count; index++) printf("/%d ", index);
    printf("\n");
}

static int make(char *at, uint64_t due, uint64_t number) {
    char event[512];
    int length = sprintf(event, "event: thread.message.delta\ndata: " DATA "\nid: 7.k3f9~5.0.%05lx\n\n", due, number & 0xfffff);
    return sprintf(at, "%x\r\n%s\r\n", length, event);
}

static void send_all(int socket, const char *data, size_t length) {
    while (length) {
        ssize_t sent = send(socket, data, length, MSG_NOSIGNAL);
        if (sent >= 0) {
            data += sent;
            length -= (size_t)sent;
        } else if (errno == EAGAIN) {
            struct pollfd room = {.fd = socket, .events = POLLOUT};
            poll(&room, 1, 1000);
        } else if (errno != EINTR) {
            return;
        }
    }
}

static uint64_t publish(int batch, double rate, double seconds) {
    uint64_t begun = now_ns(), end = begun + (uint64_t)(seconds * 1e9), number = 0, turn = 0;
    while (now_ns() < end) {
        uint64_t due = due_at(begun, number, rate);
        if (!due) {
            usleep(500);
            continue;
        }
        size_t length = 0;
        for (int index = 0; index < batch; index++) length += (size_t)make(events + length, due, number++);
        int topic = (int)(turn++ % (uint64_t)topic_count);
        for (int viewer = 0; viewer < topics[topic].count; viewer++) send_all(topics[topic].sockets[viewer], events, length);
    }
    return number;
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "0"))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
    setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        struct pollfd ready[2] = {{.fd = 0, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
        fflush(stdout);
        poll(ready, 2, -1);
        if (ready[1].revents) accept_one(listener);
        if (!ready[0].revents) continue;
        int count, batch;
        double rate, seconds;
        if (!fgets(line, sizeof line, stdin)) return 0;
        if (sscanf(line, "topics %d", &count) == 1) begin_topics(count);
        if (sscanf(line, "publish %d %lf %lf", &batch, &rate, &seconds) == 3) printf("published %lu\n", publish(batch, rate, seconds));
    }
}
