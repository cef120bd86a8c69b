/* SPDX-License-Identifier: MIT */
/* Programs that were compiled with the headers of an older or a newer release: their structs are
 * smaller, or larger. Behind each lies a page that nobody may touch. */
#include "callers.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TAIL 64 /* by which a newer struct is longer */
#define POISON 0xa5

/* ---- memory that ends with the struct ---- */

struct guarded {
    char *page; /* two pages, the second one closed */
    size_t length;
};

static void guarded_open(struct guarded *guarded)
{
    guarded->length = (size_t)sysconf(_SC_PAGESIZE);
    guarded->page =
        mmap(NULL, 2 * guarded->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(guarded->page != MAP_FAILED);
    ck_assert_int_eq(mprotect(guarded->page + guarded->length, guarded->length, PROT_NONE), 0);
    memset(guarded->page, POISON, guarded->length);
}

static void guarded_close(struct guarded *guarded)
{
    munmap(guarded->page, 2 * guarded->length);
}

/* The first `room` bytes of a good struct, just before the closed page; its size is `said`. */
static void *place(struct guarded *guarded, const void *good, size_t room, uint64_t said)
{
    char *at = guarded->page + guarded->length - room;

    memcpy(at, good, room);
    memcpy(at, &said, sizeof said);
    return at;
}

/* ---- one caller ---- */

struct visit {
    struct room room;
    struct guarded guarded;
    const struct caller *caller;
    uint64_t good[1024]; /* in this release's size, then poison */
    int status;          /* that a good one gets */
};

static void visit_open(struct visit *visit, const struct caller *caller)
{
    visit->caller = caller;
    room_open(&visit->room);
    guarded_open(&visit->guarded);
    ck_assert_uint_le(caller->size + TAIL, sizeof visit->good);
    memset(visit->good, POISON, sizeof visit->good);
    caller->make(&visit->room, visit->good);
    visit->status =
        caller->call(&visit->room, place(&visit->guarded, visit->good, caller->size, caller->size));
    ck_assert_msg(visit->status != PAUSEMON_ERR_INVALID, "%s refuses a good struct %s",
                  caller->function, caller->structure);
}

static void visit_close(struct visit *visit)
{
    guarded_close(&visit->guarded);
    room_close(&visit->room);
}

static bool is_filled(const struct caller *caller)
{
    return caller->crossing == FILLED || caller->crossing == FILLED_VOID;
}

/* Every member of the first `size` bytes was written, save the size itself, which stays. */
static void assert_written(const struct visit *visit, const char *at, size_t size, uint64_t said)
{
    char poison[8];

    memset(poison, POISON, sizeof poison);
    ck_assert(memcmp(at, &said, sizeof said) == 0);
    for (size_t i = sizeof said; i + sizeof poison <= size; i += sizeof poison)
        ck_assert_msg(memcmp(at + i, poison, sizeof poison) != 0, "%s leaves byte %zu of struct %s",
                      visit->caller->function, i, visit->caller->structure);
}

/* The members that lie wholly in so many bytes, as far as the library knows them: one of a later
 * release (tomorrow.py) knows so many bytes more. */
static size_t whole(const struct caller *caller, uint64_t said)
{
    const char *grown = getenv("PAUSEMON_GROWN");
    size_t known = caller->size + (grown ? strtoul(grown, NULL, 10) : 0);

    return said < known ? (size_t)said / 8 * 8 : known;
}

/* `room` bytes of it are there, and it says that it has `said`. */
static void call_with(struct visit *visit, size_t room, uint64_t said, int expected)
{
    const struct caller *caller = visit->caller;
    char given[sizeof visit->good];

    memcpy(given, visit->good, sizeof given);
    if (is_filled(caller))
        memset(given, POISON, sizeof given);
    char *at = place(&visit->guarded, given, room, said);
    memcpy(given, at, room);
    int status = caller->call(&visit->room, at);

    ck_assert_msg(status == expected, "%s returns %d, not %d, for a struct %s of %llu bytes",
                  caller->function, status, expected, caller->structure, (unsigned long long)said);
    size_t written = status == PAUSEMON_ERR_INVALID || !is_filled(caller) ? 0 : whole(caller, said);
    if (written)
        assert_written(visit, at, written, said);
    ck_assert_msg(memcmp(at + written, given + written, room - written) == 0,
                  "%s writes into a struct %s of %llu bytes what it may not", caller->function,
                  caller->structure, (unsigned long long)said);
}

static int expected_of(const struct visit *visit, uint64_t size)
{
    bool refuses = visit->caller->crossing == TAKEN || visit->caller->crossing == FILLED;

    return refuses && size < visit->caller->least ? PAUSEMON_ERR_INVALID : visit->status;
}

START_TEST(an_older_caller_is_served_or_refused_and_nothing_behind_its_struct_is_touched)
{
    struct visit visit;

    visit_open(&visit, &callers[_i]);
    for (size_t size = sizeof(uint64_t); size < visit.caller->size; size += sizeof(uint64_t))
        call_with(&visit, size, size, expected_of(&visit, size));
    visit_close(&visit);
}
END_TEST

START_TEST(what_a_newer_caller_knows_more_is_ignored_and_stays)
{
    struct visit visit;

    visit_open(&visit, &callers[_i]);
    for (size_t more = sizeof(uint64_t); more <= TAIL; more += sizeof(uint64_t))
        call_with(&visit, visit.caller->size + more, visit.caller->size + more, visit.status);
    visit_close(&visit);
}
END_TEST

START_TEST(a_size_that_holds_not_even_itself_is_refused)
{
    struct visit visit;

    visit_open(&visit, &callers[_i]);
    for (uint64_t said = 0; said < sizeof said; said += 7)
        call_with(&visit, sizeof said, said, expected_of(&visit, said));
    visit_close(&visit);
}
END_TEST

/* A pointer of which only the half lies in the struct is none. */
START_TEST(a_size_that_cuts_the_last_member_is_refused_too)
{
    struct visit visit;

    visit_open(&visit, &callers[_i]);
    if (visit.caller->least == visit.caller->size)
        call_with(&visit, visit.caller->size, visit.caller->size - 4,
                  expected_of(&visit, visit.caller->size - 4));
    visit_close(&visit);
}
END_TEST

/* ---- a copy between two releases ---- */

static void fill(struct pausemon_process *process)
{
    for (size_t i = sizeof(uint64_t); i < sizeof *process; i++)
        ((unsigned char *)process)[i] = (unsigned char)i;
}

START_TEST(a_copy_of_a_process_has_what_both_sides_know)
{
    struct pausemon_process from = PAUSEMON_PROCESS_INIT;
    struct guarded guarded;
    uint64_t poison[(sizeof from + TAIL) / 8];

    fill(&from);
    guarded_open(&guarded);
    memset(poison, POISON, sizeof poison);
    for (size_t size = sizeof(uint64_t); size <= sizeof poison; size += sizeof(uint64_t)) {
        size_t known = size < sizeof from ? size : sizeof from;
        char *to = place(&guarded, poison, size, size);
        pausemon_process_copy((struct pausemon_process *)(void *)to, &from);
        ck_assert_uint_eq(*(uint64_t *)(void *)to, size);
        ck_assert(memcmp(to + 8, (char *)&from + 8, known - 8) == 0);
        for (size_t i = known; i < size; i++)
            ck_assert_int_eq(to[i], 0);
    }
    for (uint64_t said = 0; said < sizeof said; said += 7) {
        char *to = place(&guarded, poison, sizeof said, said);
        pausemon_process_copy((struct pausemon_process *)(void *)to, &from);
        ck_assert_uint_eq(*(uint64_t *)(void *)to, said);
    }
    guarded_close(&guarded);
}
END_TEST

START_TEST(what_the_other_side_of_a_copy_lacks_becomes_0)
{
    struct pausemon_process from = PAUSEMON_PROCESS_INIT, to;
    struct guarded guarded;

    fill(&from);
    guarded_open(&guarded);
    for (size_t size = sizeof(uint64_t); size <= sizeof from; size += sizeof(uint64_t)) {
        memset(&to, POISON, sizeof to);
        to.size = sizeof to;
        pausemon_process_copy(&to, place(&guarded, &from, size, size));
        ck_assert_uint_eq(to.size, sizeof to);
        ck_assert(memcmp((char *)&to + 8, (char *)&from + 8, size - 8) == 0);
        for (size_t i = size; i < sizeof to; i++)
            ck_assert_int_eq(((char *)&to)[i], 0);
    }
    guarded_close(&guarded);
}
END_TEST

/* ---- nothing is left out ---- */

/* Blanks for comments; and for callbacks, whose structs are the library's. */
static void strip(char *text)
{
    char *from, *to;

    for (from = text; (from = strstr(from, "/*")); from = to + 2) {
        to = strstr(from, "*/");
        ck_assert_ptr_nonnull(to);
        memset(from, ' ', (size_t)(to - from + 2));
    }
    for (from = text; (from = strstr(from, "(*")); from = to) {
        to = strchr(from, ')');
        ck_assert_ptr_nonnull(to);
        to = strchr(to + 1, ')');
        ck_assert_ptr_nonnull(to);
        memset(from, ' ', (size_t)(to - from + 1));
    }
}

static void word_at(char *word, size_t size, const char *at)
{
    size_t length = 0;

    for (; (isalnum((unsigned char)at[length]) || at[length] == '_') && length + 1 < size; length++)
        word[length] = at[length];
    word[length] = '\0';
}

static bool is_listed(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

static bool has_row(const char *function, const char *structure)
{
    for (size_t i = 0; i < caller_count; i++)
        if (strcmp(callers[i].structure, structure) == 0 &&
            (!function || strcmp(callers[i].function, function) == 0))
            return true;
    return false;
}

/* Structs that have members begin at the margin, and a brace ends their first line. */
static int look_at_structs(const char *text)
{
    char name[64];
    int count = 0;

    for (const char *at = text; (at = strstr(at, "\nstruct pausemon_")); at++) {
        word_at(name, sizeof name, at + 8);
        if (strncmp(at + 8 + strlen(name), " {", 2) != 0)
            continue;
        const char *first = at + 8 + strlen(name) + 2;
        bool sized = strncmp(first + strspn(first, " \n"), "uint64_t size;", 14) == 0;
        if (sized)
            ck_assert_msg(has_row(NULL, name) || is_listed(handed_out, name),
                          "struct %s is in no row of callers.c", name);
        else
            ck_assert_msg(is_listed(fixed, name), "struct %s has no size", name);
        count++;
    }
    return count;
}

/* Each parameter of a function that is a struct with a size has its row. */
static int look_at_functions(const char *text)
{
    char function[64], structure[64];
    int count = 0;

    for (const char *at = text; (at = strstr(at, "\nPAUSEMON_API ")); at++) {
        const char *end = strchr(at, ';'), *open = strchr(at, '(');
        ck_assert(end && open && open < end);
        const char *name = open;
        while (isalnum((unsigned char)name[-1]) || name[-1] == '_')
            name--;
        word_at(function, sizeof function, name);
        for (const char *of = open; (of = strstr(of, "struct ")) && of < end; of++) {
            word_at(structure, sizeof structure, of + 7);
            if (!has_row(NULL, structure))
                continue;
            ck_assert_msg(has_row(function, structure), "%s takes a struct %s: no row in callers.c",
                          function, structure);
            count++;
        }
    }
    return count;
}

START_TEST(every_struct_and_every_function_that_takes_one_is_in_the_table)
{
    DIR *dir = opendir(test_path("../include/pausemon"));
    const struct dirent *entry;
    int structs = 0, uses = 0;
    char path[512];

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "../include/pausemon/%s", entry->d_name);
        char *text = read_file(test_path(path), NULL);
        strip(text);
        structs += look_at_structs(text);
        uses += look_at_functions(text);
        free(text);
    }
    closedir(dir);
    ck_assert_int_ge(structs, 28);
    ck_assert_int_ge(uses, (int)caller_count);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("callers of other releases");
    TCase *tests = tcase_create("structs");

    tcase_add_loop_test(
        tests, an_older_caller_is_served_or_refused_and_nothing_behind_its_struct_is_touched, 0,
        (int)caller_count);
    tcase_add_loop_test(tests, what_a_newer_caller_knows_more_is_ignored_and_stays, 0,
                        (int)caller_count);
    tcase_add_loop_test(tests, a_size_that_holds_not_even_itself_is_refused, 0, (int)caller_count);
    tcase_add_loop_test(tests, a_size_that_cuts_the_last_member_is_refused_too, 0,
                        (int)caller_count);
    tcase_add_test(tests, a_copy_of_a_process_has_what_both_sides_know);
    tcase_add_test(tests, what_the_other_side_of_a_copy_lacks_becomes_0);
    tcase_add_test(tests, every_struct_and_every_function_that_takes_one_is_in_the_table);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
