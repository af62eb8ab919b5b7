"""Code that runs in the emulator's own process and interpreter; it imports nothing of Penstock."""
