"""Rules of requests 工单: pure. No I/O and no clock; `now` is an argument."""
