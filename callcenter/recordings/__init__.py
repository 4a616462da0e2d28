"""Recordings of conversations 录音: sealed when the call is over, kept as long as is set, heard by those who may."""
