"""Test dials 拨测: the hotline calls itself."""
