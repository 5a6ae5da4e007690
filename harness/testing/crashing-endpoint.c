/*
 * A small endpoint that speaks QMP on standard input and output, and ends with the same last words in two places: a size
 * that is even ends it in one function, an odd one in another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(void)
{
    fputs("endpoint.c:1: assertion failed: all is well\n", stderr);
    abort();
}

void even_size(void)
{
    give_up();
}

void odd_size(void)
{
    give_up();
}

static void resize(const char *line)
{
    const char *size = strstr(line, "\"size\":");

    if (size && strtol(size + strlen("\"size\":"), NULL, 10) % 2)
        odd_size();
    else
        even_size();
}

/* The id is the last member that a client sends. */
static void reply(const char *line, const char *what)
{
    const char *id = NULL;

    for (const char *at = line; (at = strstr(at, "\"id\":")); at++)
        id = at + strlen("\"id\":");
    if (id)
        printf("{%s, \"id\": %.*s}\n", what, (int)strcspn(id, "}"), id);
    else
        printf("{%s}\n", what);
    fflush(stdout);
}

int main(void)
{
    static char line[1 << 20];

    puts("{\"QMP\": {\"version\": {\"qemu\": {\"major\": 1, \"minor\": 0, \"micro\": 0}, \"package\": \"\"}, \"capabilities\": []}}");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (strstr(line, "\"block_resize\""))
            resize(line);
        if (strstr(line, "\"qmp_capabilities\""))
            reply(line, "\"return\": {}");
        else if (strstr(line, "\"query-commands\""))
            reply(line, "\"return\": [{\"name\": \"qmp_capabilities\"}, {\"name\": \"query-commands\"}, {\"name\": \"block_resize\"}]");
        else
            reply(line, "\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no such command\"}");
    }
    return 0;
}
