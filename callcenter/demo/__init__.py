"""Simulated citizens and seats made of SIPp, for `callcenter demo`, the journeys in the tests, and the benchmark."""

from callcenter.demo.show import run

__all__ = ["run"]
