"""Which kinds of streams take snapshots; `events.snapshots` finds them here."""
