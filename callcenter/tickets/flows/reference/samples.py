"""Sample units, categories and places for the lab: departments as many districts have them, towns that nobody has."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.tables import Category, MemberUnit, Place

UNITS: dict[str, str] = {
    "housing": "住房和城乡建设局",
    "urban": "城市管理局",
    "transport": "交通运输局",
    "police": "公安分局",
    "traffic-police": "交通警察大队",
    "environment": "生态环境局",
    "water": "水务局",
    "power": "供电公司",
    "market": "市场监督管理局",
    "labour": "人力资源和社会保障局",
    "medical": "医疗保障局",
    "health": "卫生健康委员会",
    "education": "教育局",
    "civil": "民政局",
    "agriculture": "农业农村局",
}
#: Code and name of a topic -> its categories: code, name, and the unit that usually handles it.
CATEGORIES: dict[tuple[str, str], tuple[tuple[str, str, str | None], ...]] = {
    ("g-housing", "住房物业"): (
        ("property", "物业服务", "housing"),
        ("building-noise", "施工噪声", "housing"),
        ("house-quality", "房屋质量", "housing"),
        ("lift", "电梯安全", "market"),
        ("illegal-building", "违章搭建", "urban"),
        ("public-rental", "公租房申请", "housing"),
    ),
    ("g-city", "市容市政"): (
        ("stalls", "占道经营", "urban"),
        ("shop-noise", "商铺噪声", "urban"),
        ("street-light", "路灯", "urban"),
        ("manhole", "窨井盖", "urban"),
        ("rubbish", "垃圾清运", "urban"),
        ("greening", "园林绿化", "urban"),
    ),
    ("g-traffic", "交通出行"): (
        ("road-damage", "道路破损", "transport"),
        ("bus", "公共交通", "transport"),
        ("taxi", "出租网约车", "transport"),
        ("illegal-parking", "违法停车", "traffic-police"),
        ("signals", "交通信号", "traffic-police"),
        ("licence", "驾驶证车辆业务", "traffic-police"),
    ),
    ("g-environment", "生态环境"): (
        ("factory-noise", "工业噪声", "environment"),
        ("factory-smell", "废气异味", "environment"),
        ("river", "河道污染", "environment"),
        ("straw", "秸秆焚烧", None),
    ),
    ("g-utility", "水电公用"): (
        ("tap-water", "自来水", "water"),
        ("drainage", "排水内涝", "water"),
        ("power-cut", "停电", "power"),
        ("power-line", "电力设施", "power"),
    ),
    ("g-market", "市场消费"): (
        ("shop-refund", "消费纠纷", "market"),
        ("food", "食品安全", "market"),
        ("prices", "价格收费", "market"),
        ("business-licence", "营业执照", "market"),
    ),
    ("g-people", "民生保障"): (
        ("wages", "拖欠工资", "labour"),
        ("pension", "社会保险", "labour"),
        ("medical-insurance", "医疗保险", "medical"),
        ("hospital", "医疗服务", "health"),
        ("school", "入学教育", "education"),
        ("training", "校外培训", "education"),
        ("elderly", "养老救助", "civil"),
        ("marriage", "婚姻登记", "civil"),
    ),
    ("g-village", "村居三农"): (
        ("farmland", "土地承包", None),
        ("village-road", "村居道路", None),
        ("farming", "农业生产", "agriculture"),
        ("neighbours", "邻里纠纷", None),
    ),
    ("g-order", "社会治安"): (
        ("dancing-noise", "生活噪声", "police"),
        ("dogs", "养犬管理", "police"),
        ("residence", "户籍证件", "police"),
        ("fraud", "诈骗", "police"),
    ),
}
#: Made up.
PLACES = (
    *("清澜街道", "东堤街道", "南圃街道", "北汀街道"),
    *("柳荫镇", "石渡镇", "青岚镇", "鹭洲镇", "双榆镇", "长圩镇", "竹泾镇", "泉坝镇", "枫浦镇"),
)


async def ensure(session: AsyncSession, now: datetime) -> None:
    """Make the samples where there are no units, no categories or no places at all; each on its own."""
    if await session.scalar(select(MemberUnit.id).limit(1)) is None:
        session.add_all(MemberUnit(code=code, name=name, terms={}) for code, name in UNITS.items())
        await session.flush()
    if await session.scalar(select(Category.id).limit(1)) is None:
        units = {row[0]: row[1] for row in await session.execute(select(MemberUnit.code, MemberUnit.id))}
        for rank, ((topic, name), below) in enumerate(CATEGORIES.items()):
            session.add(Category(code=topic, version=1, name=name, rank=100 * rank, since=now))
            session.add_all(
                Category(
                    code=code,
                    version=1,
                    parent=topic,
                    name=its,
                    rank=100 * rank + place,
                    unit_id=units.get(unit or ""),
                    since=now,
                )
                for place, (code, its, unit) in enumerate(below, 1)
            )
    if await session.scalar(select(Place.id).limit(1)) is None:
        session.add_all(Place(code=f"town-{place:02}", name=name) for place, name in enumerate(PLACES, 1))
