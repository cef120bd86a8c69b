/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_PURGE_H
#define PAUSEMON_PURGE_H

/* Files that were made by this program and its daemon, told from all others by their names. */

/* A directory that holds files of ours. */
struct purge_rule {
    const char *pattern;            /* of fnmatch; NULL: the end */
    const struct purge_rule *below; /* it is a directory that has these; NULL: a file or a socket */
};

extern const struct purge_rule purge_data[], purge_config[], purge_runtime[];

enum purge_how {
    PURGE_LIST = 0,  /* each, on stdout */
    PURGE_REMOVE = 1 /* and the directory, if nothing else is in it, which is told on stderr */
};

/* Does it to `directory` and what is in it that the rules name; nothing is followed that is a
 * symbolic link. How many there were; 0 also if there is no such directory; -1 after a line on
 * stderr, beginning with `program`. */
int purge(const char *program, const char *directory, const struct purge_rule *rules,
          enum purge_how how);

#endif
