"""What generated citizens call about: subjects, each with its category, its unit and ways to say it. All self-written.

Many share their words on purpose: noise is for four units, a road for three, water for three. What tells them apart
stands in a detail, and sometimes only in the place.
"""

from dataclasses import dataclass

#: Kinds by weight, as shares of ten.
ENQUIRY = (("enquiry", 8), ("help", 1), ("suggestion", 1))
COMPLAINT = (("complaint", 7), ("help", 2), ("suggestion", 1))
HELP = (("help", 6), ("complaint", 2), ("enquiry", 2))
REPORT = (("report", 6), ("complaint", 4))
#: Stands for the town or street office 镇街 of the place.
TOWN = "town"

#: Made-up towns and streets 镇街, in order of size; each has an office of its own.
PLACES: tuple[str, ...] = (
    "清澜街道",
    "东堤街道",
    "南圃街道",
    "北汀街道",
    "柳荫镇",
    "石渡镇",
    "青岚镇",
    "鹭洲镇",
    "双榆镇",
    "长圩镇",
    "竹泾镇",
    "泉坝镇",
    "枫浦镇",
)
#: Code -> name of the upper level of categories.
TOPICS: dict[str, str] = {
    "g-housing": "住房物业",
    "g-city": "市容市政",
    "g-traffic": "交通出行",
    "g-environment": "生态环境",
    "g-utility": "水电公用",
    "g-market": "市场消费",
    "g-people": "民生保障",
    "g-village": "村居三农",
    "g-order": "社会治安",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that citizens call about."""

    #: Also the code of its category.
    code: str
    category: str
    topic: str
    #: Code of the unit that is right for it, or TOWN.
    unit: str
    #: A unit that it is easily mistaken for.
    mistaken: str
    kinds: tuple[tuple[str, int], ...]
    #: How often, against the others.
    weight: int
    titles: tuple[str, ...]
    says: tuple[str, ...]


def _subject(  # noqa: PLR0917  # one line of the tables below
    code: str,
    category: str,
    topic: str,
    unit: str,
    mistaken: str,
    kinds: tuple[tuple[str, int], ...],
    weight: int,
    titles: str,
    says: str,
) -> Subject:
    return Subject(
        code, category, f"g-{topic}", unit, mistaken, kinds, weight, tuple(titles.split("|")), tuple(says.split("|"))
    )


_HOUSING = (
    _subject(
        "property", "物业服务", "housing", "housing", TOWN, COMPLAINT, 9,
        "物业服务差|物业不作为|物业收费有异议|小区保洁不到位",
        "{estate}的物业收了钱不管事，楼道的灯坏了{since}没人换|{estate}物业费涨价没有公示，业主都不认可|"
        "{estate}门禁坏了{since}，外来人员随便进出，物业一直推脱|{estate}的垃圾桶{since}没有清，物业经理电话不接",
    ),
    _subject(
        "building-noise", "施工噪声", "housing", "housing", "urban", COMPLAINT, 7,
        "夜间施工噪声扰民|工地噪声大|工地半夜打桩",
        "{road}边上的工地{night}还在打桩，噪声很大，影响休息|{estate}对面在建的楼盘{night}浇筑混凝土，机器轰鸣|"
        "{road}的项目部{night}施工，塔吊和搅拌车的声音吵得睡不着",
    ),
    _subject(
        "house-quality", "房屋质量", "housing", "housing", "market", COMPLAINT, 5,
        "新房漏水|房屋质量问题|外墙脱落",
        "在{estate}买的房子交付{since}就漏水，开发商不肯维修|{estate}的外墙瓷砖掉下来，差点砸到人|"
        "{estate}地下室返潮，墙面发霉，开发商推给物业",
    ),
    _subject(
        "lift", "电梯安全", "housing", "market", "housing", COMPLAINT, 4,
        "电梯故障困人|电梯经常坏|电梯超期未检",
        "{estate}{building}的电梯{since}坏了三次，昨天还困了人|{estate}{building}电梯里的检验标志已经过期|"
        "{estate}的电梯突然下坠，老人受了惊吓，维保单位说等配件",
    ),
    _subject(
        "illegal-building", "违章搭建", "housing", "urban", TOWN, REPORT, 6,
        "邻居违章搭建|楼顶私自加盖|占用绿地搭棚",
        "{estate}{building}楼顶有人私自加盖房子，砖都运上去了|{road}一户人家在人行道上搭了铁皮棚|"
        "{estate}一楼业主圈占公共绿地搭建阳光房",
    ),
    _subject(
        "public-rental", "公租房申请", "housing", "housing", "civil", ENQUIRY, 5,
        "咨询公租房申请条件|租房补贴怎么办|公积金提取",
        "想问公租房申请要什么材料，外地户口能不能申请|咨询新就业大学生的租房补贴怎么领|"
        "咨询公积金能不能提取出来付房租，要跑几趟",
    ),
)  # fmt: skip
_CITY = (
    _subject(
        "stalls", "占道经营", "city", "urban", "market", COMPLAINT, 7,
        "流动摊贩占道|店外经营|早市堵路",
        "{road}每天{morning}都是流动摊贩，把人行道占满了|{road}的烧烤店把桌子摆到路上，油烟熏人|"
        "{estate}门口卖菜的三轮车排成一排，车出不来",
    ),
    _subject(
        "shop-noise", "商铺噪声", "city", "urban", "police", COMPLAINT, 5,
        "商铺喇叭扰民|店铺音响噪声大|叫卖声太吵",
        "{road}的店铺用大喇叭循环叫卖，噪声很大，影响休息|{estate}楼下饭店的音响{night}还在放|"
        "{road}超市门口搞促销，音响从{morning}响到天黑",
    ),
    _subject(
        "street-light", "路灯", "city", "urban", "power", HELP, 5,
        "路灯不亮|路灯损坏|请求加装路灯",
        "{road}的路灯{since}不亮了，晚上走路看不见|{road}有一根路灯杆被撞歪，线头露在外面|"
        "{estate}到{road}那一段没有路灯，孩子下晚自习害怕",
    ),
    _subject(
        "manhole", "窨井盖", "city", "urban", "water", HELP, 4,
        "窨井盖破损|井盖缺失|井盖松动响",
        "{road}有一个窨井盖不见了，很危险|{road}的井盖松动，车子压过去响一夜|"
        "{estate}门口的雨水井盖碎了，有小孩踩空",
    ),
    _subject(
        "rubbish", "垃圾清运", "city", "urban", TOWN, COMPLAINT, 5,
        "垃圾没人清|垃圾堆放点太臭|建筑垃圾乱倒",
        "{road}垃圾堆了{since}没人运，苍蝇很多|{road}有人把建筑垃圾倒在绿化带里|"
        "{estate}旁边的垃圾中转站臭味很大，窗户不敢开",
    ),
    _subject(
        "greening", "园林绿化", "city", "urban", TOWN, HELP, 3,
        "树枝遮挡|绿化带枯死|行道树倒伏",
        "{road}的行道树枝太长，碰到了我家窗户|{road}绿化带里的树死了{since}没人管|"
        "昨天大风，{road}有一棵树倒在路上",
    ),
)  # fmt: skip
_TRAFFIC = (
    _subject(
        "road-damage", "道路破损", "traffic", "transport", "urban", HELP, 6,
        "道路坑洼|路面塌陷|公路破损",
        "{road}出城那段公路坑坑洼洼，电动车摔了好几个|县道往{road}方向路面塌陷{since}没人修|"
        "{road}的桥面接缝处坏了，货车过去像打雷",
    ),
    _subject(
        "bus", "公共交通", "traffic", "transport", "urban", ENQUIRY, 6,
        "公交车不准点|咨询公交线路|建议增加公交班次",
        "{bus}公交车等了四十分钟不来|请问{bus}末班车是几点，到不到{estate}|"
        "建议{bus}在{estate}加一个站，老人走不动",
    ),
    _subject(
        "taxi", "出租网约车", "traffic", "transport", "market", COMPLAINT, 4,
        "出租车拒载|网约车多收费|出租车绕路",
        "在{road}打车，司机一听距离近就拒载|网约车到{estate}多收了二十块钱，平台不处理|"
        "出租车故意绕路，还不给发票",
    ),
    _subject(
        "illegal-parking", "违法停车", "traffic", "traffic-police", "urban", COMPLAINT, 7,
        "车辆乱停堵路|消防通道停车|占用盲道停车",
        "{road}两边停满了车，公交都过不去|{estate}门口的路上有货车{night}长期停放，挡住视线|"
        "{road}有车停在斑马线上，打电话也不挪",
    ),
    _subject(
        "signals", "交通信号", "traffic", "traffic-police", "transport", HELP, 4,
        "红绿灯时间不合理|红绿灯坏了|请求增设斑马线",
        "{road}路口的红绿灯坏了{since}，车都乱走|{road}左转的绿灯只有十秒，一次只过三辆车|"
        "{estate}门口没有斑马线，老人过马路危险",
    ),
    _subject(
        "licence", "驾驶证车辆业务", "traffic", "traffic-police", "transport", ENQUIRY, 5,
        "咨询驾驶证换证|咨询电动车上牌|违章处理",
        "驾驶证要到期了，想问在哪里换证，要不要体检|咨询电动自行车上牌要带什么，周末办不办|"
        "收到违章短信，想问是不是真的，怎么申诉",
    ),
)  # fmt: skip
_ENVIRONMENT = (
    _subject(
        "factory-noise", "工业噪声", "environment", "environment", "housing", COMPLAINT, 4,
        "工厂噪声扰民|厂房机器噪声|风机噪声大",
        "{factory}的风机{night}不停，噪声很大，影响休息|{factory}冲床的声音从{morning}响到半夜，墙都在抖|"
        "{road}的{factory}夜里开工，机器噪声传到村里",
    ),
    _subject(
        "factory-smell", "废气异味", "environment", "environment", "urban", REPORT, 5,
        "工厂排放废气|空气中有刺鼻气味|焚烧冒黑烟",
        "{factory}{night}偷偷排废气，味道刺鼻，孩子咳嗽|{road}一带早上有塑料烧焦的味道，怀疑是{factory}|"
        "{factory}的烟囱冒黑烟，窗台上一层灰",
    ),
    _subject(
        "river", "河道污染", "environment", "environment", "water", REPORT, 5,
        "河水发黑发臭|污水直排河道|河里有死鱼",
        "{estate}后面的河水发黑发臭，夏天没法开窗|{factory}往河里排污水，水面上有泡沫|"
        "{road}桥下的河里漂着死鱼，怀疑有人排污",
    ),
    _subject(
        "straw", "秸秆焚烧", "environment", TOWN, "environment", REPORT, 3,
        "有人焚烧秸秆|田里烧草|烧荒冒烟",
        "{village}田里有人烧秸秆，烟飘到路上看不见|{village}晚上偷偷烧稻草，呛得人睡不着|"
        "{village}后面有人烧荒，火离房子很近",
    ),
)  # fmt: skip
_UTILITY = (
    _subject(
        "tap-water", "自来水", "utility", "water", "housing", HELP, 7,
        "停水|自来水发黄|水压太低|水费有异议",
        "{estate}{since}停水，什么时候能来水|家里自来水发黄，有铁锈味，{estate}好几户都这样|"
        "{estate}{building}水压太低，热水器打不着|这个月水费突然多了三百块，要求重新抄表",
    ),
    _subject(
        "drainage", "排水内涝", "utility", "water", "urban", HELP, 5,
        "下水道堵塞|路面积水|污水外溢",
        "{road}下水道堵了，污水溢到路上|一下雨{road}就积水，车子熄火在里面|"
        "{estate}化粪池外溢{since}，臭得不行，下雨天更严重",
    ),
    _subject(
        "power-cut", "停电", "utility", "power", "housing", HELP, 7,
        "停电|电压不稳|咨询停电计划",
        "{estate}突然停电了，问什么时候来电|{village}电压不稳，空调带不动|"
        "想问{estate}明天是不是计划停电，家里有病人用呼吸机",
    ),
    _subject(
        "power-line", "电力设施", "utility", "power", "urban", HELP, 3,
        "电线掉落|变压器噪声|电线杆倾斜",
        "{road}有电线掉下来，很危险，赶快来人|{estate}变压器嗡嗡响，噪声很大，影响休息|"
        "{village}的电线杆歪了{since}，快倒了",
    ),
)  # fmt: skip
_MARKET = (
    _subject(
        "shop-refund", "消费纠纷", "market", "market", "police", COMPLAINT, 8,
        "商家不退款|预付卡不退|买到假货",
        "在{shop}办的卡，店关门了，钱退不回来|{shop}买的东西有质量问题，商家不退款|"
        "在{shop}买的烟酒怀疑是假货，要求查处|网上买的衣服不肯退，商家地址在{road}",
    ),
    _subject(
        "food", "食品安全", "market", "market", "health", REPORT, 6,
        "饭店吃坏肚子|食品过期|后厨不卫生",
        "在{shop}吃饭以后全家拉肚子|{shop}卖的面包过期了还在卖|{shop}的后厨很脏，有老鼠，没有健康证",
    ),
    _subject(
        "prices", "价格收费", "market", "market", "housing", COMPLAINT, 4,
        "停车场乱收费|价格不标明|多收费",
        "{estate}旁边的停车场乱收费，没有公示价格|{shop}结账的价格和标价不一样|{road}的加油站好像缺斤少两",
    ),
    _subject(
        "business-licence", "营业执照", "market", "market", "urban", ENQUIRY, 4,
        "咨询营业执照办理|个体户注销|咨询食品经营许可",
        "想开一家小店，问营业执照在哪里办，要几天|个体户不做了，怎么注销|咨询小餐饮要办什么许可证",
    ),
)  # fmt: skip
_PEOPLE = (
    _subject(
        "wages", "拖欠工资", "people", "labour", "housing", COMPLAINT, 7,
        "拖欠工资|工地欠薪|辞职不结工资",
        "在{factory}上班，{since}没有发工资|在{road}的工地干活，包工头拖欠工资，找项目部也不管|"
        "从{shop}辞职了，老板不给结工资，还扣押金",
    ),
    _subject(
        "pension", "社会保险", "people", "labour", "medical", ENQUIRY, 7,
        "咨询养老保险|社保转移|退休手续",
        "问养老保险断缴了怎么补，要交多少|从外地回来，社保怎么转移|明年退休，要准备什么材料，工龄怎么算",
    ),
    _subject(
        "medical-insurance", "医疗保险", "people", "medical", "labour", ENQUIRY, 7,
        "咨询医保报销|异地就医备案|医保卡不能用",
        "在外地住院，医保怎么报销，要不要先备案|医保卡在药店刷不出来，是不是断缴了|咨询生育津贴什么时候到账",
    ),
    _subject(
        "hospital", "医疗服务", "people", "health", "medical", COMPLAINT, 4,
        "医院态度差|挂不上号|疫苗接种咨询",
        "在{place}卫生院看病，医生态度差，排队两个小时|医院专家号挂不上，黄牛倒是有|"
        "咨询孩子的疫苗在哪里打，要不要预约",
    ),
    _subject(
        "school", "入学教育", "people", "education", TOWN, ENQUIRY, 7,
        "咨询入学条件|学区划分|学校乱收费",
        "孩子今年上小学，问{estate}属于哪个学区|外地户口，孩子怎么报名，要居住证吗|学校收了资料费，不知道合不合理",
    ),
    _subject(
        "training", "校外培训", "people", "education", "market", COMPLAINT, 4,
        "培训机构跑路|培训班不退费|无证办学",
        "给孩子报的培训班关门了，学费不退|{road}的培训机构没有证，周末偷偷补课|"
        "{estate}里面有人办托管班，几十个孩子挤一间，不安全",
    ),
    _subject(
        "elderly", "养老救助", "people", "civil", TOWN, HELP, 5,
        "咨询低保申请|养老院投诉|高龄补贴",
        "家里困难，想申请低保，不知道找谁|老人八十岁了，高龄补贴{since}没有到账|{place}的养老院伙食很差，老人瘦了",
    ),
    _subject(
        "marriage", "婚姻登记", "people", "civil", "police", ENQUIRY, 3,
        "咨询结婚登记|离婚登记预约|补办结婚证",
        "想问结婚登记要不要预约，周六办不办|外地户口能不能在这里办离婚登记|结婚证丢了，怎么补办",
    ),
)  # fmt: skip
_VILLAGE = (
    _subject(
        "farmland", "土地承包", "village", TOWN, "agriculture", COMPLAINT, 4,
        "土地流转费没发|承包地被占|征地补偿",
        "{village}的土地流转费{since}没有发到农户手里|{village}我家的承包地被人占了种树|"
        "{village}征地的补偿款没有公示，问了村里不说",
    ),
    _subject(
        "village-road", "村居道路", "village", TOWN, "transport", HELP, 5,
        "村里的路坏了|村道没有硬化|生产路积水",
        "{village}的村路坑坑洼洼，下雨没法走|{village}最后三百米没有浇水泥路，老人出门不便|"
        "{village}组里的路被大车压坏{since}没人修",
    ),
    _subject(
        "farming", "农业生产", "village", "agriculture", TOWN, ENQUIRY, 4,
        "咨询农业补贴|农药化肥质量|农机补贴",
        "想问今年种粮补贴每亩多少，什么时候发|买的种子不出苗，怀疑是假种子|买农机有没有补贴，怎么申请",
    ),
    _subject(
        "neighbours", "邻里纠纷", "village", TOWN, "police", HELP, 4,
        "邻里纠纷|邻居养鸡扰民|宅基地争议",
        "{village}邻居砌墙占了我家半米，吵了{since}|{estate}楼上漏水，邻居不开门不修|"
        "{estate}邻居家养了十几只鸡，{morning}就叫，臭味大",
    ),
)  # fmt: skip
_ORDER = (
    _subject(
        "dancing-noise", "生活噪声", "order", "police", "urban", COMPLAINT, 5,
        "广场舞噪声扰民|邻居深夜吵闹|唱歌声音大",
        "{estate}门口的广场舞{night}还不散，噪声很大，影响休息|{estate}{building}楼上{night}打牌唱歌，吵得睡不着|"
        "{road}的广场上有人用音响唱歌，天天到半夜",
    ),
    _subject(
        "dogs", "养犬管理", "order", "police", TOWN, COMPLAINT, 4,
        "遛狗不牵绳|狗咬人|流浪狗伤人",
        "{estate}有人遛狗不牵绳，孩子吓哭了|在{road}被狗咬了，狗主人不承认|{estate}附近有一群流浪狗，老人不敢出门",
    ),
    _subject(
        "residence", "户籍证件", "order", "police", "civil", ENQUIRY, 6,
        "咨询身份证办理|户口迁移|居住证",
        "身份证丢了，补办要多久，能不能加急|孩子出生了怎么上户口|居住证到期了，在{place}哪里续签",
    ),
    _subject(
        "fraud", "诈骗", "order", "police", "market", HELP, 4,
        "接到诈骗电话|被骗转账|虚假投资",
        "接到自称客服的电话，让转账，怀疑是诈骗|被人拉进群投资，转了钱提不出来|有人冒充熟人借钱，已经转了三千块",
    ),
)  # fmt: skip

SUBJECTS: tuple[Subject, ...] = (
    *_HOUSING,
    *_CITY,
    *_TRAFFIC,
    *_ENVIRONMENT,
    *_UTILITY,
    *_MARKET,
    *_PEOPLE,
    *_VILLAGE,
    *_ORDER,
)
