"""What the hotline says, and under which name: the file names are the dialplan's and Asterisk's own."""

from callcenter.settings import Settings

_DIGITS = dict(enumerate("零一二三四五六七八九"))
_TENS = {ten * 10: ("" if ten == 1 else _DIGITS[ten]) + "十" for ten in range(1, 10)}

#: What Asterisk's numbers in `zh` are made of (main/say.c: a ten, then a unit; 万 and 亿 above them).
_NUMBERS = {f"digits/{number}": word for number, word in (_DIGITS | _TENS).items()} | {
    "digits/hundred": "百",
    "digits/thousand": "千",
    "digits/wan": "万",
    "digits/yi": "亿",
    "digits/minus": "负",
    "digits/star": "星号",
    "digits/pound": "井号",
}

#: app_queue says the second and the third of these around the caller's place in the queue.
_POSITION = {
    "queue-youarenext": "您是下一位，请稍候。",
    "queue-thereare": "您现在排在第",
    "queue-callswaiting": "位，请稍候。",
}

#: Prompts whose words are not a setting.
FIXED_PROMPTS: dict[str, str] = {
    **_NUMBERS,
    **_POSITION,
    "hotline/invalid": "您的按键有误，现在为您转接人工服务。",
    "hotline/please-wait": "请稍候，正在为您转接人工服务。",
    "hotline/person-zero": "人工服务请按任意键，结束请挂机。",
    "hotline/sorry-callback": "非常抱歉，座席全忙，我们会尽快给您回拨，请保持电话畅通。",
    "hotline/full": "非常抱歉，当前排队人数较多，我们会尽快给您回拨，请保持电话畅通。",
    "hotline/no-agent": "非常抱歉，暂时无人接听，我们会尽快给您回拨，请保持电话畅通。",
    "hotline/blocked": "您好，您的号码暂时无法使用本热线。如有异议，请通过网站或窗口反映。",
    "hotline/thanks": "感谢您的评价。",
    "hotline/goodbye": "感谢您的来电，再见。",
    "hotline/ticket-none": "没有查到您的工单。",
    "hotline/ticket-open": "您的工单正在办理中，请您耐心等候。",
    "hotline/ticket-closed": "您的工单已经办结，感谢您的支持。",
}


def wanted(settings: Settings) -> dict[str, str]:
    """Return every prompt that these settings need: file name below the language's folder -> words."""
    spoken = {
        "hotline/greeting": settings.greeting.text,
        "hotline/menu": settings.menu.text,
        "hotline/rating": settings.rating.text,
        "hotline/announcement": settings.announcement.text,
    }
    for option in settings.menu.options:
        if option.action == "announce":
            spoken[option_name(option.key)] = option.text
    return FIXED_PROMPTS | spoken


def option_name(key: str) -> str:
    """Return the name of the announcement behind a key of the menu, as the dialplan spells it."""
    return "hotline/option-" + key.replace("*", "star")
