/* SPDX-License-Identifier: MIT */
/* Each system's programs for notifications. All of it is compiled everywhere, and tested with
 * programs that only write down how they were called. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "forensics/alerts.h"

#define ENTRIES 1024 /* of /run/user, at most looked at */
#define PATH_SIZE 256

/* ---- who has a session ---- */

static bool parse_uid(const char *name, uint32_t *uid)
{
    const char *at = name, *end = name + strlen(name);
    uint64_t value;

    if (!pm_parse_u64(&at, end, &value) || at != end || value >= UINT32_MAX ||
        (name[0] == '0' && name[1]))
        return false;
    *uid = (uint32_t)value;
    return true;
}

/* The directory and the socket in it are this user's, and both are what they seem. */
static bool has_bus(int users, const char *name, struct pm_alert_user *user)
{
    struct stat info;
    int directory = openat(users, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (directory < 0)
        return false;
    bool found = fstat(directory, &info) == 0 && info.st_uid == user->uid;
    user->gid = (uint32_t)info.st_gid;
    found = found && fstatat(directory, "bus", &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISSOCK(info.st_mode) && info.st_uid == user->uid;
    close(directory);
    return found;
}

/* The lowest numbers are kept, in their order. */
static size_t insert(struct pm_alert_user *users, size_t count, const struct pm_alert_user *user)
{
    size_t at = count;

    if (count == PM_ALERT_USERS && users[count - 1].uid < user->uid)
        return count;
    if (count < PM_ALERT_USERS)
        count++;
    else
        at--;
    for (; at > 0 && users[at - 1].uid > user->uid; at--)
        users[at] = users[at - 1];
    users[at] = *user;
    return count;
}

static int open_run_user(const char *root)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/run/user", root);
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static size_t find_by_bus(const char *root, struct pm_alert_user *users)
{
    int fd = open_run_user(root);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    size_t count = 0;

    if (!directory) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (int i = 0; i < ENTRIES && (entry = readdir(directory)); i++) {
        struct pm_alert_user user;
        if (parse_uid(entry->d_name, &user.uid) && has_bus(fd, entry->d_name, &user))
            count = insert(users, count, &user);
    }
    closedir(directory);
    return count;
}

static int find_own_bus(const char *root, const char *address, struct pausemon_error *error)
{
    struct pm_alert_user user = {(uint32_t)geteuid(), 0};
    char name[16];

    if (address && address[0])
        return 0;
    snprintf(name, sizeof name, "%" PRIu32, user.uid);
    int users = open_run_user(root);
    bool found = users >= 0 && has_bus(users, name, &user);
    if (users >= 0)
        close(users);
    return found ? 0
                 : pm_fail(error, PAUSEMON_ERR_NOT_FOUND,
                           "no session bus: DBUS_SESSION_BUS_ADDRESS is not set and "
                           "/run/user/%s/bus is not there",
                           name);
}

/* Whoever sits at the screen; root is the login window. */
static size_t find_by_console(const char *root, struct pm_alert_user *users)
{
    char path[PATH_SIZE];
    struct stat info;

    snprintf(path, sizeof path, "%s/dev/console", root);
    if (lstat(path, &info) < 0 || info.st_uid == 0)
        return 0;
    users[0] = (struct pm_alert_user){(uint32_t)info.st_uid, (uint32_t)info.st_gid};
    return 1;
}

static int own_always(const char *root, const char *address, struct pausemon_error *error)
{
    (void)root;
    (void)address;
    (void)error;
    return 0;
}

/* ---- their programs ---- */

#define NOTIFY_SEND                                                                                \
    "{root}/usr/bin/notify-send", "-a", "pausemon", "-u", "{urgency}", "?-h",                      \
        "?string:sound-name:dialog-warning", "--", "{title}", "{body}", NULL

static const char *const linux_self[] = {NOTIFY_SEND};

/* Nothing of root's goes along: limits (a user could take the program over, and with it the right
 * to real time and to lock all memory), groups, environment, a way back. */
static const char *const linux_everybody[] = {
    "{root}/usr/bin/prlimit",
    "--memlock=0",
    "--rtprio=0",
    "--",
    "{root}/usr/bin/setpriv",
    "--reuid={uid}",
    "--regid={gid}",
    "--clear-groups",
    "--inh-caps=-all",
    "--no-new-privs",
    "--reset-env",
    "--",
    "{root}/usr/bin/env",
    "LC_ALL=C",
    "XDG_RUNTIME_DIR={root}/run/user/{uid}",
    "DBUS_SESSION_BUS_ADDRESS=unix:path={root}/run/user/{uid}/bus",
    NOTIFY_SEND,
};

const struct pm_alert_system pm_alert_linux = {
    linux_self, linux_everybody, "notify-send comes with the package libnotify-bin",
    true,       find_by_bus,     find_own_bus};

/* Texts are arguments of the script and no part of it. */
#define OSASCRIPT                                                                                  \
    "{root}/usr/bin/osascript", "-e", "on run argv", "-e",                                         \
        "!display notification (item 2 of argv) with title (item 1 of argv)",                      \
        "?display notification (item 2 of argv) with title (item 1 of argv) sound name \"Basso\"", \
        "-e", "end run", "{title}", "{body}", NULL

static const char *const darwin_self[] = {OSASCRIPT};

/* launchctl enters the session but stays root: sudo does not. */
static const char *const darwin_everybody[] = {
    "{root}/bin/launchctl",
    "asuser",
    "{uid}",
    "{root}/usr/bin/sudo",
    "-n",
    "-u",
    "#{uid}",
    "--",
    OSASCRIPT,
};

const struct pm_alert_system pm_alert_darwin = {
    darwin_self, darwin_everybody, "it is a part of macOS", false, find_by_console, own_always};

const struct pm_alert_system *pm_alert_here(void)
{
#ifdef __APPLE__
    return &pm_alert_darwin;
#else
    return &pm_alert_linux;
#endif
}

/* ---- arguments ---- */

static bool put(struct pm_alert_command *command, const char *bytes, size_t length)
{
    if (length >= sizeof command->store - command->used)
        return false;
    memcpy(command->store + command->used, bytes, length);
    command->used += length;
    return true;
}

/* notify-send undoes escapes of C, then the desktop reads markup: names of processes are neither.
 */
static bool put_markup(struct pm_alert_command *command, const char *text)
{
    static const struct {
        char byte;
        const char *instead;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\\', "\\\\"}};

    for (; *text; text++) {
        const char *instead = NULL;
        for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
            if (*text == escapes[i].byte)
                instead = escapes[i].instead;
        if (!(instead ? put(command, instead, strlen(instead)) : put(command, text, 1)))
            return false;
    }
    return true;
}

struct word {
    const char *name, *value;
    bool is_markup;
};

/* What the {word} at `at` stands for; *length is that of the word. */
static const struct word *find_word(const struct word *words, const char *at, size_t *length)
{
    for (; words->name; words++) {
        *length = strlen(words->name);
        if (strncmp(at, words->name, *length) == 0)
            return words;
    }
    return NULL;
}

/* One argument: what is put in is not looked at again. */
static bool put_part(struct pm_alert_command *command, const char *part, const struct word *words)
{
    const char *start = command->store + command->used;

    if (command->count + 1 >= PM_ALERT_ARGUMENTS)
        return false;
    while (*part) {
        size_t length = 1;
        const struct word *word = *part == '{' ? find_word(words, part, &length) : NULL;
        bool fits = !word             ? put(command, part, 1)
                    : word->is_markup ? put_markup(command, word->value)
                                      : put(command, word->value, strlen(word->value));
        if (!fits)
            return false;
        part += word ? length : 1;
    }
    command->argv[command->count++] = start;
    return put(command, "", 1);
}

int pm_alert_compose(struct pm_alert_command *command, const struct pm_alert_system *system,
                     const char *root, const struct pm_alert_text *text, bool sound,
                     const struct pm_alert_user *user, bool for_other)
{
    const char *const *part = for_other ? system->everybody : system->self;
    char uid[16], gid[16];
    const struct word words[] = {
        {"{root}", root, false},
        {"{uid}", uid, false},
        {"{gid}", gid, false},
        {"{urgency}", text->urgent ? "critical" : "normal", false},
        {"{title}", text->title, false},
        {"{body}", text->body, system->has_markup},
        {NULL, NULL, false},
    };

    snprintf(uid, sizeof uid, "%" PRIu32, user->uid);
    snprintf(gid, sizeof gid, "%" PRIu32, user->gid);
    command->count = command->used = 0;
    for (; *part; part++) {
        bool conditional = **part == '?' || **part == '!';
        if (conditional && (**part == '?') != sound)
            continue;
        if (!put_part(command, *part + conditional, words))
            return PAUSEMON_ERR_LIMIT;
    }
    command->argv[command->count] = NULL;
    return 0;
}

/* ---- what is there ---- */

int pm_alert_check_programs(const struct pm_alert_system *system, const char *root, bool everybody,
                            struct pausemon_error *error)
{
    static const char prefix[] = "{root}";
    const char *const *part = everybody ? system->everybody : system->self;
    struct pausemon_error why;
    char path[PATH_SIZE];

    for (; *part; part++) {
        if (strncmp(*part, prefix, sizeof prefix - 1) != 0)
            continue;
        snprintf(path, sizeof path, "%s%s", root, *part + sizeof prefix - 1);
        int status = pm_errand_check(path, -1, &why);
        if (status < 0)
            return pm_fail(error, status, "%s (%s)", why.text, system->missing);
    }
    return 0;
}

int pm_alerts_probe(const struct pm_alert_system *system, const char *root, const char *address,
                    bool everybody, struct pausemon_error *error)
{
    int status = pm_alert_check_programs(system, root, everybody, error);

    if (status < 0)
        return status;
    if (!everybody)
        return system->find_own(root, address, error);
    return geteuid() == 0 ? 0
                          : pm_fail(error, PAUSEMON_ERR_DENIED,
                                    "only root can tell each user who has a session");
}
