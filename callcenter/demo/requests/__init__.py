"""A hotline's requests 工单 of years, made up from a seed: for benchmarks, for training, for looking at full lists."""
