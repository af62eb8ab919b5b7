"""Data subjects: whose data lies where, and how it is made unreadable for good.

    finders   how a wing finds subjects in events; discovered in `subjects` folders
    linking   events → which subject's data which keys seal
    events    what happens to a subject
    subject   its state, folded from its events
    service   find, forget
    closure   which keys a transaction has led to
    erasing   copies that streams have left: read models, snapshots, payloads

Nothing here keeps an identifier: a subject's stream is named by a pseudonym of it, made with the tenant's secret.

Errors:

    SubjectError
    └── UnknownSubject   nothing is linked with the identifier in this tenant
"""
