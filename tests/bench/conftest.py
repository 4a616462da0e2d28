"""Benchmarks print their tables and nothing else: every request's log line is no part of them."""

import logging

import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
