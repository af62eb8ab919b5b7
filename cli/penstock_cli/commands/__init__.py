"""One module a group of commands. Each imports what it needs where it needs it: a command starts in no time."""
