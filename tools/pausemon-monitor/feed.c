/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/utf8.h"
#include "common/when.h"

void feed_set_clock(struct known *known)
{
    known->now_ms = client_now_ms();
    known->now_ns = when_now_ns();
}

static void set_host(struct known *known)
{
    char name[256] = "";

    if (gethostname(name, sizeof name - 1) == 0)
        utf8_clean(known->host, sizeof known->host, name);
}

/* The user's place if there is a database, else the system's if there is one. */
static void choose_place(struct link *link)
{
    struct place other;

    if (link->given || access(link->place.database, F_OK) == 0 || place_data(NULL, 1, &other) < 0)
        return;
    if (access(other.database, F_OK) == 0 || errno == EACCES)
        link->place = other;
}

int feed_open(struct feed *feed, const struct args *args, struct known *known)
{
    const char *given = args_get(args, "data-dir");
    struct place place;

    memset(feed, 0, sizeof *feed);
    feed->is_local = args_get(args, "local") != NULL;
    set_host(known);
    feed_set_clock(known);
    link_init(&feed->link, given);
    if (feed->is_local)
        return local_open(&feed->local, args, known);
    if (given && place_data(given, 0, &place) < 0)
        return args_fail(args->program, EXIT_ERROR, "--data-dir: the path is empty or too long");
    choose_place(&feed->link);
    if (place_check(args->program, &feed->link.place) < 0)
        return EXIT_ERROR;
    feed_find_past(feed);
    return 0;
}

void feed_close(struct feed *feed)
{
    if (feed->is_local)
        local_close(&feed->local);
    link_close(&feed->link);
}

void feed_find_past(struct feed *feed)
{
    if (!feed->is_local)
        snprintf(feed->past.path, sizeof feed->past.path, "%s", feed->link.place.database);
}

int feed_fd(const struct feed *feed)
{
    return feed->is_local ? pausemon_monitor_get_fd(feed->local.monitor) : feed->link.client.fd;
}

int feed_timeout(struct feed *feed, int64_t now_ms)
{
    return feed->is_local ? pausemon_monitor_get_timeout(feed->local.monitor)
                          : link_timeout(&feed->link, now_ms);
}

int feed_work(struct feed *feed, struct known *known)
{
    if (feed->is_local)
        return local_work(&feed->local);
    const int changed = link_work(&feed->link, known);
    if (known->link == LINK_UP)
        feed_find_past(feed);
    return changed;
}
