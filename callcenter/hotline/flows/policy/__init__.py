"""The queue policy 排队不超过5人, carried out and written down."""
