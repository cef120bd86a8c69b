/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/keys.h"

#include <string.h>

/* Behind "ESC [" or "ESC O". */
static const struct {
    const char *text;
    int key;
} sequences[] = {
    {"A", KEY_UP},    {"B", KEY_DOWN},     {"C", KEY_RIGHT},      {"D", KEY_LEFT}, {"H", KEY_HOME},
    {"F", KEY_END},   {"1~", KEY_HOME},    {"7~", KEY_HOME},      {"4~", KEY_END}, {"8~", KEY_END},
    {"M", KEY_ENTER}, {"5~", KEY_PAGE_UP}, {"6~", KEY_PAGE_DOWN},
};

/* What began with an escape is over with this byte. */
static int end(struct keys *keys)
{
    const size_t length = keys->used;

    keys->used = 0;
    if (length < 3 || length > KEYS_MAX_SEQUENCE)
        return KEY_NONE;
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
        if (strlen(sequences[i].text) == length - 2 &&
            memcmp(sequences[i].text, keys->bytes + 2, length - 2) == 0)
            return sequences[i].key;
    return KEY_NONE;
}

static void keep(struct keys *keys, unsigned char byte)
{
    if (keys->used < KEYS_MAX_SEQUENCE)
        keys->bytes[keys->used] = (char)byte;
    if (keys->used <= KEYS_MAX_SEQUENCE)
        keys->used++;
}

static int put_plain(struct keys *keys, unsigned char byte)
{
    if (byte == KEY_ESCAPE)
        keep(keys, byte);
    else if (byte == '\r' || byte == '\n')
        return KEY_ENTER;
    else if (byte == KEY_REDRAW || (byte >= ' ' && byte < 0x7F))
        return byte;
    return KEY_NONE;
}

int keys_put(struct keys *keys, unsigned char byte)
{
    if (keys->used == 0)
        return put_plain(keys, byte);
    if (byte == KEY_ESCAPE) {
        const int key = keys_give_up(keys);
        keep(keys, byte);
        return key;
    }
    /* A control character ends what it stands in. */
    if (byte < ' ' || byte > '~') {
        keys->used = 0;
        return put_plain(keys, byte);
    }
    keep(keys, byte);
    if (keys->used == 2) {
        /* Anything else is a key with Alt, of which there are none. */
        if (byte != '[' && byte != 'O')
            keys->used = 0;
        return KEY_NONE;
    }
    return byte >= '@' ? end(keys) : KEY_NONE;
}

int keys_wait(const struct keys *keys)
{
    return keys->used > 0;
}

int keys_give_up(struct keys *keys)
{
    const int is_alone = keys->used == 1;

    keys->used = 0;
    return is_alone ? KEY_ESCAPE : KEY_NONE;
}
