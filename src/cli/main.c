// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "base/term.h"
#include "cli/command.h"
#include "version.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Who read has seen enough (`| head`): no error.
static bool reader_left(void)
{
    struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP));
}

// A closed standard descriptor would be given to the next file that is opened, and what is printed
// would land there. Opened the wrong way round, so that using one is an error as before.
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        int null = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (null >= 0 && null != fd) close(null); // cannot be: the lowest is taken
    }
}

static int report(const char *command, struct err *e)
{
    int status = (int)e->kind;
    fprintf(stderr, "maptrap%s%s: %s\n", command ? " " : "", command ? command : "", e->text);
    err_free(e);
    return status;
}

static int run(const struct command *c, int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            help_command(c);
            return 0;
        }
    // --verbose and --quiet are understood by every command.
    bool verbose = false, quiet = false;
    int n = 0;
    char **kept = mem_alloc(((size_t)argc + 1) * sizeof(*kept));
    bool rest = false;
    for (int i = 0; i < argc; i++) {
        rest = rest || strcmp(argv[i], "--") == 0;
        if (!rest && strcmp(argv[i], "--verbose") == 0)
            verbose = true;
        else if (!rest && strcmp(argv[i], "--quiet") == 0)
            quiet = true;
        else
            kept[n++] = argv[i];
    }
    kept[n] = NULL;
    struct log log;
    log_init(&log, verbose, quiet);
    const char *no_color = getenv("NO_COLOR");
    struct invocation in = { .log = &log };
    bool terminal = isatty(STDOUT_FILENO);
    if (terminal) term_guard_stdout();
    in.color = terminal && !(no_color && *no_color);
    int status = 0;
    struct err *e = options_parse(c, n, kept, &in);
    if (!e) e = c->run(&in, &status);
    log_progress_end(&log);
    invocation_deinit(c, &in);
    free(kept);
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (failed && !e && !reader_left()) e = err_new(ERR_CANNOT, "writing to stdout failed");
    return e ? report(c->name, e) : status;
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    mem_init();
    if (isatty(STDERR_FILENO)) term_guard_stderr();
    signal(SIGPIPE, SIG_IGN); // a reader that leaves is a failed write, seen above
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        help_program();
        return argc < 2 ? 2 : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("maptrap " MAPTRAP_VERSION " (" MAPTRAP_COMMIT ")\n");
        return 0;
    }
    bool help = strcmp(argv[1], "help") == 0;
    const char *name = argv[help ? 2 : 1];
    const struct command *c = command_find(str_from(name));
    if (!c) {
        const struct command *guess = command_guess(str_from(name));
        struct err *e =
            guess ? err_new(ERR_USAGE, "no command '%s'; did you mean %s?", name, guess->name)
                  : err_new(ERR_USAGE, "no command '%s'; see maptrap --help", name);
        return report(NULL, e);
    }
    if (help) {
        help_command(c);
        return 0;
    }
    return run(c, argc - 2, argv + 2);
}
