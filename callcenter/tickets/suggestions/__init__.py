"""Dispatch help 派单建议: category and unit suggested from this hotline's own closed tickets, with the reasons.

`examples` reads closed tickets, `words` turns a text into features, `learning` learns from them (in a process of its
own, which alone loads scikit-learn), `model` is what was learned, as plain arrays in a file, `training` is the job,
`keeper` holds the newest model in the controller, `advice` answers a form, `record` keeps what was suggested, so that
`accuracy` can hold it against what was right.
"""
