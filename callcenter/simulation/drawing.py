"""The simulation drawn into a PNG, in Chinese where a font for it is installed and in English elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from callcenter.simulation.assumptions import Assumptions
from callcenter.simulation.hotline import Rule, simulate
from callcenter.simulation.record import DUE, NEVER, TARGET, Record
from callcenter.simulation.search import READINGS, Loads

#: Fonts with Chinese, best first.
_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
)
#: One colour for each hotline, told apart also by those who do not see red and green (Okabe and Ito).
_COLOURS = ("#999999", "#D55E00", "#56B4E9", "#0072B2", "#009E73", "#CC79A7")
_MINUTES = 10

_ZH = {
    "title": "排队策略仿真：{seats} 个座席能承受多大的话务量",
    "gain": (
        "承诺全部兑现的最大话务量：{policy:.1f} 厄兰，为普通排队（{bare:.1f} 厄兰）的 {times:.2f} 倍；"
        "后备人员每天动用 {hours:.1f} 小时"
    ),
    "load": "忙时话务量（厄兰）",
    "rate": "30 秒内接通的比例",
    "rates": "30 秒接通率（留在线上等候的来电）",
    "target": "目标 95%",
    "waiting": "每 {minutes} 分钟内同时排队的最多人数（某一天，{load:g} 厄兰）",
    "people": "人",
    "hour": "时",
    "never": "不得达到 5 人",
    "callbacks": "漏接及约定回拨：欠下多久后拨出（{load:g} 厄兰）",
    "minutes": "分钟",
    "share": "累计比例",
    "due": "承诺 15 分钟",
    "none": "没有需要回拨的来电",
    "foot": "仿真 {days} 天，种子 {seed}；到达曲线、通话时长、耐心均为假设，见 callcenter/simulation/assumptions.py",
    "bare queue, no limit": "普通排队，不限人数",
    "bare queue, at most": "普通排队，最多 {places} 人",
    "policy reinforced by the count": "策略：按排队人数增援",
    "policy reinforced by prediction": "策略：按预测等待增援",
    "the same, no reserves": "同上，无后备人员",
    "the same, nobody takes a callback offered": "同上，无人接受回拨",
}
_EN = {
    "title": "The queue rule simulated: the load that {seats} seats can bear",
    "gain": (
        "Greatest load with every promise kept: {policy:.1f} Erlang, {times:.2f} times the bare queue's {bare:.1f}; "
        "reserves work {hours:.1f} h a day"
    ),
    "load": "Load in the busiest hour (Erlang)",
    "rate": "Answered within 30 s",
    "rates": "30-second answer rate (of those who stay in line)",
    "target": "target 95 %",
    "waiting": "Most who waited at once in each {minutes} minutes (one day, {load:g} Erlang)",
    "people": "callers",
    "hour": "hour",
    "never": "5 must never wait",
    "callbacks": "Callbacks: time until they were dialled ({load:g} Erlang)",
    "minutes": "minutes",
    "share": "cumulative share",
    "due": "promised: 15 minutes",
    "none": "nobody had to be called back",
    "foot": (
        "{days} days simulated, seed {seed}; arrivals, talk times and patience are assumed: "
        "callcenter/simulation/assumptions.py"
    ),
    "bare queue, at most": "bare queue, at most {places}",
}


def draw(found: Sequence[Loads], said: dict[str, Any], file: Path) -> None:
    """Draw what a search found into `file`: the rates over the load, and a day at the policy's greatest load."""
    words, figure = _begin()
    above, left, right = _panels(figure)
    best = max(said["hotlines"], key=lambda one: one["greatest_load"]["of_those_who_wait"] or 0.0)
    load = best["greatest_load"]["of_those_who_wait"] or min(found[-1].records)
    bare = max((one["greatest_load"]["of_those_who_wait"] or 0.0 for one in said["hotlines"] if one["bare"]), default=0)
    figure.suptitle(
        words["title"].format(seats=said["assumptions"]["seats"]), x=0.06, ha="left", fontsize=19, weight="bold"
    )
    if bare and best["greatest_load"]["of_those_who_wait"]:
        hours = best["there"]["reserve_hours_a_day"]
        gain = words["gain"].format(policy=load, bare=bare, times=load / bare, hours=hours)
        figure.text(0.06, 0.915, gain, fontsize=14, color=_COLOURS[3])
    _rates(above, found, words)
    assumptions = Assumptions(**{**said["assumptions"], "curve": tuple(said["assumptions"]["curve"])})
    days = {
        one.rule: simulate(one.rule, load, assumptions, days=said["days"], seed=said["seed"]) for one in _shown(found)
    }
    _day(left, days, load, words)
    _callbacks(right, days, load, words)
    figure.text(0.06, 0.015, words["foot"].format(days=said["days"], seed=said["seed"]), fontsize=9, color="#666666")
    figure.savefig(file, dpi=110)


def draw_day(records: Mapping[Rule, Record], load: float, file: Path) -> None:
    """Draw what one load came to into `file`."""
    words, figure = _begin()
    figure.set_size_inches(13.5, 5.2)
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.06, right=0.97, top=0.86, bottom=0.14, wspace=0.18)
    _day(left, records, load, words)
    _callbacks(right, records, load, words)
    figure.savefig(file, dpi=110)


def _begin() -> tuple[dict[str, str], Figure]:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    chinese = next((font for font in _FONTS if font in installed), None)
    mpl.rcParams.update(
        {
            "font.family": [chinese, "DejaVu Sans"] if chinese else ["DejaVu Sans"],
            "axes.unicode_minus": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "axes.titlesize": 13,
            "axes.grid": True,
            "grid.color": "#E5E5E5",
        }
    )
    return {**_EN, **(_ZH if chinese else {})}, Figure(figsize=(13.5, 10.5))


def _panels(figure: Figure) -> tuple[Axes, Axes, Axes]:
    grid = figure.add_gridspec(
        2, 2, left=0.06, right=0.97, top=0.86, bottom=0.085, hspace=0.28, wspace=0.16, height_ratios=(1.25, 1)
    )
    return figure.add_subplot(grid[0, :]), figure.add_subplot(grid[1, 0]), figure.add_subplot(grid[1, 1])


def _shown(found: Sequence[Loads]) -> list[Loads]:
    """Return the hotlines that a day is drawn of: the first bare queue, and the policies with all their means."""
    policies = [one for one in found if one.rule.callbacks and one.rule.reserves and one.rule.takers]
    return [*[one for one in found if not one.rule.callbacks][:1], *policies[-1:]]


def _rates(axes: Axes, found: Sequence[Loads], words: Mapping[str, str]) -> None:
    reading = READINGS["of_those_who_wait"]
    for place, (one, colour) in enumerate(zip(found, _COLOURS, strict=False)):
        loads = sorted(one.records)
        rates = [reading(one.records[load]) for load in loads]
        weak = one.rule.callbacks and (not one.rule.reserves or not one.rule.takers)
        axes.plot(
            loads, rates, color=colour, lw=1.6 if weak else 2.6, ls="--" if weak else "-", label=_named(one.rule, words)
        )
        if (greatest := one.greatest(reading)) is not None:
            axes.plot([greatest], [reading(one.records[greatest])], "o", color=colour, ms=9, zorder=5)
            axes.annotate(
                f"{greatest:.1f}",
                (greatest, reading(one.records[greatest])),
                textcoords="offset points",
                xytext=(4, 9) if place % 2 else (-10, -18),
                color=colour,
                weight="bold",
            )
    axes.axhline(TARGET, color="#333333", lw=1.2, ls=":")
    axes.annotate(
        words["target"], (1.0, TARGET), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=10
    )
    axes.set_ylim(0.78, 1.005)
    axes.set_yticks([0.80, 0.85, 0.90, 0.95, 1.0])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel(words["load"])
    axes.set_ylabel(words["rate"])
    axes.set_title(words["rates"])
    axes.legend(loc="lower left", frameon=False, fontsize=11)


def _day(axes: Axes, records: Mapping[Rule, Record], load: float, words: Mapping[str, str]) -> None:
    for rule, record in records.items():
        most = record.waiting_in
        hours = [start / 60 for start in range(0, len(most), _MINUTES)]
        values = [max(most[start : start + _MINUTES]) for start in range(0, len(most), _MINUTES)]
        axes.step(hours, values, where="post", color=_colour(rule, records), lw=1.8, label=_named(rule, words))
    axes.axhline(NEVER, color="#B00020", lw=1.2, ls=":")
    axes.annotate(
        words["never"],
        (0.01, NEVER + 0.08),
        xycoords=("axes fraction", "data"),
        va="bottom",
        fontsize=10,
        color="#B00020",
    )
    axes.set_xlim(0, len(next(iter(records.values())).waiting_in) / 60)
    axes.set_xticks(range(0, len(next(iter(records.values())).waiting_in) // 60 + 1, 3))
    axes.set_ylim(bottom=0)
    axes.set_xlabel(words["hour"])
    axes.set_ylabel(words["people"])
    axes.set_title(words["waiting"].format(minutes=_MINUTES, load=load))
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize=10)


def _callbacks(axes: Axes, records: Mapping[Rule, Record], load: float, words: Mapping[str, str]) -> None:
    nobody = True
    for rule, record in records.items():
        if minutes := sorted(seconds / 60 for seconds in record.callback_seconds):
            nobody = False
            shares = [(place + 1) / len(minutes) for place in range(len(minutes))]
            axes.plot(minutes, shares, color=_colour(rule, records), lw=2.2, label=_named(rule, words))
    if nobody:
        axes.text(0.5, 0.5, words["none"], ha="center", transform=axes.transAxes)
    axes.axvline(DUE / 60, color="#B00020", lw=1.2, ls=":")
    axes.annotate(words["due"], (DUE / 60, 0.04), rotation=90, ha="right", fontsize=10, color="#B00020")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel(words["minutes"])
    axes.set_ylabel(words["share"])
    axes.set_title(words["callbacks"].format(load=load))
    if not nobody:
        axes.legend(loc="lower right", bbox_to_anchor=(0.93, 0.05), frameon=False, fontsize=10)


def _colour(rule: Rule, records: Mapping[Rule, Record]) -> str:
    if len(records) == 2:  # noqa: PLR2004  # one bare queue and one policy
        return _COLOURS[3] if rule.callbacks else _COLOURS[1]
    return _COLOURS[list(records).index(rule) % len(_COLOURS)]


def _named(rule: Rule, words: Mapping[str, str]) -> str:
    known = rule.name.rsplit(" ", 1)[0] if rule.name.startswith("bare queue, at most") else rule.name
    return words.get(known, rule.name).format(places=rule.places)
