"""Dead letters: messages that a consumer kept failing on, seen and settled by the tenant that they belong to.

    model      a letter, whose it is, what has become of it
    events     what people did with it: the audit
    ports      where letters wait
    service    list, read, redrive, edit, discard
    diagnosis  how the letter's stream stands, and what still breaks

A letter belongs to the tenant of the stream that its body names. One that names none belongs to nobody: only the
account's owner reaches it (`penstock queue redrive`).

Errors:

    LetterError
    ├── UnknownConsumer   no such consumer has a dead-letter queue
    ├── UnknownLetter     no such letter of this tenant was found waiting, nor discarded
    ├── Settled           it was sent back already
    └── InvalidLetter     the request says what cannot be done: no reason, or a body that no consumer could read
"""
