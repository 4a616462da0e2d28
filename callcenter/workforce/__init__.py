"""Roster 排班, attendance 考勤 and performance 绩效, from what people really did."""
