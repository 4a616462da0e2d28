"""The audit trail 审计 as a chain: what seals each row, what else remembers it, and what proves it whole.

`chain` is the arithmetic, `sealing` puts it to every transaction, `witness` keeps marks outside the database, `proof`
finds what was changed, removed, inserted or cut off.
"""
