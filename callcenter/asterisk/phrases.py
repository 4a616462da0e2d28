"""What the hotline says, and under which name: the file names are the dialplan's and Asterisk's own."""

from callcenter.settings import PROMISED_MINUTES, Settings

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
    "hotline/sorry-callback": "非常抱歉，座席全忙。",
    "hotline/full": "非常抱歉，当前排队人数已满。",
    "hotline/no-agent": "非常抱歉，暂时无人接听。",
    "hotline/offer": "同意回拨请按一，回拨其他号码请按二，继续等候请稍候。",
    "hotline/other-number": "回拨其他号码请按二，否则请挂机。",
    "hotline/key-number": "请输入您的电话号码，固定电话请加拨区号，以井号键结束。",
    "hotline/number-noted": "我们将回拨以下号码。",
    "hotline/no-number": "没有可以回拨的号码，请您稍后再拨，或通过网站反映。",
    "hotline/noted": "已为您登记，请保持电话畅通。",
    "hotline/wait-hint": "预计等候时间较长，如需我们回拨请按一。",
    "hotline/wait-keys": "如不便等候，请按一，我们会按来电顺序给您回拨。",
    "hotline/reserve-accept": "一二三四五热线，有市民等候，接听请按一。",
    "hotline/test-dial": "这是系统拨测，谢谢。",
    "hotline/warned": "温馨提示，请勿骚扰热线，通话内容将被记录。",
    "hotline/limited": "您好，您近期来电过于频繁，请稍后再拨。如有紧急情况，请拨打一一零。",
    "hotline/blocked": "您好，您的号码暂时无法使用本热线。如有异议，请通过网站或窗口反映。",
    "hotline/agent-lost": "非常抱歉，通话意外中断，正在优先为您接通其他座席。",
    "hotline/thanks": "感谢您的评价。",
    "hotline/goodbye": "感谢您的来电，再见。",
    "hotline/ticket-none": "没有查到您的工单。",
    "hotline/ticket-open": "您的工单正在办理中，请您耐心等候。",
    "hotline/ticket-closed": "您的工单已经办结，感谢您的支持。",
    "hotline/ticket-accepted": "工单已经受理，正在安排承办单位。",
    "hotline/ticket-dispatched": "工单已经派发，等待承办单位签收。",
    "hotline/ticket-handling": "工单正在办理中，请您耐心等候。",
    "hotline/ticket-replied": "承办单位已经办理，答复正在审核。",
    "hotline/ticket-answered": "工单已有办理结果，我们会对您进行回访。",
    "hotline/ticket-city": "工单已经转交市级平台办理。",
    "hotline/ticket-merged": "工单已与相同诉求合并办理。",
    "hotline/ticket-refused": "工单不属于受理范围，详情请咨询人工服务。",
    "hotline/ticket-number": "请输入工单号，以井号键结束。查询本机最近的工单，请直接按井号键。",
    "hotline/ticket-wrong": "工单号有误，请核对。",
    "hotline/ticket-digits": "工单尾号。",
    "hotline/day-due": "办理期限为。",
    "hotline/day-answered": "答复时间为。",
    "hotline/month": "月",
    "hotline/day": "日",
}


def wanted(settings: Settings) -> dict[str, str]:
    """Return every prompt that these settings need: file name below the language's folder -> words."""
    spoken = {
        "hotline/greeting": settings.greeting.text,
        "hotline/menu": settings.menu.text,
        "hotline/rating": settings.rating.text,
        "hotline/announcement": settings.announcement.text,
    }
    spoken |= {f"hotline/within-{minutes}": _within(minutes) for minutes in (0, *PROMISED_MINUTES)}
    for option in settings.menu.options:
        if option.action == "announce":
            spoken[option_name(option.key)] = option.text
    return FIXED_PROMPTS | spoken


def _within(minutes: int) -> str:
    when = "尽快" if minutes == 0 else f"在{_spell(minutes)}分钟内"
    return f"我们会{when}给您回拨，请保持电话畅通。"


def _spell(number: int) -> str:
    """Return a number below a thousand in Chinese words."""
    hundreds, rest = divmod(number, 100)
    tens, units = divmod(rest, 10)
    spoken = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        spoken += "一十" if hundreds and tens == 1 else _TENS[tens * 10]
    elif hundreds and units:
        spoken += "零"
    return spoken + (_DIGITS[units] if units else "")


def option_name(key: str) -> str:
    """Return the name of the announcement behind a key of the menu, as the dialplan spells it."""
    return "hotline/option-" + key.replace("*", "star")
