"""What each deed in the audit trail is called, by the kind of work that it is; a test holds it complete.

The words are English here and translated when they are shown. A word that code of an earlier year wrote, and that
stands here no more, is shown as it is.
"""

from callcenter.panel.i18n import N_, translate

#: Kind of work -> deed -> its words.
KINDS: dict[str, dict[str, str]] = {
    N_("Signing in"): {
        "signed_in": N_("signed in to the panel"),
        "signed_out": N_("left the panel"),
        "sign_in_refused": N_("was refused at sign-in"),
        "sign_in_locked": N_("sign-in locked after wrong passwords"),
        "code_refused": N_("gave a wrong sign-in code"),
        "recovery_code_used": N_("signed in with a recovery code"),
        "sessions_ended": N_("ended sign-ins of other browsers"),
        "password_changed": N_("changed the password"),
        "two_step_enabled": N_("set up the sign-in code"),
        "two_step_disabled": N_("gave up the sign-in code"),
        "recovery_codes_renewed": N_("made new recovery codes"),
    },
    N_("Accounts and settings"): {
        "user_added": N_("added an account"),
        "user_changed": N_("changed an account"),
        "user_unlocked": N_("unlocked an account"),
        "two_step_reset": N_("took an account's sign-in code away"),
        "unit_added": N_("added a member unit"),
        "unit_changed": N_("changed a member unit"),
        "category_added": N_("added a category"),
        "category_changed": N_("changed a category"),
        "place_added": N_("added a place"),
        "place_changed": N_("changed a place"),
    },
    N_("Citizens' data"): {
        "number_revealed": N_("saw a number in full"),
        "caller_looked_up": N_("saw a citizen's history"),
        "confidential_ticket_seen": N_("opened a confidential request"),
        "attachment_opened": N_("opened an attachment"),
        "tickets_exported": N_("exported requests"),
        "recording_heard": N_("heard a recording"),
        "recording_held": N_("sealed a recording from deletion"),
        "recording_released": N_("released a sealed recording"),
        "recording_deleted": N_("a recording was deleted at its term"),
    },
    N_("The floor"): {
        "agent_signed_in": N_("signed in at a seat"),
        "agent_signed_out": N_("signed out of a seat"),
        "break_began": N_("began a break"),
        "break_ended": N_("is ready again"),
        "phone_taken": N_("opened the browser phone"),
        "announcement_switched": N_("switched the emergency announcement"),
        "caller_moved": N_("moved a waiting caller"),
        "listening_ordered": N_("began to listen to a talk"),
        "listening_changed": N_("changed how to listen to a talk"),
        "listening_ended": N_("ended listening to a talk"),
        "agent_sign_out_by_supervisor": N_("signed an agent out"),
        "agent_ready_by_supervisor": N_("made an agent ready"),
        "agent_break_by_supervisor": N_("put an agent on a break"),
        "reserve_called_in": N_("called a reserve in"),
        "reserve_sent_back": N_("sent a reserve back"),
        "policy_step_undone": N_("undid a step of the queue measures"),
        "message_written": N_("wrote a seat message"),
        "test_dialled": N_("made a test dial"),
    },
    N_("Talks and callbacks"): {
        "number_dialled": N_("dialled a number freely"),
        "talk_held": N_("put a citizen on hold"),
        "talk_resumed": N_("took a citizen off hold"),
        "third_called": N_("called a third into a talk"),
        "third_let_go": N_("let the third go"),
        "talk_transferred": N_("transferred a citizen"),
        "talk_of_three_begun": N_("began a call of three"),
        "callback_dialled": N_("called a citizen back"),
        "callback_result_noted": N_("noted what a callback led to"),
        "callback_assigned": N_("assigned a callback"),
        "callback_brought_forward": N_("brought a callback forward"),
        "callback_number_allowed": N_("allowed a callback to a held number"),
        "callback_closed": N_("closed a callback"),
        "follow_up_dialled": N_("dialled a follow-up"),
        "follow_up_result_noted": N_("noted what a follow-up led to"),
    },
    N_("Knowledge and the city platform"): {
        "article_added": N_("wrote an article"),
        "article_changed": N_("changed an article"),
        "article_checked": N_("checked an article"),
        "article_flagged": N_("said that an article is wrong"),
        "city_message_retried": N_("sent a city platform message again"),
        "city_message_given_up": N_("gave a city platform message up"),
    },
    N_("Safety"): {
        "caller_listed": N_("listed an abusive caller"),
        "caller_unlisted": N_("took a caller off the list"),
        "address_banned": N_("banned an address"),
        "ban_lifted": N_("lifted a ban"),
        "audit_seen": N_("read the audit trail"),
        "audit_exported": N_("exported the audit trail"),
        "audit_verified": N_("checked the audit trail"),
    },
}
#: Deed -> its words.
DEEDS: dict[str, str] = {deed: words for deeds in KINDS.values() for deed, words in deeds.items()}


def spoken(deed: str) -> str:
    """Return what `deed` is called in the language of whoever asks."""
    return translate(DEEDS[deed]) if deed in DEEDS else deed
