"""Database mechanism: engine and transactions, base table, clock, migrations. Knows nothing of hotlines."""
