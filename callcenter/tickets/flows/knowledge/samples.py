"""Articles for a hotline that is tried out 样例: written for this project, and true of no place in particular."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.sessions import Actor
from callcenter.tickets.flows.knowledge import articles as knowledge
from callcenter.tickets.tables import Article, MemberUnit


@dataclass(frozen=True, slots=True)
class Sample:
    """An article; `unit` is the code of a unit, if there is one of it."""

    title: str
    keywords: str
    body: str
    unit: str = ""
    #: Days from today on which it is valid for the last time.
    days: int | None = None


SAMPLES = (
    Sample(
        "路灯不亮如何报修",
        "路灯 坏了 不亮 闪烁 灯杆 倾斜",
        "请来电人提供最近的门牌号、路口或灯杆编号，并说明是单盏不亮还是整条路不亮。\n\n"
        "单盏故障一般三个工作日内修复；整段不亮按紧急工单派往路灯管理单位。\n\n"
        "灯杆倾斜、电线外露的，提醒来电人不要靠近，同时按特急处理。",
        "power",
    ),
    Sample(
        "公积金提取需要哪些材料",
        "住房公积金 租房 购房 提取 材料",
        "租房提取：本人身份证、无房证明、租赁备案信息。\n\n购房提取：本人身份证、购房合同或不动产权证书、付款凭证。\n\n"
        "可在政务服务网办理，也可到公积金中心窗口办理，一般三个工作日内到账。",
        "housing_fund",
    ),
    Sample(
        "居民医保缴费时间与标准",
        "城乡居民医疗保险 缴费 补缴 新生儿",
        "集中缴费期为每年九月至十二月，次年一月起享受待遇。\n\n逾期参保的设有等待期。新生儿自出生之日起九十日内参保，从出生之日起享受待遇。",
        "medical",
        20,
    ),
    Sample(
        "养犬登记办理",
        "养狗 犬证 狗证 免疫 登记",
        "携带本人身份证、住所证明和犬只免疫证明，到辖区派出所或指定宠物医院办理。\n\n禁养犬种不予登记。遛犬须牵绳并清理粪便。",
        "police",
    ),
    Sample(
        "夜间施工噪音投诉口径",
        "工地 施工 夜间 噪音 扰民 许可",
        "夜间指二十二时至次日六时。抢修、抢险或因工艺需要连续作业的，须有证明并公告附近居民。\n\n"
        "请来电人提供工地位置、噪声时段；正在施工的按紧急工单派往城市管理部门。",
        "urban",
    ),
    Sample(
        "小区停车收费与物业服务",
        "物业 停车费 车位 小区 涨价",
        "前期物业服务收费实行政府指导价的，以备案标准为准；业主大会成立后由双方约定。\n\n对收费有异议的，先向物业公司要求公示收费依据。",
        "housing",
    ),
    Sample(
        "自来水停水查询",
        "停水 水压 抢修 供水",
        "计划停水提前二十四小时公告。先在供水公告中查询来电人所在区域。\n\n无公告的按突发停水登记，请供水单位在两小时内答复来电人。",
        "water",
    ),
    Sample(
        "身份证补办流程",
        "身份证 丢失 补领 异地 临时",
        "本人到任一户籍派出所办理，异地也可办理。\n\n补领工本费四十元，急用的可同时申领临时身份证，三个工作日内领取。",
        "police",
    ),
    Sample(
        "老年人优待证办理",
        "老年证 敬老卡 免费乘车 六十五岁",
        "年满六十周岁可申领。携带身份证和近期照片到户籍所在村、社区办理。\n\n六十五周岁以上可免费乘坐市内公交。",
        "civil",
    ),
    Sample(
        "最低生活保障申请条件",
        "低保 困难 救助 申请 家庭收入",
        "共同生活的家庭成员人均收入低于当地低保标准，且财产状况符合规定的，可向镇街提出申请。\n\n受理后三十个工作日内作出决定。",
        "civil",
    ),
    Sample(
        "违章建筑举报受理口径",
        "违建 私搭乱建 阳光房 占用",
        "请来电人提供具体位置和搭建情况。正在搭建的按紧急工单处理，已建成的按普通举报处理。\n\n举报人要求保密的，勾选匿名。",
        "urban",
    ),
    Sample(
        "机动车违停举报",
        "违停 占道 挪车 消防通道",
        "请提供车牌号、位置和时间。占用消防通道、堵塞出入口的，建议同时拨打 110 请求挪车。",
        "police",
    ),
    Sample(
        "新生儿落户办理",
        "户口 出生 落户 上户口 随母",
        "携带出生医学证明、父母身份证、户口簿和结婚证，到父或母户籍派出所办理。可随父或随母落户。",
        "police",
    ),
    Sample(
        "个体工商户营业执照办理",
        "营业执照 注册 个体户 网上",
        "可在政务服务网全程网上办理，一般一个工作日办结。\n\n需要经营者身份证、经营场所证明；食品经营还须另办许可。",
        "market",
    ),
    Sample(
        "食品安全问题投诉",
        "过期食品 餐饮 卫生 异物 十倍赔偿",
        "请来电人保留购物凭证和实物，提供商家名称和地址。\n\n有身体不适的，先提醒就医并保留病历。",
        "market",
    ),
    Sample(
        "拖欠农民工工资受理",
        "欠薪 工资 包工头 劳动监察",
        "登记用人单位、项目名称、人数、金额和时间，派往劳动保障监察机构。\n\n涉及十人以上或情绪激动的，按紧急工单处理并告知班长。",
        "labour",
    ),
    Sample(
        "垃圾分类投放时间",
        "垃圾 分类 投放 撤桶 大件",
        "定时投放为每日七时至九时、十八时至二十时。大件垃圾请提前预约收运。\n\n误时投放点的位置可在社区公告栏查询。",
        "urban",
    ),
    Sample(
        "公交线路调整查询",
        "公交 改线 站点 末班车",
        "以公交公司当日公告为准。对线路、站点有建议的，登记为建议类工单。",
        "transport",
    ),
    Sample(
        "义务教育入学报名",
        "上学 小学 初中 报名 学区 随迁子女",
        "每年五月公布学区和报名办法，六月网上报名。\n\n随迁子女凭居住证和务工证明报名，由教育部门统筹安排。",
        "education",
    ),
    Sample(
        "冬季供暖温度投诉",
        "暖气 不热 供热 温度 退费",
        "供暖期内居室温度不得低于十八摄氏度。\n\n请来电人提供地址和测得的温度，派往供热单位上门测温。",
        "heating",
        -3,
    ),
)


async def ensure_samples(session: AsyncSession, node: str, *, now: datetime, today: date) -> int:
    """Add the samples to a knowledge base that has no article at all; returns how many were added."""
    if await session.scalar(select(Article.id).limit(1)) is not None:
        return 0
    units = set(await session.scalars(select(MemberUnit.code)))
    for sample in SAMPLES:
        texts = {"title": sample.title, "keywords": sample.keywords, "body": sample.body}
        until = None if sample.days is None else today + timedelta(days=sample.days)
        unit = sample.unit if sample.unit in units else None
        await knowledge.add(session, Actor("system", node), {**texts, "unit": unit, "valid_until": until}, now=now)
    return len(SAMPLES)
