"""Dialling citizens through a seat's phone: errands, agents kept free, orders to Asterisk."""
