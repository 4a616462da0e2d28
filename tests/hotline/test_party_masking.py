"""Whom an agent called into a talk may be a private person: their number is masked like a citizen's."""

from callcenter.hotline.listings import CallRow
from callcenter.hotline.masking import shown
from callcenter.panel.sessions import Identity

NUMBER = "13900000001"
ROW = {"agent": "1001", "ended_at": "x", "caller": "13800000001", "parties": [{"kind": "outside", "who": NUMBER}]}


def test_the_number_of_a_third_is_masked_for_people() -> None:
    reader = Identity("boss", "boss", "supervisor")
    assert NUMBER not in str(shown(reader, CallRow, dict(ROW)))
