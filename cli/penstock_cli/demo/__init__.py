"""Real messages through the whole platform, and everything they came to read back through the public API.

expected   what the sample messages must come to, worked out in this process from the files alone
gateway    the MLLP gateway, as a process of its own
samples    the sample workflows, published
traffic    the messages through a socket, and their acknowledgments
outcome    what the platform made of them
verdict    where that falls short of what was expected
report     all of it for people
flow       the steps in their order
"""
