// SPDX-License-Identifier: Apache-2.0
// Help, man pages and completions, all from the command table.
#include "base/buf.h"
#include "cli/command.h"
#include "version.h"

#include <stdio.h>

static const char program_summary[] =
    "finds which goroutines of a live Go service touch one map without a common lock";

static const char everywhere[] =
    "Every command understands --verbose (what it does meanwhile) and --quiet (warnings only).";

static const char exit_statuses[] =
    "0 looked and found nothing, 1 found, 2 usage, 3 cannot (the message says what to do), "
    "4 bad input, 5 not enough seen to say";

void help_program(void)
{
    printf("maptrap %s\n\nUsage: maptrap COMMAND [OPTIONS]\n\nCommands:\n", program_summary);
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden) printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\nmaptrap COMMAND --help says more. maptrap --version prints the version.\n%s\n"
           "Exit status: %s.\n",
           everywhere, exit_statuses);
}

// Prints text wrapped at 78 columns; a blank line in it parts paragraphs.
static void wrapped(const char *text, int indent, int column)
{
    struct str rest = str_from(text), word;
    while (str_split(&rest, ' ', &word)) {
        size_t nl;
        while ((nl = str_find_char(word, '\n')) != STR_NPOS) {
            printf("%s%.*s\n%*s", column > indent ? " " : "", (int)nl, word.p, indent, "");
            word = str_sub(word, nl + 1, word.n);
            column = indent;
        }
        if (word.n == 0) continue;
        if (column > indent && column + 1 + (int)word.n > 78) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        printf("%s%.*s", column > indent ? " " : "", STR_ARG(word));
        column += (int)word.n + (column > indent);
    }
    putchar('\n');
}

static void option_label(const struct option *o, char *ret, size_t size)
{
    snprintf(ret, size, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
}

void help_command(const struct command *c)
{
    printf("maptrap %s: %s\n\nUsage: maptrap %s %s\n", c->name, c->summary, c->name, c->usage);
    if (c->examples && c->examples->command) printf("\nExamples:\n");
    for (const struct example *e = c->examples; e && e->command; e++)
        printf("  maptrap %s\n      %s\n", e->command, e->what);
    printf("\n");
    wrapped(c->description, 0, 0);
    if (c->options && c->options->kind) printf("\nOptions:\n");
    for (const struct option *o = c->options; o && o->kind; o++) {
        char label[80];
        option_label(o, label, sizeof(label));
        printf("  %-22s", label);
        if (strlen(label) > 22) printf("\n%24s", "");
        wrapped(o->help, 24, 24);
    }
    printf("\nExit status: %s.\n", exit_statuses);
}

// roff text: backslashes and leading dots are escaped, dashes kept as they are typed.
static void roff(const char *s)
{
    bool line_start = true;
    for (; *s; s++) {
        if (line_start && (*s == '.' || *s == '\'')) fputs("\\&", stdout);
        if (*s == '\\')
            fputs("\\e", stdout);
        else if (*s == '-')
            fputs("\\-", stdout);
        else
            putchar(*s);
        line_start = *s == '\n';
    }
}

static void roff_paragraphs(const char *s)
{
    for (; *s; s++) {
        if (s[0] == '\n' && s[1] == '\n') {
            fputs("\n.PP\n", stdout);
            s++;
        } else {
            char one[2] = { *s, 0 };
            roff(one);
        }
    }
    putchar('\n');
}

void help_man(const struct command *c)
{
    if (!c) {
        printf(".TH MAPTRAP 1 \"\" \"maptrap " MAPTRAP_VERSION "\"\n.SH NAME\nmaptrap \\- ");
        roff(program_summary);
        printf("\n.SH SYNOPSIS\n.B maptrap\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH COMMANDS\n");
        for (size_t i = 0; commands[i]; i++) {
            if (commands[i]->hidden) continue;
            printf(".TP\n.BR maptrap\\-%s (1)\n", commands[i]->name);
            roff(commands[i]->summary);
            putchar('\n');
        }
        printf(".SH OPTIONS\n");
        roff(everywhere);
        printf("\n.SH EXIT STATUS\n");
        roff(exit_statuses);
        printf("\n");
        return;
    }
    printf(".TH MAPTRAP\\-");
    for (const char *p = c->name; *p; p++) putchar(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
    printf(" 1 \"\" \"maptrap " MAPTRAP_VERSION "\"\n.SH NAME\nmaptrap\\-%s \\- ", c->name);
    roff(c->summary);
    printf("\n.SH SYNOPSIS\n.B maptrap %s\n", c->name);
    roff(c->usage);
    if (c->examples && c->examples->command) printf("\n.SH EXAMPLES\n");
    for (const struct example *e = c->examples; e && e->command; e++) {
        printf(".TP\n.B maptrap ");
        roff(e->command);
        putchar('\n');
        roff(e->what);
        putchar('\n');
    }
    printf(".SH DESCRIPTION\n");
    roff_paragraphs(c->description);
    if (c->options && c->options->kind) printf(".SH OPTIONS\n");
    for (const struct option *o = c->options; o && o->kind; o++) {
        char label[80];
        option_label(o, label, sizeof(label));
        printf(".TP\n.B ");
        roff(label);
        putchar('\n');
        roff(o->help);
        putchar('\n');
    }
    printf(".SH EXIT STATUS\n");
    roff(exit_statuses);
    printf("\n.SH SEE ALSO\n.BR maptrap (1)\n");
}

static void completion_bash(void)
{
    printf("# bash completion for maptrap, made by `maptrap completion bash`\n"
           "_maptrap() {\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "  if [ \"$COMP_CWORD\" = 1 ]; then\n    COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden) printf("%s ", commands[i]->name);
    printf("--help --version\" -- \"$cur\")); return\n  fi\n"
           "  if [ \"$prev\" = --pid ]; then\n"
           "    COMPREPLY=($(compgen -W \"$(maptrap complete-pids 2>/dev/null)\" -- \"$cur\"))\n"
           "    return\n  fi\n  case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->hidden) continue;
        printf("  %s) [[ $cur == -* ]] && COMPREPLY=($(compgen -W \"", commands[i]->name);
        for (const struct option *o = commands[i]->options; o && o->kind; o++)
            printf("--%s ", o->name);
        printf("--verbose --quiet --help\" -- \"$cur\")) ;;\n");
    }
    printf("  esac\n}\ncomplete -o default -F _maptrap maptrap\n");
}

// In single quotes of zsh and fish: a quote ends the string, is escaped, and it begins again.
static void single_quoted(const char *s)
{
    for (; *s; s++) {
        if (*s == '\'')
            fputs("'\\''", stdout);
        else if (*s == '[' || *s == ']' || *s == ':')
            putchar(' ');
        else
            putchar(*s);
    }
}

static void completion_zsh(void)
{
    printf("#compdef maptrap\n# made by `maptrap completion zsh`\n_maptrap() {\n"
           "  local -a cmds\n  cmds=(\n");
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->hidden) continue;
        printf("    '%s:", commands[i]->name);
        single_quoted(commands[i]->summary);
        printf("'\n");
    }
    printf("  )\n  if (( CURRENT == 2 )); then _describe command cmds; return; fi\n"
           "  case $words[2] in\n");
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->hidden) continue;
        printf("  %s) _arguments", commands[i]->name);
        for (const struct option *o = commands[i]->options; o && o->kind; o++) {
            printf(" '--%s[", o->name);
            single_quoted(o->help);
            printf("]%s'", !o->arg ? ""
                           : strcmp(o->name, "pid") == 0
                               ? ":pid:($(maptrap complete-pids 2>/dev/null))"
                               : ":value:_files");
        }
        printf(" '*:file:_files' ;;\n");
    }
    printf("  esac\n}\n_maptrap \"$@\"\n");
}

static void completion_fish(void)
{
    printf("# fish completion for maptrap, made by `maptrap completion fish`\n");
    for (size_t i = 0; commands[i]; i++) {
        const struct command *c = commands[i];
        if (c->hidden) continue;
        printf("complete -c maptrap -n __fish_use_subcommand -a %s -d '", c->name);
        single_quoted(c->summary);
        printf("'\n");
        for (const struct option *o = c->options; o && o->kind; o++) {
            printf("complete -c maptrap -n '__fish_seen_subcommand_from %s' -l %s%s -d '", c->name,
                   o->name, o->arg ? " -r" : "");
            single_quoted(o->help);
            printf("'\n");
        }
    }
    printf("complete -c maptrap -l pid -x -a '(maptrap complete-pids 2>/dev/null)'\n");
}

struct err *help_completion(struct str shell)
{
    if (str_eqc(shell, "bash"))
        completion_bash();
    else if (str_eqc(shell, "zsh"))
        completion_zsh();
    else if (str_eqc(shell, "fish"))
        completion_fish();
    else
        return err_new(ERR_USAGE, "no completions for '%.*s'; there are bash, zsh and fish",
                       STR_ARG(shell));
    return NULL;
}
