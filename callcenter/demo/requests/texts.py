"""What generated citizens, units and staff say: put together from templates, with the noise that people make."""

from dataclasses import dataclass
from random import Random

from callcenter.demo.requests.subjects import PLACES, SUBJECTS, TOWN, Subject
from callcenter.tickets.flows.reference.samples import UNITS

_ESTATES = ("云栖", "锦绣", "和畅", "碧水", "阳光", "金域", "翠竹", "书香", "御景", "祥瑞", "兴业", "安居")
_ESTATE_KINDS = ("花园", "小区", "家园", "新村", "雅苑")
_ROADS = ("春晖", "育才", "运河", "工农", "长青", "建业", "文景", "滨江", "人民", "新都", "龙池", "仙鹤")
_ROAD_KINDS = ("路", "路", "大道", "街", "巷")
_FACTORIES = ("化工厂", "机械厂", "木材厂", "纺织厂", "铸造厂", "塑料厂", "家具厂")
_SHOPS = ("超市", "火锅店", "美容院", "健身房", "手机店", "烟酒店", "蛋糕店", "理发店", "装修公司")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
_SLOTS = {
    "since": ("半个月", "一个多月", "三天", "两个星期", "快半年", "一直", "十来天", "从上周开始"),
    "night": ("夜里十二点", "半夜两点多", "晚上十一点以后", "凌晨", "深更半夜"),
    "morning": ("早上五点", "天不亮", "早晨", "清早六点"),
}
_OPENINGS = (
    "",
    "",
    "来电人反映：",
    "市民来电称，",
    "市民反映，",
    "您好，",
    "我要反映一个问题，",
    "来电人表示，",
)
_VAGUE = (
    "{road}这边噪声很大，影响休息，不知道归谁管",
    "{road}的路有问题，不安全，之前打过电话",
    "{estate}附近气味难闻，不知道哪里来的",
    "{estate}的事情找了几个部门都说不归他们管",
    "在{place}办事跑了三趟没办成",
    "{estate}门口水流了一地，没有人来看",
)
_VAGUE_TITLES = ("反映问题", "求助", "噪声大影响休息", "无人管理", "咨询归哪个部门管", "路有问题", "有水流出来")
_DETAILS = (
    "家里有老人和小孩，",
    "已经找过好几次，",
    "以前打过12345，",
    "白天没有人管，",
    "附近居民意见都很大，",
    "有照片可以提供，",
    "不是第一次了，",
    "找过社区没有用，",
    "希望保密，",
    "",
    "",
    "",
)
_WISHES = {
    "enquiry": ("请告知。", "想了解一下具体政策。", "请问怎么办理？", "希望给个明确答复。"),
    "suggestion": ("建议有关部门研究。", "希望采纳。", "建议改进。"),
    "praise": ("特来电表扬。", "希望转达感谢。"),
}
_DEMANDS = (
    "希望有关部门尽快处理。",
    "要求查处。",
    "请尽快安排人来看看。",
    "希望给个说法。",
    "诉求：核实处理并回复。",
    "请相关部门协调解决。",
)
_PRAISE = (
    "{unit}的工作人员态度好，办事快，上次的问题当天就解决了，",
    "{unit}的同志耐心负责，为我们解决了大问题，",
)
_REPLIES = (
    "经{unit}现场核查，来电人反映的{category}问题属实，已安排整改，预计三日内完成，已联系来电人说明情况。",
    "{unit}收到工单后派人到现场，{category}问题已处理完毕，并将加强日常巡查。",
    "经{unit}了解，来电人反映的情况部分属实。已责令相关单位限期整改，后续跟踪落实。",
    "{unit}工作人员已与来电人电话联系，就{category}有关事项作了解释，来电人表示理解。",
    "该问题已列入{unit}的维修计划，本周内施工。感谢市民监督。",
)
_ANSWERS = (
    "已按知识库答复：{category}事项可在政务服务大厅或网上办理，告知所需材料和时限，来电人表示清楚。",
    "已解释{category}的有关政策，并告知{unit}的咨询电话。来电人满意。",
    "告知来电人{category}办理流程，需携带身份证原件，工作日办理。",
)
_RETURNS = (
    "经核实，该事项不属于本单位职责范围，建议派{unit}办理。",
    "现场位置不在我单位管辖区域，按职责分工应由{unit}处理，申请退单。",
)
_EXTENSIONS = ("涉及多方协调，需延长办理时间。", "材料采购中，申请延期。", "连续下雨无法施工，申请延期办理。")
_REDOES = (
    "来电人表示问题没有解决，不满意。",
    "来电人称只是打了电话，现场没人来过。",
    "整改以后又出现了，要求重新处理。",
)
#: How people mishear and mistype.
_TYPOS = str.maketrans("的在已很做坏噪坐", "地再己狠作怀燥座")
_VAGUE_SHARE = 0.04
_TYPO_SHARE = 0.06
_SLIP_SHARE = 0.05

_CUMULATED: list[float] = []
for _subject in SUBJECTS:
    _CUMULATED.append((_CUMULATED[-1] if _CUMULATED else 0) + _subject.weight)


@dataclass(frozen=True, slots=True)
class Matter:
    """What one citizen calls about: the same matter may be told again, in other words."""

    subject: Subject
    #: Index into PLACES.
    place: int
    estate: str
    road: str
    factory: str
    shop: str


def pick(rng: Random, options: "tuple[str, ...] | str") -> str:
    """Return one of `options`; quicker than `choice`."""
    return options[int(rng.random() * len(options))]


def town(place: int) -> str:
    """Return the code of the office of a place."""
    return f"town-{place + 1:02}"


def unit_name(code: str) -> str:
    """Return what the unit `code` is called."""
    if code in UNITS:
        return UNITS[code]
    name = PLACES[int(code.removeprefix("town-")) - 1]
    return f"{name}办事处" if name.endswith("街道") else f"{name}人民政府"


def right_unit(matter: Matter) -> str:
    """Return the code of the unit that handles `matter`."""
    return town(matter.place) if matter.subject.unit == TOWN else matter.subject.unit


def mistaken_unit(matter: Matter) -> str:
    """Return the code of the unit that it is easily mistaken for."""
    return town(matter.place) if matter.subject.mistaken == TOWN else matter.subject.mistaken


def new_matter(rng: Random) -> Matter:
    """Return something to call about."""
    (subject,) = rng.choices(SUBJECTS, cum_weights=_CUMULATED)
    # The first places are the largest.
    place = int(rng.random() ** 1.6 * len(PLACES))
    return Matter(
        subject,
        place,
        pick(rng, _ESTATES) + pick(rng, _ESTATE_KINDS),
        pick(rng, _ROADS) + pick(rng, _ROAD_KINDS),
        f"{pick(rng, _ROADS)}{pick(rng, _FACTORIES)}",
        f"{pick(rng, _ROADS)}{pick(rng, _ROAD_KINDS)}的{pick(rng, _SHOPS)}",
    )


def told(rng: Random, matter: Matter, kind: str) -> tuple[str, str]:
    """Return the title and the description of `matter`, as one agent writes down one call."""
    slots = {
        "place": PLACES[matter.place],
        "estate": matter.estate,
        "road": matter.road,
        "factory": matter.factory,
        "shop": matter.shop,
        "village": f"{matter.road[:2]}村",
        "building": f"{1 + int(rng.random() * 24)}幢",
        "bus": f"{1 + int(rng.random() * 60)}路",
        "unit": unit_name(right_unit(matter)),
        "since": pick(rng, _SLOTS["since"]),
        "night": pick(rng, _SLOTS["night"]),
        "morning": pick(rng, _SLOTS["morning"]),
    }
    title = pick(rng, matter.subject.titles)
    if kind == "praise":
        title, story = "表扬工作人员", pick(rng, _PRAISE).format_map(slots)
    elif rng.random() < _VAGUE_SHARE:
        title, story = pick(rng, _VAGUE_TITLES), pick(rng, _VAGUE).format_map(slots)
    else:
        story = pick(rng, matter.subject.says).format_map(slots)
    if rng.random() < 0.4:  # noqa: PLR2004  # so many titles say where
        title = f"{matter.estate if rng.random() < 0.5 else slots['place']}{title}"  # noqa: PLR2004
    wish = pick(rng, _WISHES.get(kind, _DEMANDS))
    text = f"{pick(rng, _OPENINGS)}{slots['place'] if rng.random() < 0.5 else ''}{story}，{pick(rng, _DETAILS)}{wish}"  # noqa: PLR2004
    return title, _noisy(rng, text)


def address(rng: Random, matter: Matter) -> str:
    """Return where it is."""
    return f"{PLACES[matter.place]}{matter.road}{1 + int(rng.random() * 300)}号{matter.estate}"


def name(rng: Random) -> str:
    """Return what a citizen is called in a ticket."""
    return f"{pick(rng, _SURNAMES)}{pick(rng, ('先生', '女士', '先生', '女士', '阿姨', '师傅'))}"


def reply(rng: Random, matter: Matter, unit: str) -> str:
    """Return what a unit answers."""
    return pick(rng, _REPLIES).format(unit=unit_name(unit), category=matter.subject.category)


def answer(rng: Random, matter: Matter) -> str:
    """Return what an agent answers on the call."""
    return pick(rng, _ANSWERS).format(unit=unit_name(right_unit(matter)), category=matter.subject.category)


def returned(rng: Random, unit: str) -> str:
    """Return why a unit returns a ticket that is `unit`'s."""
    return pick(rng, _RETURNS).format(unit=unit_name(unit))


def extension(rng: Random) -> str:
    """Return why a unit needs longer."""
    return pick(rng, _EXTENSIONS)


def redo(rng: Random) -> str:
    """Return what an unhappy citizen says."""
    return pick(rng, _REDOES)


def _noisy(rng: Random, text: str) -> str:
    if rng.random() < _TYPO_SHARE:
        text = text.translate(_TYPOS)
    if rng.random() < _SLIP_SHARE:
        at = int(rng.random() * len(text))
        text = text[:at] + text[at + 1 :] if rng.random() < 0.5 else text[:at] + text[at : at + 1] * 2 + text[at + 1 :]  # noqa: PLR2004
    return text
