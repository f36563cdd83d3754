/* Publishes to nginx with Nchan, which takes events as POSTs: pipelined on one kept connection. ``nchan_publisher PORT``. */
#include "publishing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum { UNANSWERED = 64 };

static int connection, topic_count = 1;
static uint64_t answered;
static char line[256], answers[64 * 1024];

static void read_answers(int milliseconds) {
    static const char begins[] = "HTTP/1.1 2"; /* anything else is an error, and is never answered for */
    static int matched;
    struct pollfd ready = {.fd = connection, .events = POLLIN};
    if (poll(&ready, 1, milliseconds) <= 0) return;
    ssize_t got = recv(connection, answers, sizeof answers, 0);
    if (got <= 0) exit(1);
    for (ssize_t index = 0; index < got; index++) {
        matched = answers[index] == begins[matched] ? matched + 1 : answers[index] == 'H';
        if (matched == (int)sizeof begins - 1) answered++, matched = 0;
    }
}

static void post(int topic, uint64_t due) {
    char data[512], request[1024];
    int length = sprintf(data, DATA, due);
    int size = sprintf(request,
                       "POST /publish/%d HTTP/1.1\r\nHost: localhost\r\nX-EventSource-Event: thread.message.delta\r\n"
                       "Content-Length: %d\r\n\r\n%s", topic, length, data);
    if (send(connection, request, (size_t)size, MSG_NOSIGNAL) != size) exit(1);
}

static uint64_t publish(int batch, double rate, double seconds) {
    uint64_t begun = now_ns(), end = begun + (uint64_t)(seconds * 1e9), number = 0, turn = 0, before = answered;
    uint64_t at_once = rate > 0 ? UNANSWERED : topic_count > 1 ? 16 : (uint64_t)(2 * batch);
    while (now_ns() < end) {
        uint64_t due = due_at(begun, number, rate);
        if (!due || number + (uint64_t)batch > answered - before + at_once) {
            read_answers(due ? 100 : 0);
            if (!due) usleep(500);
            continue;
        }
        for (int index = 0; index < batch; index++, number++) post((int)(turn % (uint64_t)topic_count), due);
        turn++;
    }
    for (int patience = 0; number > answered - before && patience < 100; patience++) read_answers(100);
    return number;
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "0"))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address)) return perror("connect"), 1;
    while (fgets(line, sizeof line, stdin)) {
        int batch;
        double rate, seconds;
        if (sscanf(line, "topics %d", &topic_count) == 1) {
            for (int index = 0; index < topic_count; index++) printf("/%d ", index);
            printf("\n");
        }
        if (sscanf(line, "publish %d %lf %lf", &batch, &rate, &seconds) == 3) printf("published %lu\n", publish(batch, rate, seconds));
        fflush(stdout);
    }
}
