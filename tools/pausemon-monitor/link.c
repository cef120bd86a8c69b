/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIRST_WAIT_MS 1000
#define LONGEST_WAIT_MS 30000
#define LINES_AT_ONCE 32 /* then keys are looked at */

void link_init(struct link *link, const char *given)
{
    struct place other;

    memset(link, 0, sizeof *link);
    link->client.fd = -1;
    link->given = given;
    link->wait_ms = FIRST_WAIT_MS;
    if (place_data(given, 0, &link->place) < 0 && !given && place_data(NULL, 1, &other) == 0)
        link->place = other;
}

void link_close(struct link *link)
{
    client_close(&link->client);
}

static const char *reason(int why)
{
    static const struct {
        int why;
        const char *text;
    } reasons[] = {
        {ENOENT, "no daemon runs"},
        {ENOTDIR, "no daemon runs"},
        {ECONNREFUSED, "no daemon runs"},
        {EACCES, "not allowed: it is for the group pausemon"},
        {EPERM, "not allowed: it is for the group pausemon"},
        {EAGAIN, "the daemon takes no connections"},
        {ENAMETOOLONG, "the path of the socket is too long"},
        {ENOTSOCK, "what is there is no socket"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].why == why)
            return reasons[i].text;
    return "it cannot be reached";
}

/* Until the next attempt. `why` NULL: known->link_why says it already. */
static void give_up(struct link *link, struct known *known, const char *why)
{
    client_close(&link->client);
    link->is_behind = 0;
    if (known->link == LINK_UP)
        known_disconnect(known);
    known->link = LINK_DOWN;
    if (why)
        snprintf(known->link_why, sizeof known->link_why, "%s", why);
    link->next_ms = known->retry_ms = known->now_ms + link->wait_ms;
    link->wait_ms = 2 * link->wait_ms < LONGEST_WAIT_MS ? 2 * link->wait_ms : LONGEST_WAIT_MS;
}

/* 0, or an errno. */
static int try(struct link *link, const struct place *place)
{
    return client_open_at_once(&link->client, place->socket) == 0 ? 0 : errno;
}

static void reach(struct link *link, struct known *known)
{
    struct place place;

    int why = place_data(link->given, 0, &place) == 0 ? try(link, &place) : ENOENT;
    if (!link->given && (why == ENOENT || why == ENOTDIR || why == ECONNREFUSED) &&
        place_data(NULL, 1, &place) == 0)
        why = try(link, &place);
    if (why) {
        give_up(link, known, reason(why));
        return;
    }
    link->place = place;
    known->link = LINK_UP;
    known->heard_ms = known->now_ms;
    known->is_dirty = 1;
    snprintf(known->link_name, sizeof known->link_name, "%s", place.is_system ? "system" : "");
}

/* What is wrong with a line ends the connection. */
static int hear(struct link *link, struct known *known, const char *line, size_t length)
{
    const int status = known_hear(known, line, length);

    if (status == 0) {
        link->wait_ms = FIRST_WAIT_MS;
        return 0;
    }
    give_up(link, known,
            status == -3   ? NULL
            : status == -2 ? "this build reads no JSON"
                           : "what answers is no pausemond");
    return -1;
}

static int read_lines(struct link *link, struct known *known)
{
    enum client_status status = CLIENT_WAIT;
    const char *line;
    size_t length;
    int count = 0;

    for (; count < LINES_AT_ONCE; count++) {
        status = client_read(&link->client, 0, &line, &length);
        if (status != CLIENT_LINE)
            break;
        if (hear(link, known, line, length) < 0)
            return 1;
    }
    link->is_behind = status == CLIENT_LINE;
    if (status == CLIENT_GONE)
        give_up(link, known, "the daemon has ended");
    if (status == CLIENT_TOO_LONG)
        give_up(link, known, "what answers is no pausemond");
    return count > 0 || known->link == LINK_DOWN;
}

int link_work(struct link *link, struct known *known)
{
    if (link->client.fd < 0) {
        if (known->now_ms < link->next_ms)
            return 0;
        reach(link, known);
    }
    return link->client.fd < 0 ? 1 : read_lines(link, known);
}

int link_timeout(const struct link *link, int64_t now_ms)
{
    if (link->is_behind)
        return 0;
    if (link->client.fd >= 0)
        return -1;
    return link->next_ms > now_ms ? (int)(link->next_ms - now_ms) : 0;
}
