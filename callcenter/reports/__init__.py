"""The indicators of the contract, each formula once, and the reports made of them."""
