"""Interchange with the city platform 市级平台: city-level tickets 市级工单 in and out, by signed JSON over HTTPS.

Each message has a name of its own and counts once, however often it arrives. What goes out is a row, written in the
transaction of the move that it tells of, and is sent until the other side has confirmed it.
"""
